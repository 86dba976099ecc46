"""Commands of counters' own software on `counter.intake.v1` (key: counter code).

Every command is answered on `counter.replies.v1`. Personal data never travels in clear: people are sealed with
intake's public key (`GET /v1/keys/intake`).
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.events.base import NAMESPACE, Message
from contracts.types import (
    Channel,
    DossierCode,
    HandOverMethod,
    HandOverProof,
    IdentityCheck,
    Moment,
    Money,
    Outcome,
    PaperState,
    ProcedureCode,
    ReasonCode,
    ReceivedBy,
    Reference,
    Sealed,
    ShortText,
    UnitCode,
)

PaperNumber = Annotated[int, Field(ge=1, le=200)]
Sets = Annotated[int, Field(ge=1, le=99)]
OneTimeCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Points = Annotated[int, Field(ge=0, le=2)]


class ChecklistLine(BaseModel):
    """One required paper as it was handed in (thành phần hồ sơ)."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    paper: PaperNumber
    """Its number in the published list of the procedure, from 1."""
    state: PaperState
    reason: ReasonCode | None = None
    """Why it is replaced, not applicable or missing."""


class WantedPaper(BaseModel):
    """One paper that is asked for, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    paper: PaperNumber | None = None
    """Its number in the published list; absent only where the procedure publishes no list."""
    name: ShortText | None = None
    """Its name, where there is no number; never personal data."""
    reason: ReasonCode

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if self.paper is None and self.name is None:
            raise ValueError("paper or name must be given")
        return self


class CounterCommand(Message):
    """What a counter's own software asks for."""

    counter: UnitCode
    occurred_at: Moment | None = None
    """When it happened at the desk; without it, when the command was sent."""


class RegisterDossier(CounterCommand):
    """Register a complete dossier at the counter (tiếp nhận hồ sơ)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.counter.register-dossier.v1"

    external_ref: Reference
    """Unique per counter: the same reference again gives the same dossier, never a second one."""
    procedure_code: ProcedureCode
    channel: Channel = Channel.COUNTER
    applicant: Sealed
    """JSON of the owner (see `applicant` of `POST /v1/dossiers`), sealed for intake."""
    others: Sealed | None = None
    """JSON of submitter, mandated person, mandate and postal address (see `POST /v1/dossiers`), sealed for intake."""
    handed_in_at: UnitCode | None = None
    competent_agency: UnitCode | None = None
    checklist: tuple[ChecklistLine, ...] = Field(default=(), max_length=200)
    sets: Sets = 1
    return_by: HandOverMethod = HandOverMethod.COUNTER
    fee_paid_vnd: Money | None = None
    duplicate_confirmed: bool = Field(default=False)
    """The clerk has seen that the person has an open dossier of the procedure, and wants another."""
    on_the_spot: bool = Field(default=False)
    """Solved and handed over at once (NĐ 61/2018 Art 17.4)."""
    backfill: bool = Field(default=False)
    code: DossierCode | None = None
    """Its code in the old register; only with `backfill`."""
    resolved_at: Moment | None = None
    """When the old register says it was resolved; only with `backfill`."""
    outcome: Outcome | None = None
    case: ShortText | None = None
    """The published case (trường hợp) it falls under, where the procedure has several."""
    returned_at: Moment | None = None
    """When the old register says the result was handed over, by the way of `return_by`; only with `backfill`."""


class FileDossier(CounterCommand):
    """A filing that a clerk must still look at: from the national portal, by post, or left at the desk.

    With the portal's own code the portal's later states come the same way: status 1 again after a request for papers
    means resubmitted, 7 means that the citizen took it back.
    """

    TYPE: ClassVar[str] = f"{NAMESPACE}.counter.file-dossier.v1"

    code: DossierCode | None = None
    """The portal's dossier code, which the dossier keeps for life; without it we number it ourselves."""
    external_ref: Reference | None = None
    """Required where there is no code."""
    portal_status: int = Field(default=1, ge=1, le=10)
    """trangThaiHoSo (TT 22/2019/TT-BTTTT, Phụ lục I)."""
    procedure_code: ProcedureCode
    channel: Channel = Channel.ONLINE
    applicant: Sealed
    others: Sealed | None = None
    checklist: tuple[ChecklistLine, ...] = Field(default=(), max_length=200)
    return_by: HandOverMethod = HandOverMethod.COUNTER
    case: ShortText | None = None
    """The published case (trường hợp) it falls under, where the procedure has several."""

    @model_validator(mode="after")
    def _can_be_known_again(self) -> Self:
        if self.code is None and self.external_ref is None:
            raise ValueError("code or external_ref must be given")
        return self


class AcceptFiling(CounterCommand):
    """The filing is complete and correct: received, the time limit runs (tiếp nhận hồ sơ trực tuyến)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.counter.accept-filing.v1"

    code: DossierCode
    checklist: tuple[ChecklistLine, ...] = Field(default=(), max_length=200)
    """As the clerk found it; empty: as it was filed."""
    fee_paid_vnd: Money | None = None
    case: ShortText | None = None
    """The case (trường hợp) that the clerk found it to be; absent: as it was filed."""


class RequestCompletion(CounterCommand):
    """Ask once and completely for what a filing lacks (yêu cầu bổ sung, hoàn thiện hồ sơ, form 02)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.counter.request-completion.v1"

    code: DossierCode
    items: tuple[WantedPaper, ...] = Field(min_length=1, max_length=30)
    legal_basis: ShortText | None = None
    """A second request needs it, and a supervisor."""


class RefuseDossier(CounterCommand):
    """Do not accept a filing (từ chối tiếp nhận, form 03)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.counter.refuse-dossier.v1"

    code: DossierCode
    grounds: tuple[ReasonCode, ...] = Field(min_length=1, max_length=10)
    """Coded legal grounds (see `docs/grounds.md`)."""


class SupplementDossier(CounterCommand):
    """The citizen brought the missing papers (bổ sung hồ sơ)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.counter.supplement-dossier.v1"

    code: DossierCode
    checklist: tuple[ChecklistLine, ...] = Field(default=(), max_length=200)
    """The papers brought now; others stay as they were."""


class WithdrawDossier(CounterCommand):
    """The citizen takes the dossier back (rút hồ sơ; TT 03/2025 Art 7)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.counter.withdraw-dossier.v1"

    code: DossierCode
    reason: ReasonCode | None = None


class HandOverResult(CounterCommand):
    """The result was handed over at the counter (trả kết quả)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.counter.hand-over-result.v1"

    code: DossierCode
    method: HandOverMethod = HandOverMethod.COUNTER
    received_by: ReceivedBy = ReceivedBy.OWNER
    proof: HandOverProof = HandOverProof.SIGNATURE
    identity_check: IdentityCheck | None = None
    one_time_code: OneTimeCode | None = None
    """The code that the citizen read out; required where it is the proof."""
    receiver: Sealed | None = None
    """JSON `{"full_name": …, "id_number": …}` of a receiver who is not in the dossier, sealed for intake."""


class RateDossier(CounterCommand):
    """The citizen's answer at the counter's tablet (đánh giá; TT 01/2018 Arts 13-14, indicators 1, 3, 4, 7)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.counter.rate-dossier.v1"

    code: DossierCode
    overall: int = Field(ge=1, le=5)
    time_score: Points | None = None
    contacts_score: Points | None = None
    agencies_score: Points | None = None
    attitude_score: Points | None = None
    comment: Sealed | None = None
    """JSON `{"text": …}`, sealed for intake: people write names into comments."""


class CommandAnswer(Message):
    """What became of a command; on `counter.replies.v1`, key: counter code."""

    counter: UnitCode
    command_id: Reference
    """`ce_id` of the command."""
    command: Reference
    """`ce_type` of the command."""
    external_ref: Reference | None = None
    code: DossierCode | None = None


class CommandAccepted(CommandAnswer):
    """Done and stored. The same reference or command again is answered again, and has no second effect."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.counter.command-accepted.v1"

    repeated: bool = Field(default=False)
    """The dossier was registered before under the same reference."""


class CommandRejected(CommandAnswer):
    """Not possible; nothing was stored. The slug is one of `docs/errors.md`."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.counter.command-rejected.v1"

    slug: ReasonCode
    message: ShortText
    """A Vietnamese sentence for the clerk; no personal data."""


COMMANDS: tuple[type[CounterCommand], ...] = (
    RegisterDossier,
    FileDossier,
    AcceptFiling,
    RequestCompletion,
    RefuseDossier,
    SupplementDossier,
    WithdrawDossier,
    HandOverResult,
    RateDossier,
)
ANSWERS: tuple[type[CommandAnswer], ...] = (CommandAccepted, CommandRejected)
