"""The case: a dossier's way through the agencies. One transition table; every action answers with state and events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from contracts.events import routing
from contracts.events.base import DossierEvent
from contracts.problems import Conflict, Denied, Invalid
from contracts.types import Mechanism, Outcome, Timeliness
from services.routing.domain.workflow import Turn


class CaseState(StrEnum):
    """Where the case as a whole is."""

    OPEN = "open"
    SUPPLEMENT = "supplement"
    """Waiting for the citizen; the clock stands still."""
    UNPLACED = "unplaced"
    """Declined, and no agency above to take it: an operator must place it."""
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


class StepState(StrEnum):
    """Where one agency's turn is."""

    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DONE = "done"


class Action(StrEnum):
    """What an agency can do with the current step."""

    ACCEPT = "accept"
    DECLINE = "decline"
    COMPLETE = "complete"
    REQUEST_SUPPLEMENT = "request-supplement"
    EXTEND = "extend"


ALLOWED: Mapping[tuple[CaseState, StepState], frozenset[Action]] = {
    (CaseState.OPEN, StepState.OFFERED): frozenset({Action.ACCEPT, Action.DECLINE, Action.EXTEND}),
    (CaseState.OPEN, StepState.ACCEPTED): frozenset({Action.COMPLETE, Action.REQUEST_SUPPLEMENT, Action.EXTEND}),
}
"""The transition table: every pair that is not named allows nothing."""


LONGEST_EXTENSION = timedelta(days=366)
"""A date beyond it is a slip of the pen (or year 9999, which no calendar can compare), and could never be mended."""


@dataclass(frozen=True)
class Step:
    """One agency's turn in a case."""

    agency: str
    due_at: datetime
    state: StepState = StepState.WAITING
    offered_at: datetime | None = None
    accepted_at: datetime | None = None
    done_at: datetime | None = None
    declined_by: tuple[str, ...] = ()
    share: float = 1.0


@dataclass(frozen=True)
class Case:
    """Everything routing knows of one dossier; nothing personal."""

    code: str
    procedure_code: str
    procedure_version: int
    mechanism: Mechanism
    channel: str
    counter: str
    received_at: datetime
    due_at: datetime
    first_due_at: datetime
    steps: tuple[Step, ...]
    state: CaseState = CaseState.OPEN
    current: int = 1
    """Number of the step whose turn it is, from 1."""
    supplements: int = 0
    extended: bool = False
    outcome: Outcome | None = None
    timeliness: Timeliness | None = None
    resolved_at: datetime | None = None
    backfill: bool = False

    @property
    def step(self) -> Step:
        return self.steps[self.current - 1]

    @property
    def allowed(self) -> frozenset[Action]:
        """What the agency of the current step may do now."""
        actions = ALLOWED.get((self.state, self.step.state), frozenset())
        if self.extended:
            actions -= {Action.EXTEND}
        if self.supplements:
            actions -= {Action.REQUEST_SUPPLEMENT}
        return actions


Decided = tuple[Case, tuple[DossierEvent, ...]]


def open_case(case: Case, now: datetime) -> Decided:
    """Begin with the first agency."""
    return _offer(case, now)


def plan(turns: Sequence[Turn], dues: Sequence[datetime]) -> tuple[Step, ...]:
    """Steps of a new case: each turn with its own due time."""
    return tuple(Step(turn.agency, due, share=turn.share) for turn, due in zip(turns, dues, strict=True))


def accept(case: Case, agency: str, step: int, at: datetime) -> Decided:
    """The agency takes the step (nhận hồ sơ). Once more by the same agency changes nothing."""
    _same_agency(case, agency, step)
    if case.step.state is StepState.ACCEPTED and case.current == step:
        return case, ()
    _check(case, Action.ACCEPT, step)
    event = routing.DossierTransferAccepted(
        code=case.code, occurred_at=at, backfill=case.backfill, step=step, agency=agency
    )
    return _with_step(case, replace(case.step, state=StepState.ACCEPTED, accepted_at=at)), (event,)


def decline(case: Case, agency: str, step: int, reason: str, parent: str | None, at: datetime) -> Decided:
    """The agency gives the step back; it is offered to the agency above, which may decline in turn."""
    _same_agency(case, agency, step)
    _check(case, Action.DECLINE, step)
    event = routing.DossierTransferDeclined(
        code=case.code, occurred_at=at, backfill=case.backfill, step=step, agency=agency, reason=reason
    )
    declined = (*case.step.declined_by, agency)
    if parent is None or parent in declined:
        changed = replace(case.step, state=StepState.WAITING, declined_by=declined)
        return replace(_with_step(case, changed), state=CaseState.UNPLACED), (event,)
    moved = _with_step(case, replace(case.step, agency=parent, state=StepState.WAITING, declined_by=declined))
    offered, events = _offer(moved, at)
    return offered, (event, *events)


def place(case: Case, agency: str, at: datetime) -> Decided:
    """An operator hands a case that nobody above would take to an agency, which may decline in turn."""
    if case.state is not CaseState.UNPLACED:
        raise Conflict("case-not-unplaced", "Hồ sơ này không đang chờ xếp cơ quan giải quyết.", state=case.state.value)
    placed = replace(case.step, agency=agency, state=StepState.WAITING, declined_by=())
    return _offer(replace(_with_step(case, placed), state=CaseState.OPEN), at)


def complete(case: Case, agency: str, step: int, outcome: Outcome, timeliness: Timeliness, at: datetime) -> Decided:
    """The step is done; a denial or the last step resolves the dossier.

    Args:
        timeliness: of `at` against the current promise; used when this resolves the dossier.
    """
    _same_agency(case, agency, step)
    if step < case.current or case.state is CaseState.RESOLVED:
        return case, ()  # said before: steps are done once
    _check(case, Action.COMPLETE, step)
    done = _with_step(case, replace(case.step, state=StepState.DONE, done_at=at))
    if outcome is Outcome.GRANTED and case.current < len(case.steps):
        return _offer(replace(done, current=case.current + 1), at)
    event = routing.DossierResolved(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        agency=agency,
        mechanism=case.mechanism,
        procedure_code=case.procedure_code,
        outcome=outcome,
        timeliness=timeliness,
        due_at=case.due_at,
        first_due_at=case.first_due_at,
    )
    return replace(done, state=CaseState.RESOLVED, outcome=outcome, timeliness=timeliness, resolved_at=at), (event,)


def request_supplement(
    case: Case, agency: str, step: int, reason: str, items: tuple[str, ...], at: datetime
) -> Decided:
    """One complete request for missing papers; the clock stops (NĐ 61/2018 Art 11, Art 19.4)."""
    _same_agency(case, agency, step)
    if case.supplements and case.state is CaseState.OPEN:
        raise Conflict(
            "supplement-already-requested",
            "Chỉ được yêu cầu bổ sung một lần (NĐ 61/2018 Điều 11).",
            allowed=_words(case),
        )
    _check(case, Action.REQUEST_SUPPLEMENT, step)
    event = routing.DossierSupplementRequested(
        code=case.code, occurred_at=at, backfill=case.backfill, step=step, agency=agency, reason=reason, items=items
    )
    return replace(case, state=CaseState.SUPPLEMENT, supplements=case.supplements + 1), (event,)


def resume(case: Case, due_at: datetime, dues: Sequence[datetime], at: datetime) -> Decided:
    """The papers came: new promise, new budgets for this step and those after it, offered anew."""
    if case.state is not CaseState.SUPPLEMENT:
        return case, ()
    remaining = [replace(step, due_at=due) for step, due in zip(case.steps[case.current - 1 :], dues, strict=True)]
    steps = (*case.steps[: case.current - 1], *remaining)
    return _offer(replace(case, state=CaseState.OPEN, due_at=due_at, steps=steps), at)


def extend(case: Case, agency: str, step: int, reason: str, due_at: datetime, at: datetime) -> Decided:
    """Apology and new date, at most once; the first promise stays (NĐ 61/2018 Art 19.9)."""
    _same_agency(case, agency, step)
    if case.extended:
        raise Conflict(
            "already-extended", "Chỉ được hẹn lại một lần (NĐ 61/2018 Điều 19 khoản 9).", allowed=_words(case)
        )
    _check(case, Action.EXTEND, step)
    if due_at <= at:
        raise Invalid("due-date-in-past", "Ngày hẹn lại phải ở tương lai.")
    if due_at <= case.due_at:
        raise Invalid("due-date-not-later", "Ngày hẹn lại phải sau ngày hẹn hiện tại.")
    if due_at > case.due_at + LONGEST_EXTENSION:
        raise Invalid("due-date-too-far", "Ngày hẹn lại không được quá một năm sau ngày hẹn hiện tại.")
    event = routing.DossierExtended(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        agency=agency,
        reason=reason,
        due_at=due_at,
        first_due_at=case.first_due_at,
    )
    last = replace(case.steps[-1], due_at=due_at)
    return replace(case, due_at=due_at, extended=True, steps=(*case.steps[:-1], last)), (event,)


def withdraw(case: Case) -> Case:
    """The citizen took the dossier back; nothing is left to do for any agency."""
    return case if case.state is CaseState.RESOLVED else replace(case, state=CaseState.WITHDRAWN)


def _offer(case: Case, at: datetime) -> Decided:
    step = replace(case.step, state=StepState.OFFERED, offered_at=at, accepted_at=None)
    transferred = routing.DossierTransferred(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        step=case.current,
        steps=len(case.steps),
        agency=step.agency,
        step_due_at=step.due_at,
        due_at=case.due_at,
    )
    opened = routing.AgencyTransferOpened(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        agency=step.agency,
        step=case.current,
        steps=len(case.steps),
        procedure_code=case.procedure_code,
        step_due_at=step.due_at,
        due_at=case.due_at,
    )
    return _with_step(case, step), (transferred, opened)


def _with_step(case: Case, step: Step) -> Case:
    steps = list(case.steps)
    steps[case.current - 1] = step
    return replace(case, steps=tuple(steps))


def _same_agency(case: Case, agency: str, step: int) -> None:
    if not 1 <= step <= len(case.steps):
        raise Conflict("step-unknown", f"Hồ sơ này có {len(case.steps)} bước.", allowed=_words(case))
    if case.steps[step - 1].agency != agency:
        raise Denied("wrong-agency", "Bước này không được giao cho cơ quan của ông/bà.")


def _check(case: Case, action: Action, step: int) -> None:
    if step != case.current:
        raise Conflict(
            "step-not-current", f"Hồ sơ đang ở bước {case.current}.", current=case.current, allowed=_words(case)
        )
    if action not in case.allowed:
        raise Conflict(
            "action-not-allowed",
            "Việc này không thực hiện được ở trạng thái hiện tại của hồ sơ.",
            state=case.state.value,
            step_state=case.step.state.value,
            allowed=_words(case),
        )


def _words(case: Case) -> list[str]:
    return sorted(action.value for action in case.allowed)
