"""The case: a dossier's way through the agencies, and the one table of what may be done with a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from contracts.types import Mechanism, Outcome, StopKind, Timeliness
from services.routing.domain.clock import Limit, Promise, Stop, Tick
from services.routing.domain.workflow import Turn


class CaseState(StrEnum):
    """Where the case as a whole is."""

    OPEN = "open"
    SUPPLEMENT = "supplement"
    """Waiting for the citizen's papers; begins anew from zero."""
    PAYMENT = "payment"
    """Waiting for a financial duty; goes on after it."""
    HALTED = "halted"
    """Stopped for a consultation or by decision; goes on after it."""
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


STOPPED: Mapping[StopKind, CaseState] = {
    StopKind.SUPPLEMENT: CaseState.SUPPLEMENT,
    StopKind.PAYMENT: CaseState.PAYMENT,
    StopKind.CONSULTATION: CaseState.HALTED,
    StopKind.DECISION: CaseState.HALTED,
}
ENDED = frozenset({CaseState.RESOLVED, CaseState.WITHDRAWN})
PORTAL_STATUS: Mapping[CaseState, int] = {
    CaseState.OPEN: 4,
    CaseState.SUPPLEMENT: 5,
    CaseState.PAYMENT: 6,
    CaseState.HALTED: 8,
    CaseState.RESOLVED: 9,
    CaseState.WITHDRAWN: 7,
}
"""trangThaiHoSo (TT 22/2019/TT-BTTTT, Phụ lục I); 1-3 and 10 are the desk's."""


class StepState(StrEnum):
    """Where one agency's turn is."""

    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    UNPLACED = "unplaced"
    """Declined, and no agency above to take it: an operator must place it."""
    DONE = "done"
    RECALLED = "recalled"
    """Not needed any more: its join has what it needs, or the dossier ended."""
    CUT_OFF = "cut-off"
    """Can never begin: too many of the steps before it were denied."""


ACTIVE = frozenset({StepState.OFFERED, StepState.ACCEPTED})
TO_COME = ACTIVE | {StepState.WAITING, StepState.UNPLACED}


class Action(StrEnum):
    """What can be done with a step."""

    ACCEPT = "accept"
    DECLINE = "decline"
    COMPLETE = "complete"
    REQUEST_SUPPLEMENT = "request-supplement"
    REQUEST_PAYMENT = "request-payment"
    HALT = "halt"
    RESUME = "resume"
    EXTEND = "extend"
    SEND_BACK = "send-back"
    REOPEN = "reopen"
    ASSIGN = "assign"


ALLOWED: Mapping[StepState, frozenset[Action]] = {
    StepState.OFFERED: frozenset({Action.ACCEPT, Action.DECLINE, Action.EXTEND, Action.ASSIGN}),
    StepState.ACCEPTED: frozenset(
        {
            Action.COMPLETE,
            Action.REQUEST_SUPPLEMENT,
            Action.REQUEST_PAYMENT,
            Action.HALT,
            Action.EXTEND,
            Action.SEND_BACK,
            Action.ASSIGN,
        }
    ),
    StepState.DONE: frozenset({Action.REOPEN}),
}
"""The transition table of a running case: a step state that is not named allows nothing."""
BESIDE_A_STOP = frozenset({Action.ACCEPT, Action.DECLINE, Action.COMPLETE, Action.ASSIGN})
"""What other branches may go on with while one of them waits; not after a decision to stop."""


SIGNED_BY_HEAD: Mapping[Action | Outcome | StopKind, str] = {
    Action.EXTEND: "Xin lỗi và hẹn lại do thủ trưởng cơ quan ký.",
    Outcome.TERMINATED: "Quyết định đình chỉ giải quyết do thủ trưởng cơ quan ký.",
    StopKind.DECISION: "Quyết định tạm dừng do thủ trưởng cơ quan ký.",
}
"""What the head of the agency signs (forms 04 and 05), in words."""


class TransferState(StrEnum):
    """How far one hand-over came."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DONE = "done"
    DECLINED = "declined"
    SENT_BACK = "sent-back"
    RECALLED = "recalled"


@dataclass(frozen=True)
class Transfer:
    """One hand-over of a step to an agency (chuyển hồ sơ, form 06: who, when, what came of it)."""

    number: int
    """From 1 within the case; a step that is handed over again has a new one."""
    step: int
    agency: str
    offered_at: datetime
    state: TransferState = TransferState.OFFERED
    accept_by: datetime | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    officer: str | None = None
    """Account of the officer in charge, as the agency names it; never a person's name."""
    changed_at: datetime | None = None


@dataclass(frozen=True)
class Step:
    """One agency's turn in a case."""

    agency: str
    due_at: datetime
    share: float = 1.0
    after: tuple[int, ...] = ()
    needs: int = 0
    """Of `after`; 0: all of them."""
    name: str = ""
    role: str = ""
    accept_hours: float | None = None
    state: StepState = StepState.WAITING
    transfer: int = 0
    """Number of its latest hand-over; 0: none yet."""
    declined_by: tuple[str, ...] = ()
    outcome: Outcome | None = None
    ground: str | None = None
    timeliness: Timeliness | None = None

    @property
    def required(self) -> int:
        return self.needs or len(self.after)


@dataclass(frozen=True)
class Apology:
    """Prepared for the head of the late agency to sign (phiếu xin lỗi và hẹn lại, NĐ 61/2018 Art 19.9)."""

    prepared_at: datetime
    agency: str
    step: int
    """The late stage."""
    reason: str
    proposed_due_at: datetime


class TimerKind(StrEnum):
    """What the time brings."""

    ACCEPT_BY = "accept-by"
    STEP_DUE_SOON = "step-due-soon"
    STEP_OVERDUE = "step-overdue"
    APOLOGY = "apology"
    DUE_SOON = "due-soon"
    OVERDUE = "overdue"
    RULE = "rule"
    REMINDER = "reminder"


@dataclass(frozen=True)
class Timer:
    """Something that will have to happen at `at`, once."""

    at: datetime
    kind: TimerKind
    key: str
    """What it is about: it fires once for each key."""
    step: int | None = None
    rule: str | None = None


@dataclass(frozen=True)
class AuditEntry:
    """A change that an officer or operator made by hand."""

    at: datetime
    what: str
    by: str
    """Key or account, never a person's name."""
    step: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class Case:
    """Everything routing knows of one dossier; nothing personal."""

    code: str
    procedure_code: str
    procedure_version: int
    mechanism: Mechanism
    channel: str
    counter: str
    unit: str
    """Whose dossier it is: the competent agency's unit, else the counter's."""
    counted_on: str
    """Whose calendar counts: the competent agency's own, else that of the counter's unit; as the desk counted."""
    field: str
    """Lĩnh vực."""
    received_at: datetime
    due_at: datetime
    first_due_at: datetime
    steps: tuple[Step, ...]
    workflow_revision: int = 0
    transfers: tuple[Transfer, ...] = ()
    state: CaseState = CaseState.OPEN
    limit: Limit | None = None
    """None: only a due date is known (old registers)."""
    provisional: bool = False
    """Handed in elsewhere: the clock starts when the competent agency receives it (NĐ 309/2026 Art 17.3)."""
    clock: tuple[Tick, ...] = ()
    promises: tuple[Promise, ...] = ()
    """Every due date there was, with its reasons; the first is the printed one."""
    stop: Stop | None = None
    supplements: int = 0
    extended: bool = False
    late_notice: bool = False
    """The new date was announced less than a day before the old one (NĐ 61/2018 Art 19.9)."""
    apology: Apology | None = None
    timers: tuple[Timer, ...] = ()
    fired: tuple[str, ...] = ()
    audit: tuple[AuditEntry, ...] = ()
    outcome: Outcome | None = None
    timeliness: Timeliness | None = None
    first_timeliness: Timeliness | None = None
    resolved_at: datetime | None = None
    withdrawn_at: datetime | None = None
    backfill: bool = False
    revision: int = 0
    """How often it changed; an action may say which one it has seen."""

    @property
    def active(self) -> tuple[int, ...]:
        """Numbers of the steps whose turn it is."""
        return tuple(number for number, step in enumerate(self.steps, 1) if step.state in ACTIVE)

    @property
    def unplaced(self) -> tuple[int, ...]:
        return tuple(number for number, step in enumerate(self.steps, 1) if step.state is StepState.UNPLACED)

    @property
    def portal_status(self) -> int:
        """trangThaiHoSo; a decision to end is no result."""
        return 8 if self.outcome is Outcome.TERMINATED else PORTAL_STATUS[self.state]

    @property
    def open(self) -> bool:
        return self.state not in ENDED

    @property
    def signer(self) -> str | None:
        """Whose head signs the prepared apology: the late stage's, or, once that is done, of who has it now."""
        if self.apology is None:
            return None
        number = self.apology.step if self.apology.step in self.active else next(iter(self.active), None)
        return self.apology.agency if number is None else self.step(number).agency

    def step(self, number: int) -> Step:
        return self.steps[number - 1]

    def transfer_of(self, number: int) -> Transfer | None:
        """The latest hand-over of a step."""
        step = self.step(number)
        return self.transfers[step.transfer - 1] if step.transfer else None

    def followers(self, number: int) -> tuple[int, ...]:
        return tuple(after for after, step in enumerate(self.steps, 1) if number in step.after)

    def done_before(self, number: int) -> list[int]:
        """The steps right before that are done: to them a step can be sent back."""
        return [before for before in self.step(number).after if self.step(before).state is StepState.DONE]

    def with_step(self, number: int, step: Step) -> Case:
        return replace(self, steps=(*self.steps[: number - 1], step, *self.steps[number:]))

    def with_transfer(self, transfer: Transfer) -> Case:
        number = transfer.number
        return replace(self, transfers=(*self.transfers[: number - 1], transfer, *self.transfers[number:]))

    def allowed(self, number: int, *, supervisor: bool = False) -> frozenset[Action]:
        """What the agency of a step may do now.

        Args:
            supervisor: may ask for papers a second time, with a legal basis.
        """
        actions = ALLOWED.get(self.step(number).state, frozenset()) if self.open else frozenset()
        if self.stop is not None:
            beside = self.stop.kind is not StopKind.DECISION and self.stop.step != number
            actions &= BESIDE_A_STOP if beside else frozenset()
            if self.stop.step == number and self.stop.kind is not StopKind.SUPPLEMENT:
                actions |= {Action.RESUME}
        if self.extended:
            actions -= {Action.EXTEND}
        if self.supplements and not supervisor:
            actions -= {Action.REQUEST_SUPPLEMENT}
        if not self.done_before(number):
            actions -= {Action.SEND_BACK}
        if not self._may_reopen(number):
            actions -= {Action.REOPEN}
        return actions

    def _may_reopen(self, number: int) -> bool:
        """As long as nobody after it has begun."""
        untouched = {StepState.WAITING, StepState.OFFERED, StepState.UNPLACED, StepState.CUT_OFF}
        return all(self.step(after).state in untouched for after in self.followers(number))


def plan(turns: Sequence[Turn], dues: Sequence[datetime]) -> tuple[Step, ...]:
    """Steps of a new case: each turn with its own due time."""
    return tuple(
        Step(turn.agency, due, turn.share, turn.after, turn.needs, turn.name, turn.role, turn.accept_hours)
        for turn, due in zip(turns, dues, strict=True)
    )


@dataclass(frozen=True)
class Wanted:
    """What a request for papers says."""

    reason: str
    items: tuple[str, ...]
    legal_basis: str | None = None
