"""A draft of the own online form becomes a filing (nộp hồ sơ trực tuyến): the same for the API and for the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from contracts.problems import Invalid
from contracts.types import Channel, PaperState, UnitCode
from services.intake.applicants import ApplicantIn
from services.intake.bodies import ApplicationIn, require_notices, wants_notices
from services.intake.commands.application import fingerprint
from services.intake.commands.file_dossier import FileDossier
from services.intake.domain.draft import Draft
from services.kit.clock import Now
from services.kit.commit import Committer
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


@dataclass(frozen=True)
class HandIn:
    """Hands drafts in.

    `counters`: those that take filings by this door.
    """

    committer: Committer
    now: Now
    sealer: Sealer | None
    counters: frozenset[str]

    async def run(self, id: str, draft: Draft, form: FormIn) -> str:
        """The code of the filing, which waits for a clerk. `form` is what `draft` holds.

        Raises: Invalid `counter-not-online`, `notices-not-configured`; as `FileDossier`.
        """
        if form.counter not in self.counters:
            raise Invalid("counter-not-online", "Bộ phận Một cửa này không nhận hồ sơ bằng biểu mẫu trực tuyến.")
        require_notices(self.sealer, wanted=wants_notices(form.applicant, form))
        answer = await self.committer.run(
            FileDossier(
                request_id=f"draft|{id}",
                fingerprint=fingerprint(draft.content),
                application=form.application(form.counter, Channel.ONLINE, form.applicant, None, self.sealer),
                filed_at=self.now(),
                draft=(id, draft),
            )
        )
        return answer.code
