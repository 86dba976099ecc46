"""Events that routing publishes on `dossier.events.v1`, and its thin copy for agencies."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from contracts.events.base import NAMESPACE, DossierEvent, Trail
from contracts.types import (
    Count,
    DueCause,
    Mechanism,
    Moment,
    Money,
    Outcome,
    ProcedureCode,
    ReasonCode,
    ShortText,
    StopKind,
    Timeliness,
    UnitCode,
)


class DossierTransferred(DossierEvent):
    """Handed to an agency for a step (chuyển hồ sơ, NĐ 61/2018 Art 18; portal status 4)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.transferred.v1"

    step: Count
    """Number of the step in the workflow, from 1."""
    steps: Count
    """How many steps the workflow has."""
    transfer: Count | None = None
    """Number of the transfer within the dossier, from 1."""
    accept_by: Moment | None = None
    """The agency accepts or declines until then (working time); silence is told to the agency above."""
    agency: UnitCode
    step_due_at: Moment
    """The agency's own share of the limit ends then."""
    due_at: Moment
    """The citizen's promised return."""


class DossierTransferAccepted(DossierEvent):
    """The agency took the step (nhận hồ sơ)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.transfer-accepted.v1"

    step: Count
    agency: UnitCode


class DossierTransferDeclined(DossierEvent):
    """The agency gave the step back with a coded reason (trả lại, không thuộc thẩm quyền ...)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.transfer-declined.v1"

    step: Count
    agency: UnitCode
    reason: ReasonCode


class DossierSupplementRequested(DossierEvent):
    """One complete request for missing papers (yêu cầu bổ sung, form 02, portal status 5): the clock stops."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.supplement-requested.v1"

    step: Count
    agency: UnitCode
    reason: ReasonCode
    items: tuple[ShortText, ...] = Field(min_length=1, max_length=30)
    """Names of the papers wanted, as the published checklist names them; never personal data."""
    legal_basis: ShortText | None = None
    """Required from the second request of a dossier on (NĐ 61/2018 Art 11: once)."""


class DossierPaymentRequested(DossierEvent):
    """Financial duty (yêu cầu thực hiện nghĩa vụ tài chính, portal status 6): the clock stops."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.payment-requested.v1"

    agency: UnitCode
    amount_vnd: Money
    """Whole đồng."""
    step: Count | None = None
    legal_basis: ShortText | None = None
    """The text that leaves the time until payment out of the limit."""


class DossierHalted(DossierEvent):
    """Processing stopped by decision, or for a consultation whose time does not count (dừng xử lý, portal status 8)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.halted.v1"

    agency: UnitCode
    reason: ReasonCode
    step: Count | None = None
    kind: StopKind | None = None
    """`consultation` or `decision`."""
    legal_basis: ShortText | None = None
    """The text that leaves this time out of the limit."""


class DossierResumed(DossierEvent):
    """The stop is over: the clock goes on under a new promise (tiếp tục giải quyết, portal status 4)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.resumed.v1"

    agency: UnitCode
    step: Count
    kind: StopKind
    """What ended: `payment`, `consultation` or `decision`; `supplement` where another branch made it needless."""
    due_at: Moment
    """The promised return now; never earlier than before the stop."""
    first_due_at: Moment
    trail: Trail = ()


class DossierDueChanged(DossierEvent):
    """The promised return was counted anew for another reason than a supplement, a stop or an extension."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.due-changed.v1"

    agency: UnitCode
    cause: DueCause
    """`clock-started` or `calendar-changed`."""
    previous_due_at: Moment
    due_at: Moment
    first_due_at: Moment
    """The first promise, kept for ever."""
    trail: Trail = ()


class DossierStepCompleted(DossierEvent):
    """An agency finished its step (hoàn thành bước): its own time, early, on time or late (form 06)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.step-completed.v1"

    step: Count
    agency: UnitCode
    outcome: Outcome
    timeliness: Timeliness
    """Of the step against its own due time, by date in Viet Nam; computed once, here."""
    step_due_at: Moment
    waited_minutes: int = Field(ge=0)
    """Working minutes from the hand-over until it was accepted."""
    worked_minutes: int = Field(ge=0)
    """Working minutes from acceptance until it was done, stops left out."""


class DossierSentBack(DossierEvent):
    """A step went back to the one before it (trả lại bước trước), or was taken back by who completed it by mistake."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.sent-back.v1"

    step: Count
    """The step that gives back."""
    agency: UnitCode
    to_step: Count
    reason: ReasonCode
    """`completed-by-mistake`: the agency of `to_step` took it back itself."""


class DossierStepRecalled(DossierEvent):
    """A step is not needed any more (thu hồi): its join has what it needs, or the dossier ended."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.step-recalled.v1"

    step: Count
    agency: UnitCode


class DossierDueSoon(DossierEvent):
    """Sắp đến hạn: the promised return, or the due time of one step, is near (working time)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.due-soon.v1"

    agency: UnitCode
    due_at: Moment
    step: Count | None = None
    """Given: the step's own due time, `due_at` is its; absent: the dossier's."""


class DossierOverdue(DossierEvent):
    """Quá hạn: the promised return, or the due time of one step, has passed and it is not done."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.overdue.v1"

    agency: UnitCode
    due_at: Moment
    step: Count | None = None
    """As in `due-soon`."""


class DossierEscalated(DossierEvent):
    """Somebody above must look (báo cáo cấp trên, đôn đốc): silence, lateness or a long wait, by a rule."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.escalated.v1"

    rule: ReasonCode
    """Name of the rule."""
    agency: UnitCode
    """Whose silence or lateness it is."""
    to: UnitCode
    """Who is told."""
    step: Count | None = None


class DossierApologyPrepared(DossierEvent):
    """The apology with a new date lies ready for the agency's head to sign (phiếu xin lỗi và hẹn lại, NĐ 61/2018
    Art 19.9: a day before the date at the latest). The citizen hears of it when it is signed (`extended`)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.apology-prepared.v1"

    agency: UnitCode
    """The agency that is late, whose head signs."""
    step: Count
    """The late stage."""
    reason: ReasonCode
    due_at: Moment
    """The promise that cannot be kept."""
    proposed_due_at: Moment


class DossierExtended(DossierEvent):
    """Apology with reason and new date (xin lỗi và hẹn lại, form 04): at most once (NĐ 61/2018 Art 19.9)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.extended.v1"

    agency: UnitCode
    reason: ReasonCode
    due_at: Moment
    """The new promised return."""
    first_due_at: Moment
    """The first promise, kept for ever."""
    step: Count | None = None
    """The late stage."""


class DossierResolved(DossierEvent):
    """Processing ended, the result waits at the counter (đã xử lý xong, portal status 9)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.resolved.v1"

    agency: UnitCode
    """Agency of the last step."""
    mechanism: Mechanism
    procedure_code: ProcedureCode
    outcome: Outcome
    ground: ReasonCode | None = None
    """Coded legal ground of a denial (NĐ 61/2018 Art 19.8); absent in migrated registers that state none."""
    timeliness: Timeliness
    """Against the current promise, by date in Viet Nam."""
    due_at: Moment
    first_due_at: Moment
    first_timeliness: Timeliness | None = None
    """Against the first promise, so that no new date can hide lateness."""


class AgencyTransferOpened(DossierEvent):
    """What an agency's own software needs to fetch a new transfer: codes and dates only.

    Key is the agency code. The dossier itself is read over the API with the agency's key.
    """

    TYPE: ClassVar[str] = f"{NAMESPACE}.agency.transfer-opened.v1"

    agency: UnitCode
    transfer: Count | None = None
    """Number of the transfer within the dossier, from 1; the API lists transfers by it."""
    step: Count
    steps: Count
    procedure_code: ProcedureCode
    step_due_at: Moment
    due_at: Moment
