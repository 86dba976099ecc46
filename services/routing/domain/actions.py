"""What agencies do with their steps. Every action answers with the new state and the events that tell of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from contracts.events import routing
from contracts.problems import Conflict, Invalid
from contracts.types import DueCause, Outcome
from services.routing.domain.case import (
    TO_COME,
    Action,
    AuditEntry,
    Case,
    CaseState,
    StepState,
    Transfer,
    TransferState,
)
from services.routing.domain.checks import check, turn_of
from services.routing.domain.clock import Line, Tick, TickKind
from services.routing.domain.flow import Decided, again, end_transfer, offer, resolve, revive, settle, worked_minutes
from services.routing.domain.promises import budget, promise, start_clock
from services.routing.domain.setting import Setting
from services.routing.domain.stops import end_idle_stop

BY_MISTAKE = "completed-by-mistake"


def open_case(case: Case, trail: tuple[Line, ...], at: datetime, setting: Setting) -> Decided:
    """Begin: the first promise, each step's share of it, and the first agencies."""
    case = replace(case, clock=(Tick(TickKind.STARTED, case.received_at),))
    case = promise(case, DueCause.RECEIVED, case.received_at, case.due_at, trail)
    return settle(budget(case, case.received_at, setting), at, setting)


def open_resolved(case: Case, outcome: Outcome, at: datetime, setting: Setting) -> Decided:
    """Resolved before we heard of it, on the spot (NĐ 61/2018 Art 17.4) or in an old register: nobody is handed
    anything, and every step was done at that moment. No budgets: they are for work to come, and need a calendar that
    knows the year; an old register's may be past it."""
    case = promise(case, DueCause.RECEIVED, case.received_at, case.due_at)
    steps = tuple(replace(step, state=StepState.DONE, outcome=outcome) for step in case.steps)
    return resolve(replace(case, steps=steps), outcome, at, setting, case.steps[-1].agency)


def accept(case: Case, agency: str, number: int, at: datetime, setting: Setting) -> Decided:
    """The agency takes the step (nhận hồ sơ). Once more by the same agency changes nothing."""
    turn_of(case, agency, number)
    step, transfer = case.step(number), case.transfer_of(number)
    if step.state is StepState.ACCEPTED:
        return case, ()
    check(case, Action.ACCEPT, number)
    assert transfer is not None
    event = routing.DossierTransferAccepted(
        code=case.code, occurred_at=at, backfill=case.backfill, step=number, agency=agency
    )
    taken = replace(transfer, state=TransferState.ACCEPTED, accepted_at=at, changed_at=at)
    case = case.with_transfer(taken).with_step(number, replace(step, state=StepState.ACCEPTED))
    started, events = start_clock(case, at, at, setting)
    return started, (event, *events)


def decline(case: Case, agency: str, number: int, reason: str, at: datetime, setting: Setting) -> Decided:
    """The agency gives the step back; it is offered to the agency above, which may decline in turn."""
    turn_of(case, agency, number)
    check(case, Action.DECLINE, number)
    event = routing.DossierTransferDeclined(
        code=case.code, occurred_at=at, backfill=case.backfill, step=number, agency=agency, reason=reason
    )
    step = case.step(number)
    declined = (*step.declined_by, agency)
    case = end_transfer(case, number, TransferState.DECLINED, at)
    above = setting.above(agency)
    if above is None or above in declined:
        return case.with_step(number, replace(step, state=StepState.UNPLACED, declined_by=declined)), (event,)
    offered, events = offer(
        case.with_step(number, replace(step, agency=above, declined_by=declined)), number, at, setting
    )
    return offered, (event, *events)


def place(case: Case, agency: str, number: int | None, at: datetime, setting: Setting, by: str) -> Decided:
    """An operator hands a step that nobody above would take to an agency, which may decline in turn.

    Args:
        number: of the step; absent: the first that waits for it.
    """
    number = number or next(iter(case.unplaced), None)
    known = number is not None and 1 <= number <= len(case.steps) and number in case.unplaced
    if number is None or not known or not case.open:
        raise Conflict("case-not-unplaced", "Hồ sơ này không đang chờ xếp cơ quan giải quyết.", state=case.state.value)
    entry = AuditEntry(at, "placed", by, number, agency)
    placed = replace(case.step(number), agency=agency, declined_by=())
    return offer(replace(case.with_step(number, placed), audit=(*case.audit, entry)), number, at, setting)


def complete(
    case: Case, agency: str, number: int, outcome: Outcome, at: datetime, setting: Setting, ground: str | None = None
) -> Decided:
    """The step is done. What follows is the graph's rule; a decision to stop (đình chỉ) ends the dossier at once.

    Args:
        ground: coded legal ground, which every denial and every decision to stop has (NĐ 61/2018 Art 19.8).
    """
    turn_of(case, agency, number)
    step = case.step(number)
    if step.state is StepState.DONE:
        return case, ()  # said before: steps are done once
    check(case, Action.COMPLETE, number)
    if outcome is not Outcome.GRANTED and ground is None:
        raise Invalid("ground-missing", "Từ chối giải quyết thì phải nêu căn cứ (NĐ 61/2018 Điều 19 khoản 8).")
    transfer = case.transfer_of(number)
    assert transfer is not None
    reckoning = setting.calendar(case.counted_on)
    event = routing.DossierStepCompleted(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        step=number,
        agency=agency,
        outcome=outcome,
        timeliness=reckoning.timeliness(at, step.due_at),
        step_due_at=step.due_at,
        waited_minutes=_waited_minutes(case, transfer, setting),
        worked_minutes=0 if case.backfill else worked_minutes(case, transfer, at, setting),
    )
    ground = None if outcome is Outcome.GRANTED else ground
    done = replace(step, state=StepState.DONE, outcome=outcome, ground=ground, timeliness=event.timeliness)
    case = end_transfer(case, number, TransferState.DONE, at).with_step(number, done)
    if outcome is Outcome.TERMINATED:
        ended, events = resolve(case, outcome, at, setting, agency, ground)
    else:
        ended, events = settle(case, at, setting, agency)
    went_on, resumed = end_idle_stop(ended, at, setting)
    return went_on, (event, *events, *resumed)


def send_back(
    case: Case, agency: str, number: int, to: int | None, reason: str, at: datetime, setting: Setting
) -> Decided:
    """What came from the step before is not fit: that step is handed over anew. Due times stay: who is late shows."""
    turn_of(case, agency, number)
    check(case, Action.SEND_BACK, number)
    step = case.step(number)
    before = case.done_before(number)
    to = to or (before[0] if len(before) == 1 else None)
    if to not in before or to is None:
        raise Conflict("step-not-before", "Chỉ trả lại được cho một bước ngay trước đã xong.", steps=before)
    event = routing.DossierSentBack(
        code=case.code, occurred_at=at, backfill=case.backfill, step=number, agency=agency, to_step=to, reason=reason
    )
    case = end_transfer(case, number, TransferState.SENT_BACK, at)
    case = case.with_step(number, replace(step, state=StepState.WAITING))
    case, events = offer(case.with_step(to, replace(again(case, to), declined_by=())), to, at, setting)
    begun, more = settle(revive(case), at, setting)
    return begun, (event, *events, *more)


def reopen(case: Case, agency: str, number: int, at: datetime, setting: Setting, by: str) -> Decided:
    """The agency completed the step by mistake and takes it back, as long as nobody after it has begun."""
    turn_of(case, agency, number)
    check(case, Action.REOPEN, number)
    transfer = case.transfer_of(number)
    assert transfer is not None
    before = case
    given_back = [after for after in case.followers(number) if case.step(after).state is not StepState.WAITING]
    for after in given_back:
        case = end_transfer(case, after, TransferState.RECALLED, at)
        case = case.with_step(after, replace(case.step(after), state=StepState.WAITING))
    redone = replace(again(case, number), state=StepState.ACCEPTED, outcome=None, ground=None, timeliness=None)
    taken = replace(transfer, state=TransferState.ACCEPTED, ended_at=None, changed_at=at)
    case = case.with_transfer(taken).with_step(number, redone)
    events = tuple(
        routing.DossierSentBack(
            code=case.code,
            occurred_at=at,
            backfill=case.backfill,
            step=after,
            agency=case.step(after).agency,
            to_step=number,
            reason=BY_MISTAKE,
        )
        for after in [after for after in given_back if before.step(after).state is StepState.OFFERED] or [number]
    )
    case = replace(case, audit=(*case.audit, AuditEntry(at, "reopened", by, number)))
    begun, more = settle(revive(case), at, setting)
    return begun, (*events, *more)


def assign(case: Case, agency: str, number: int, officer: str, at: datetime, by: str) -> Case:
    """Put an officer in charge (phân công); the agency's own affair, so nothing is told of it."""
    turn_of(case, agency, number)
    check(case, Action.ASSIGN, number)
    transfer = case.transfer_of(number)
    assert transfer is not None
    if transfer.officer == officer:
        return case
    entry = AuditEntry(at, "assigned", by, number, f"{transfer.officer or '-'} > {officer}")
    changed = case.with_transfer(replace(transfer, officer=officer, changed_at=at))
    return replace(changed, audit=(*case.audit, entry))


def withdraw(case: Case, at: datetime) -> Case:
    """The citizen took the dossier back; nothing is left to do for any agency. Not once it is resolved: the decision
    came first (TT 03/2025/TT-VPCP Art 7)."""
    if not case.open:
        return case
    for number, step in enumerate(case.steps, start=1):
        if step.state in TO_COME:
            case = end_transfer(case, number, TransferState.RECALLED, at)
            case = case.with_step(number, replace(step, state=StepState.RECALLED))
    return replace(case, state=CaseState.WITHDRAWN, withdrawn_at=at, stop=None, apology=None)


def _waited_minutes(case: Case, transfer: Transfer, setting: Setting) -> int:
    if transfer.accepted_at is None or case.backfill:
        return 0
    return setting.calendar(transfer.agency).minutes(transfer.offered_at, transfer.accepted_at)
