"""The graph of a case: which step begins next, which is not needed any more, and when the whole is resolved.

One rule for every join: a step begins when as many of the steps before it are granted as it needs. A denial that
makes this impossible cuts the step off; where the last step of a way is cut off or denied, the dossier is denied.
So in a chain, or where all branches are needed, one denial ends it; where any branch will do, the others go on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from contracts.events import routing
from contracts.events.base import DossierEvent
from contracts.types import Outcome
from services.routing.domain.case import (
    ACTIVE,
    TO_COME,
    Case,
    CaseState,
    Step,
    StepState,
    Transfer,
    TransferState,
)
from services.routing.domain.clock import Tick, TickKind
from services.routing.domain.setting import Setting

Decided = tuple[Case, tuple[DossierEvent, ...]]


def granted(step: Step) -> bool:
    return step.state is StepState.DONE and step.outcome is Outcome.GRANTED


def settle(case: Case, at: datetime, setting: Setting, by: str | None = None) -> Decided:
    """Everything that follows from the last change: steps begin, are recalled or cut off, the dossier is resolved.

    Args:
        by: the agency whose step was the last to be done; it is named in the result.
    """
    case, events = _begin_ready(case, at, setting)
    case, recalled = _recall_needless(case, at)
    events += recalled
    outcome, ground = _result(case)
    if outcome is None:
        return case, events
    resolved, told = resolve(case, outcome, at, setting, by or case.unit, ground)
    return resolved, (*events, *told)


def offer(case: Case, number: int, at: datetime, setting: Setting) -> Decided:
    """Hand a step to its agency (chuyển hồ sơ)."""
    step = case.step(number)
    transfer = Transfer(
        number=len(case.transfers) + 1,
        step=number,
        agency=step.agency,
        offered_at=at,
        accept_by=_accept_by(case, step, at, setting),
        changed_at=at,
    )
    offered = replace(step, state=StepState.OFFERED, transfer=transfer.number, outcome=None, ground=None)
    case = replace(case.with_step(number, offered), transfers=(*case.transfers, transfer))
    about: dict[str, Any] = {
        "code": case.code,
        "occurred_at": at,
        "backfill": case.backfill,
        "agency": step.agency,
        "step": number,
    }
    dates: dict[str, Any] = {
        "steps": len(case.steps),
        "step_due_at": step.due_at,
        "due_at": case.due_at,
        "transfer": transfer.number,
    }
    transferred = routing.DossierTransferred(**about, **dates, accept_by=transfer.accept_by)
    opened = routing.AgencyTransferOpened(**about, **dates, procedure_code=case.procedure_code)
    return case, (transferred, opened)


def resolve(
    case: Case, outcome: Outcome, at: datetime, setting: Setting, agency: str, ground: str | None = None
) -> Decided:
    """The end of processing: early, on time or late, computed here and nowhere else."""
    case, events = _recall(case, tuple(n for n, step in enumerate(case.steps, 1) if step.state in TO_COME), at)
    reckoning = setting.calendar(case.counted_on)
    timeliness, first = reckoning.timeliness(at, case.due_at), reckoning.timeliness(at, case.first_due_at)
    event = routing.DossierResolved(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        agency=agency,
        mechanism=case.mechanism,
        procedure_code=case.procedure_code,
        outcome=outcome,
        ground=None if outcome is Outcome.GRANTED else ground,
        timeliness=timeliness,
        due_at=case.due_at,
        first_due_at=case.first_due_at,
        first_timeliness=first,
    )
    resolved = replace(
        case,
        state=CaseState.RESOLVED,
        outcome=outcome,
        timeliness=timeliness,
        first_timeliness=first,
        resolved_at=at,
        stop=None,
        apology=None,
    )
    return resolved, (*events, event)


def revive(case: Case) -> Case:
    """Branches that were recalled as needless wait again where their join does: whatever made it begin was undone."""
    for number in range(len(case.steps), 0, -1):  # from the end: a revived step revives those before it
        step = case.step(number)
        waited_for = any(case.step(after).state is StepState.WAITING for after in case.followers(number))
        if step.state is StepState.CUT_OFF:  # whether it still is, `settle` sees
            case = case.with_step(number, replace(step, state=StepState.WAITING))
        elif step.state is StepState.RECALLED and waited_for:
            case = case.with_step(number, replace(again(case, number), state=StepState.WAITING))
    return case


def again(case: Case, number: int) -> Step:
    """A step whose turn comes once more. Its due time stays, so that who is late shows; but where the limit has begun
    from zero since, the old one counts no more, and it has the time of those who come after it."""
    step, transfer = case.step(number), case.transfer_of(number)
    started = [tick.at for tick in case.clock if tick.kind is TickKind.STARTED]
    since = None if transfer is None else transfer.ended_at
    if len(started) < 2 or (since is not None and since >= started[-1]):
        return step
    return replace(step, due_at=min((case.step(n).due_at for n in case.followers(number)), default=case.due_at))


def end_transfer(case: Case, number: int, state: TransferState, at: datetime) -> Case:
    """Close the latest hand-over of a step."""
    transfer = case.transfer_of(number)
    if transfer is None or transfer.ended_at is not None:
        return case
    return case.with_transfer(replace(transfer, state=state, ended_at=at, changed_at=at))


def lift(case: Case, at: datetime) -> Case:
    """The stop is over; its time is left out of what its step worked."""
    if case.stop is None:
        return case
    tick = Tick(TickKind.RESUMED, at, stop=case.stop.kind, legal_basis=case.stop.legal_basis)
    return replace(case, state=CaseState.OPEN, stop=None, clock=(*case.clock, tick))


def worked_minutes(case: Case, transfer: Transfer, until: datetime, setting: Setting) -> int:
    """Working minutes of a hand-over since it was accepted, stops left out."""
    if transfer.accepted_at is None:
        return 0
    reckoning = setting.calendar(transfer.agency)
    whole = reckoning.minutes(transfer.accepted_at, until)
    return max(0, whole - sum(reckoning.minutes(a, b) for a, b in _stops_in(case, transfer.accepted_at, until)))


def _stops_in(case: Case, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The parts of a span during which the clock stood still."""
    found: list[tuple[datetime, datetime]] = []
    since: datetime | None = None
    for tick in case.clock:
        if tick.kind is TickKind.STOPPED:
            since = tick.at
        elif since is not None and tick.kind in {TickKind.RESUMED, TickKind.STARTED}:
            found.append((since, tick.at))
            since = None
    if since is not None:
        found.append((since, end))
    clipped = [(max(start, a), min(end, b)) for a, b in found]
    return [(a, b) for a, b in clipped if a < b]


def _accept_by(case: Case, step: Step, at: datetime, setting: Setting) -> datetime | None:
    if case.backfill:
        return None
    hours = setting.policy.accept_hours_of(step.agency, step.accept_hours)
    return setting.calendar(step.agency).later(at, hours)


def _begin_ready(case: Case, at: datetime, setting: Setting) -> Decided:
    events: tuple[DossierEvent, ...] = ()
    for number, step in enumerate(case.steps, start=1):  # steps come after those before them: one look is enough
        if step.state is not StepState.WAITING:
            continue
        before = [case.step(other) for other in step.after]
        reached = sum(granted(other) for other in before)
        if reached >= step.required:
            case, told = offer(case, number, at, setting)
            events += told
        elif reached + sum(other.state in TO_COME for other in before) < step.required:
            case = case.with_step(number, replace(step, state=StepState.CUT_OFF))
    return case, events


def _recall_needless(case: Case, at: datetime) -> Decided:
    """Steps that nobody waits for any more; from the end, since recalling one may free those before it."""
    case_now = case
    events: tuple[DossierEvent, ...] = ()
    for number in range(len(case.steps), 0, -1):
        followers = [case_now.step(after) for after in case_now.followers(number)]
        waits = any(follower.state is StepState.WAITING for follower in followers)
        if followers and not waits and case_now.step(number).state in TO_COME:
            case_now, told = _recall(case_now, (number,), at)
            events += told
    return case_now, events


def _recall(case: Case, numbers: tuple[int, ...], at: datetime) -> Decided:
    events: list[DossierEvent] = []
    for number in numbers:
        step = case.step(number)
        if step.state in ACTIVE:
            about: dict[str, Any] = {"code": case.code, "occurred_at": at, "backfill": case.backfill}
            events.append(routing.DossierStepRecalled(**about, step=number, agency=step.agency))
            case = end_transfer(case, number, TransferState.RECALLED, at)
        case = case.with_step(number, replace(step, state=StepState.RECALLED))
    return case, tuple(events)


def _result(case: Case) -> tuple[Outcome | None, str | None]:
    """What the dossier comes to, once that is certain, and the ground of a denial."""
    last = [step for number, step in enumerate(case.steps, 1) if not case.followers(number)]
    denied = [s for s in last if s.state is StepState.CUT_OFF or s.outcome is Outcome.DENIED]
    if denied:
        grounds = [s.ground for s in case.steps if s.outcome is Outcome.DENIED and s.ground is not None]
        return Outcome.DENIED, (grounds[-1] if grounds else None)
    return (Outcome.GRANTED, None) if all(granted(step) for step in last) else (None, None)
