"""HTTP in: the own online form is handed in (nộp hồ sơ trực tuyến). Public; the draft's token is the right to do so."""

from __future__ import annotations

from typing import Any, Self

from fastapi import APIRouter, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError, model_validator
from pydantic_core import PydanticCustomError

from contracts.problems import Invalid
from contracts.types import Channel, PaperState, UnitCode
from services.intake.applicants import ApplicantIn
from services.intake.bodies import ApplicationIn, wants_notices
from services.intake.commands.application import fingerprint
from services.intake.commands.file_dossier import FileDossier
from services.intake.domain.dossier import Dossier
from services.intake.http_drafts import PATH, Token
from services.intake.queries.drafts import take_draft
from services.intake.queries.track import vietnam_time
from services.intake.store import DOSSIERS
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.mongo import Mongo
from services.kit.sealing import Sealer

DESK_ONLY = ("clerk", "fee_paid_vnd", "competent_agency", "external_ref")
STATED_BY_CITIZENS = frozenset({PaperState.DIGITAL, PaperState.NOT_APPLICABLE, PaperState.MISSING})
"""What lies on a desk, and what databases replace, only a clerk can say."""


class FormIn(ApplicationIn):
    """What the draft's content must be when it is handed in."""

    counter: UnitCode
    applicant: ApplicantIn

    @model_validator(mode="after")
    def _states_nothing_of_the_desk(self) -> Self:
        if any(getattr(self, name) is not None for name in DESK_ONLY):
            raise PydanticCustomError("field-of-the-desk", "Biểu mẫu có mục chỉ cán bộ tiếp nhận được ghi.")
        if any(line.state not in STATED_BY_CITIZENS for line in self.checklist):
            raise PydanticCustomError("paper-state-of-the-desk", "Nộp trực tuyến thì giấy tờ là bản điện tử.")
        return self


def form_routes(
    mongo: Mongo, committer: Committer, now: Now, sealer: Sealer | None, counters: frozenset[str]
) -> APIRouter:
    """Hand in a draft.

    Args:
        counters: those that take filings by this door.
    """
    api = APIRouter(prefix=PATH)

    @api.post("/{id}/submit", status_code=201)
    async def hand_in(id: str, token: Token, response: Response) -> dict[str, Any]:
        """The draft becomes a filing that waits for a clerk; repeated, the answer is the same."""
        draft = await take_draft(mongo, id, token, now())
        if draft.filed_as is not None:
            response.headers["Idempotent-Replayed"] = "true"
            return await _answer(draft.filed_as)
        form = _read(draft.content)
        if form.counter not in counters:
            raise Invalid("counter-not-online", "Bộ phận Một cửa này không nhận hồ sơ bằng biểu mẫu trực tuyến.")
        if sealer is None and wants_notices(form.applicant, form):
            raise Invalid("notices-not-configured", "Máy chủ chưa có khóa công khai của dịch vụ thông báo.")
        answer = await committer.run(
            FileDossier(
                request_id=f"draft|{id}",
                fingerprint=fingerprint(draft.content),
                application=form.application(form.counter, Channel.ONLINE, form.applicant, None, sealer),
                filed_at=now(),
                draft=(id, draft),
            )
        )
        return await _answer(answer.code)

    async def _answer(code: str) -> dict[str, Any]:
        dossier = await DOSSIERS.read(mongo, code)
        assert dossier is not None
        return _receipt(dossier)

    return api


def _read(content: bytes) -> FormIn:
    try:
        return FormIn.model_validate_json(content)
    except ValidationError as error:
        errors = [{**item, "loc": ("body", *item["loc"])} for item in error.errors(include_input=False)]
        raise RequestValidationError(errors) from None


def _receipt(dossier: Dossier) -> dict[str, Any]:
    """What the system acknowledges at once (NQ 66.7/2025/NQ-CP Art 8.1): code, time, and until when it is answered."""
    answer_by = dossier.answer_due_at
    return {
        "code": dossier.code,
        "filed_at": dossier.filed_at,
        "answer_due_at": answer_by,
        "answer_due_text": vietnam_time(answer_by) if answer_by else None,
        "track_path": f"/v1/track/{dossier.code}",
    }
