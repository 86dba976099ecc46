"""HTTP in: the own online form is handed in (nộp hồ sơ trực tuyến). Public; the draft's token is the right to do so."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from services.intake.domain.dossier import Dossier
from services.intake.handing_in import FormIn, HandIn
from services.intake.http_drafts import PATH, Token
from services.intake.queries.drafts import take_draft
from services.intake.queries.track import vietnam_time
from services.intake.store import DOSSIERS
from services.kit.clock import Now
from services.kit.mongo import Mongo


def form_routes(mongo: Mongo, now: Now, handing_in: HandIn) -> APIRouter:
    """Hand in a draft."""
    api = APIRouter(prefix=PATH)

    @api.post("/{id}/submit", status_code=201)
    async def hand_in(id: str, token: Token, response: Response) -> dict[str, Any]:
        """The draft becomes a filing that waits for a clerk; repeated, the answer is the same."""
        draft = await take_draft(mongo, id, token, now())
        if draft.filed_as is not None:
            response.headers["Idempotent-Replayed"] = "true"
            return await _answer(draft.filed_as)
        return await _answer(await handing_in.run(id, draft, _read(draft.content)))

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
