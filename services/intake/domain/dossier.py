"""The dossier (hồ sơ) as the counter and the citizen see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.problems import Conflict
from contracts.types import (
    Channel,
    HandOverMethod,
    HandOverProof,
    IdentityCheck,
    LimitUnit,
    Mechanism,
    Outcome,
    ReceivedBy,
    Timeliness,
)
from services.intake.domain.checklist import Change, Line
from services.intake.domain.people import Applicant, Mandate, Receiver
from services.intake.domain.status import ALLOWED, REFUSALS, Action, Status

DESK = "desk"
"""Who asked for papers, when it was not an agency."""
_NOT_FOR_CITIZENS = frozenset({"escalated", "apology-prepared", "step-recalled"})
_NOT_OF_A_STEP = frozenset({"due-soon", "overdue"})
PROMISES = frozenset({"submitted", "supplemented", "resumed", "due-changed", "extended"})
"""Kinds of timeline entries whose date is when the result is due (of others: when the desk answers)."""


@dataclass(frozen=True)
class TimelineEntry:
    """One line of the dossier's story, as codes; words are made where it is shown."""

    at: datetime
    kind: str
    """The event's short name: `submitted`, `transferred`, ..."""
    agency: str | None = None
    reason: str | None = None
    items: tuple[str, ...] = ()
    due_at: datetime | None = None
    step: int | None = None
    step_due_at: datetime | None = None
    to_step: int | None = None
    """Which step has it again, where this one gave it back."""
    timeliness: Timeliness | None = None
    """Of a step that was completed, against its own due time."""

    @property
    def internal(self) -> bool:
        """For the desk only: what agencies settle among themselves, and an apology that nobody has signed."""
        return self.kind in _NOT_FOR_CITIZENS or (self.kind in _NOT_OF_A_STEP and self.step is not None)


@dataclass(frozen=True)
class Wanted:
    """One paper that was asked for."""

    name: str
    reason: str
    paper: int | None = None
    """Its number on the published list."""


@dataclass(frozen=True)
class SupplementRequest:
    """A request for papers (yêu cầu bổ sung, form 02), of the desk or of an agency, and what came of it."""

    at: datetime
    by: str
    """`DESK` or the agency's code."""
    items: tuple[Wanted, ...]
    legal_basis: str | None = None
    """Recorded for every request after the first (NĐ 61/2018 Art 11)."""
    answered_at: datetime | None = None
    changes: tuple[Change, ...] = ()
    """What the citizen changed, for those who look again."""


@dataclass(frozen=True)
class Payment:
    """A financial duty (nghĩa vụ tài chính) that an agency asked for, and what came of it."""

    asked_at: datetime
    by: str
    """The agency's code."""
    amount_vnd: int
    legal_basis: str | None = None
    """The text that leaves the time until payment out of the limit."""
    paid_at: datetime | None = None
    reference: str | None = None
    """Số biên lai, mã giao dịch."""


@dataclass(frozen=True)
class HandOver:
    """How the result reached the citizen (trả kết quả)."""

    at: datetime
    method: HandOverMethod
    received_by: ReceivedBy
    proof: HandOverProof
    identity_check: IdentityCheck | None = None
    receiver: Receiver | None = None

    @classmethod
    def of_old(cls, at: datetime, method: HandOverMethod) -> HandOver:
        """As an old register tells it: nobody writes more than the day and the way."""
        if method is HandOverMethod.POST:
            return cls(at, method, ReceivedBy.POSTAL_SERVICE, HandOverProof.POSTAL_RECEIPT)
        return cls(at, method, ReceivedBy.OWNER, HandOverProof.SIGNATURE)


@dataclass(frozen=True)
class Dossier:
    """Everything intake knows of one dossier."""

    code: str
    counter: str
    """Desk that received it (nơi tiếp nhận)."""
    procedure_code: str
    procedure_version: int
    procedure_name: str
    field: str
    mechanism: Mechanism
    channel: Channel
    applicant: Applicant
    """Owner (chủ hồ sơ)."""
    status: Status
    received_at: datetime
    """When it was complete and correct; of a filing that waits: when it was filed."""
    due_at: datetime | None
    """The current promise; None until it is accepted."""
    first_due_at: datetime | None
    """The first promise, printed on the receipt; never changed."""
    due_explained: str
    """How the current due date came about, a Vietnamese sentence."""
    first_due_explained: str
    """The same of the first promise, for the receipt."""
    limit_value: float | None
    limit_unit: LimitUnit | None
    case: str | None = None
    """The published case (trường hợp) it falls under; its limit may differ."""
    fee_vnd: int | None = None
    fee_paid_vnd: int | None = None
    sets: int = 1
    """Số lượng hồ sơ (bộ)."""
    external_ref: str | None = None
    backfill: bool = False
    handed_in_at: str | None = None
    """Where it was handed in, when that is another desk (nơi nộp, phi địa giới)."""
    competent_agency: str | None = None
    """Agency that is competent, when it is not one of the counter's own."""
    submitter: Applicant | None = None
    mandated: Applicant | None = None
    mandate: Mandate | None = None
    checklist: tuple[Line, ...] = ()
    return_by: HandOverMethod = HandOverMethod.COUNTER
    return_address: str | None = None
    clerk: str | None = None
    """Người tiếp nhận, as printed on the receipt."""
    contact: str | None = None
    """Phone and channel as sealed for notify, kept until a filing is accepted."""
    can_be_told: bool = False
    """Whether notify has a contact: without one a code would never arrive."""
    filed_at: datetime | None = None
    """Of a filing that a clerk had to look at first."""
    answer_due_at: datetime | None = None
    """The desk must answer the filing by then."""
    answer_overdue: bool = False
    """It was not answered in time (quá hạn tiếp nhận); stays."""
    overdue_told: bool = False
    """Of the answer that is awaited now: that it is late has been told."""
    on_the_spot: bool = False
    """Solved at the desk at once (NĐ 61/2018 Art 17.4)."""
    requests: tuple[SupplementRequest, ...] = ()
    payments: tuple[Payment, ...] = ()
    grounds: tuple[str, ...] = ()
    """Coded legal grounds of a refusal."""
    withdrawal_reason: str | None = None
    agency: str | None = None
    """Where it is being processed now."""
    outcome: Outcome | None = None
    timeliness: Timeliness | None = None
    resolved_at: datetime | None = None
    returned_at: datetime | None = None
    ended_at: datetime | None = None
    """Refused, withdrawn or terminated."""
    hand_over: HandOver | None = None
    """Said beforehand for what was solved on the spot; it counts once the dossier is resolved."""
    timeline: tuple[TimelineEntry, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the time limit has begun."""
        return self.due_at is not None

    @property
    def allowed(self) -> tuple[Action, ...]:
        """What the desk may do now."""
        return tuple(action for action in Action if self.may(action))

    def may(self, action: Action) -> bool:
        if self.status not in ALLOWED[action]:
            return False
        if action is Action.WITHDRAW and self.hand_over is not None:
            return False  # solved on the spot: the result is in the citizen's hands, only routing's word is on its way
        return not (action is Action.REFUSE and self.accepted)

    def require(self, action: Action) -> None:
        """Raises: Conflict with the action's slug; `allowed` says what is possible."""
        if not self.may(action):
            slug, words = REFUSALS[action]
            allowed = [action.value for action in self.allowed]
            raise Conflict(slug, words, state=self.status.value, allowed=allowed)

    def noted(self, entry: TimelineEntry, **changes: object) -> Dossier:
        """With one more line in its story, and the changes that go with it."""
        fields: Mapping[str, object] = {"timeline": (*self.timeline, entry), **changes}
        return replace(self, **fields)  # type: ignore[arg-type]
