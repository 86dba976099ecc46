"""Events that intake publishes on `dossier.events.v1`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from contracts.events.base import NAMESPACE, DossierEvent, Trail
from contracts.types import (
    Channel,
    CodePurpose,
    Count,
    HandOverMethod,
    HandOverProof,
    IdentityCheck,
    LimitUnit,
    Mechanism,
    Moment,
    Money,
    Outcome,
    ProcedureCode,
    ReasonCode,
    ReceivedBy,
    Reference,
    Sealed,
    ShortText,
    UnitCode,
)


class DossierRegistered(DossierEvent):
    """Filed online, by post or left at the desk, waiting for a clerk (mới đăng ký, portal status 1)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.registered.v1"

    procedure_code: ProcedureCode
    procedure_version: Count
    channel: Channel
    counter: UnitCode
    answer_due_at: Moment
    """The clerk must answer by then: online 8 working hours, otherwise 1 working day (NQ 66.7/2025/NQ-CP Art 8)."""
    procedure_name: ShortText | None = None
    contact: Sealed | None = None
    """Phone and preferred channel, sealed for notify; absent when the citizen wants no notices."""
    external_ref: Reference | None = None


class DossierCompletionRequested(DossierEvent):
    """The desk asks, once and completely, for what a filing lacks (yêu cầu bổ sung, hoàn thiện hồ sơ, form 02).

    Before acceptance: the time limit has not begun. Requests of agencies are `supplement-requested`.
    """

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.completion-requested.v1"

    counter: UnitCode
    reason: ReasonCode
    items: tuple[ShortText, ...] = Field(min_length=1, max_length=30)
    """Names of the papers wanted, as the published checklist names them; never personal data."""
    legal_basis: ShortText | None = None
    """Required from the second request on (NĐ 61/2018 Art 11: once)."""


class DossierResubmitted(DossierEvent):
    """The citizen completed a filing; the desk must answer anew."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.resubmitted.v1"

    counter: UnitCode
    answer_due_at: Moment


class DossierAnswerOverdue(DossierEvent):
    """The desk has not answered a filing in time (quá hạn tiếp nhận)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.answer-overdue.v1"

    counter: UnitCode
    answer_due_at: Moment


class DossierSubmitted(DossierEvent):
    """Complete and received (được tiếp nhận, portal status 2): the time limit runs from here."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.submitted.v1"

    procedure_code: ProcedureCode
    procedure_version: Count
    """Version of the catalogue under which the dossier was filed; it keeps it for life."""
    procedure_name: ShortText
    mechanism: Mechanism
    channel: Channel
    counter: UnitCode
    """Desk that received it (nơi tiếp nhận)."""
    received_at: Moment
    """When it was complete and correct (NĐ 309/2026 Art 17.3)."""
    due_at: Moment
    """Promised return (thời gian hẹn trả kết quả), printed on the receipt."""
    contact: Sealed | None = None
    """Phone and preferred channel, sealed for notify; absent when the citizen wants no notices."""
    external_ref: Reference | None = None
    """The counter software's own reference, so that it can match the code to its record."""
    handed_in_at: UnitCode | None = None
    """Where the citizen handed it in, when that is another desk (nơi nộp, phi địa giới)."""
    competent_agency: UnitCode | None = None
    """Agency that is competent, when it is not one of the counter's own (phi địa giới, NĐ 309/2026 Art 14.4)."""
    resolved_at: Moment | None = None
    """Already resolved: on the spot at the desk (NĐ 61/2018 Art 17.4), or long ago in a migrated register."""
    outcome: Outcome | None = None
    """Given together with `resolved_at`."""
    limit_value: float | None = Field(default=None, gt=0, le=10_000, allow_inf_nan=False)
    """The limit that was promised, of this channel and case; absent in registers that state a due date only."""
    limit_unit: LimitUnit | None = None
    case: ShortText | None = None
    """The published case (trường hợp) it falls under, where the procedure has several."""
    due_trail: Trail = ()
    """How `due_at` came about."""


class DossierRefused(DossierEvent):
    """Not accepted, with coded reasons (từ chối tiếp nhận, refusal slip form 03, portal status 3)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.refused.v1"

    counter: UnitCode
    reasons: tuple[ReasonCode, ...] = Field(min_length=1)
    """Coded legal grounds (see `docs/grounds.md`)."""


class DossierSupplemented(DossierEvent):
    """The missing papers arrived; the dossier is complete: the limit starts anew from zero
    (thời hạn giải quyết được tính lại từ đầu, NĐ 61/2018 Art 19.4)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.supplemented.v1"

    counter: UnitCode
    due_at: Moment
    """New promised return: the full limit from `occurred_at`."""
    due_trail: Trail = ()
    """How `due_at` came about."""


class DossierPaid(DossierEvent):
    """Financial duty done (đã thực hiện nghĩa vụ tài chính): the clock resumes."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.paid.v1"

    amount_vnd: Money
    """Whole đồng."""
    reference: Reference


class DossierWithdrawn(DossierEvent):
    """The citizen took it back (công dân yêu cầu rút hồ sơ, portal status 7; TT 03/2025 Art 7)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.withdrawn.v1"

    counter: UnitCode
    reason: ReasonCode | None = None


class DossierReturned(DossierEvent):
    """Result handed to the citizen (đã trả kết quả, portal status 10)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.returned.v1"

    counter: UnitCode
    method: HandOverMethod
    received_by: ReceivedBy
    proof: HandOverProof
    identity_check: IdentityCheck | None = None
    invitation: Sealed | None = None
    """Token of the one invitation to rate, sealed for notify, which puts it into the citizen's last message."""


class DossierCodeIssued(DossierEvent):
    """A one-time code goes to the citizen's phone (mã xác nhận một lần)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.code-issued.v1"

    purpose: CodePurpose
    secret: Sealed
    """JSON `{"code": "123456"}`, sealed for notify."""
    expires_at: Moment
    """A message later than that is of no use."""


class DossierRated(DossierEvent):
    """Satisfaction answer (đánh giá mức độ hài lòng; TT 01/2018 Art 13 indicators 1, 3, 4, 7)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.rated.v1"

    overall: int = Field(ge=1, le=5)
    time_score: int | None = Field(default=None, ge=0, le=2)
    contacts_score: int | None = Field(default=None, ge=0, le=2)
    agencies_score: int | None = Field(default=None, ge=0, le=2)
    attitude_score: int | None = Field(default=None, ge=0, le=2)
