"""What time brings to a case: warnings, lateness, the apology, escalation. Each thing fires once.

A timer's key says what it is about; a key that fired does not come again. Keys of warnings hold the due date, so a
new promise is warned of anew, and the same one never twice, whatever restarts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from contracts.events import routing
from contracts.events.base import DossierEvent
from services.routing.domain.case import Case, StepState, Timer, TimerKind
from services.routing.domain.flow import Decided
from services.routing.domain.policy import ABOVE, ITSELF, EscalationRule, Trigger
from services.routing.domain.promises import prepare_apology, start_clock
from services.routing.domain.setting import Setting

MOST_AT_ONCE = 100


@dataclass(frozen=True)
class Fired:
    """What came of the timers that were due."""

    case: Case
    events: tuple[DossierEvent, ...]
    failures: tuple[tuple[str, str], ...] = ()
    """Key of a timer and the name of the error: it counts as fired, the others go on."""


def schedule(case: Case, setting: Setting) -> Case:
    """The pending timers of a case as it is now. Registers of the past have none."""
    if not case.open or case.backfill:
        return replace(case, timers=()) if case.timers else case
    wanted = _waiting(case, setting) if case.stop is not None else _running(case, setting)
    timers = tuple(sorted((t for t in wanted if t.key not in case.fired), key=lambda t: (t.at, t.key)))
    return case if timers == case.timers else replace(case, timers=timers)


def fire(case: Case, now: datetime, setting: Setting) -> Fired:
    """Everything that is due, in order of time; what one timer changes, the next ones see."""
    events: tuple[DossierEvent, ...] = ()
    failures: list[tuple[str, str]] = []
    for _ in range(MOST_AT_ONCE):
        case = schedule(case, setting)
        if not case.timers or case.timers[0].at > now:
            break
        timer = case.timers[0]
        marked = replace(case, fired=(*case.fired, timer.key))
        try:
            case, told = _DO[timer.kind](marked, timer, now, setting)
            events += told
        except Exception as error:  # noqa: BLE001 - one failing rule never stops the rest
            case = marked
            failures.append((timer.key, type(error).__name__))
    return Fired(schedule(case, setting), events, tuple(failures))


def _running(case: Case, setting: Setting) -> Iterator[Timer]:
    policy, reckoning = setting.policy, setting.calendar(case.counted_on)
    for number in case.active:
        step, transfer = case.step(number), case.transfer_of(number)
        assert transfer is not None
        about = f"{number}:{_minute(step.due_at)}"
        soon = reckoning.earlier(step.due_at, policy.step_due_soon_hours)
        yield Timer(max(soon, transfer.offered_at), TimerKind.STEP_DUE_SOON, f"step-due-soon:{about}", number)
        yield Timer(step.due_at, TimerKind.STEP_OVERDUE, f"step-overdue:{about}", number)
        yield from _rules(case, setting, Trigger.STEP_OVERDUE, step.due_at, about, number)
        if step.state is StepState.OFFERED and transfer.accept_by is not None:
            yield Timer(transfer.accept_by, TimerKind.ACCEPT_BY, f"accept-by:{transfer.number}", number)
            yield from _rules(case, setting, Trigger.NOT_ACCEPTED, transfer.accept_by, str(transfer.number), number)
    due = _minute(case.due_at)
    began = case.promises[-1].at if case.promises else case.received_at
    soon = max(reckoning.earlier(case.due_at, policy.due_soon_hours), began)
    yield Timer(soon, TimerKind.DUE_SOON, f"due-soon:{due}")
    yield Timer(case.due_at, TimerKind.OVERDUE, f"overdue:{due}")
    yield from _rules(case, setting, Trigger.OVERDUE, case.due_at, due, next(iter(case.active), None))
    yield _reminder(case, setting, case.due_at)
    if not case.extended and case.apology is None and case.active:
        yield Timer(_apology_at(case, setting, began), TimerKind.APOLOGY, f"apology:{due}")


def _waiting(case: Case, setting: Setting) -> Iterator[Timer]:
    assert case.stop is not None
    yield _reminder(case, setting, case.stop.since)
    yield from _rules(case, setting, Trigger.WAITING, case.stop.since, _minute(case.stop.since), case.stop.step)


def _reminder(case: Case, setting: Setting, since: datetime) -> Timer:
    """The next of those that come for as long as nothing happens."""
    about = f"reminder:{_minute(since)}:"
    told = max((int(key.removeprefix(about)) for key in case.fired if key.startswith(about)), default=0)
    at = setting.calendar(case.counted_on).later(since, setting.policy.reminder_hours * (told + 1))
    step = case.stop.step if case.stop is not None else next(iter(case.active), None)
    return Timer(at, TimerKind.REMINDER, f"{about}{told + 1}", step)


def _apology_at(case: Case, setting: Setting, began: datetime) -> datetime:
    """A day before the date at the latest; of a short limit not before its half is used."""
    reckoning = setting.calendar(case.counted_on)
    half = reckoning.parts(began, max(began, case.due_at), [Fraction(1, 2)])[0]
    return max(reckoning.earlier(case.due_at, setting.policy.apology_hours), half)


def _rules(
    case: Case, setting: Setting, when: Trigger, since: datetime, about: str, number: int | None
) -> Iterator[Timer]:
    for rule in setting.policy.rules:
        if rule.when is when and rule.applies_to(_agency(case, number)):
            at = setting.calendar(case.counted_on).later(since, rule.hours) if rule.hours else since
            yield Timer(at, TimerKind.RULE, f"rule:{rule.name}:{about}", number, rule.name)


def _silence(case: Case, timer: Timer, now: datetime, setting: Setting) -> Decided:
    """Nobody answered: the competent agency's time begins all the same; the rules tell who hears of it."""
    return start_clock(case, timer.at, now, setting)


def _step_soon(case: Case, timer: Timer, now: datetime, setting: Setting) -> Decided:
    assert timer.step is not None
    passed = now >= case.step(timer.step).due_at  # after an outage: that it is late is told next
    return case, () if passed else (routing.DossierDueSoon(**_of_step(case, timer, now)),)


def _step_late(case: Case, timer: Timer, now: datetime, setting: Setting) -> Decided:
    return case, (routing.DossierOverdue(**_of_step(case, timer, now)),)


def _soon(case: Case, timer: Timer, now: datetime, setting: Setting) -> Decided:
    return case, () if now >= case.due_at else (routing.DossierDueSoon(**_of_dossier(case, now)),)


def _late(case: Case, timer: Timer, now: datetime, setting: Setting) -> Decided:
    return case, (routing.DossierOverdue(**_of_dossier(case, now)),)


def _apologise(case: Case, timer: Timer, now: datetime, setting: Setting) -> Decided:
    return prepare_apology(case, now, setting)


def _escalate(case: Case, timer: Timer, now: datetime, setting: Setting) -> Decided:
    rule = next(rule for rule in setting.policy.rules if rule.name == timer.rule)
    agency = _agency(case, timer.step)
    event = routing.DossierEscalated(
        code=case.code, occurred_at=now, rule=rule.name, agency=agency, to=_told(rule, agency, setting), step=timer.step
    )
    return case, (event,)


def _remind(case: Case, timer: Timer, now: datetime, setting: Setting) -> Decided:
    """Once, however many were missed."""
    about, _, _ = timer.key.rpartition(":")
    since = case.stop.since if case.stop is not None else case.due_at
    passed = setting.calendar(case.counted_on).minutes(since, now) / 60 // setting.policy.reminder_hours
    agency = _agency(case, timer.step)
    to = setting.above(agency) or agency
    event = routing.DossierEscalated(
        code=case.code, occurred_at=now, rule=timer.kind.value, agency=agency, to=to, step=timer.step
    )
    return replace(case, fired=(*case.fired, f"{about}:{max(1, int(passed))}")), (event,)


def _told(rule: EscalationRule, agency: str, setting: Setting) -> str:
    if rule.to == ABOVE:
        return setting.above(agency) or agency
    return agency if rule.to == ITSELF else rule.to


def _agency(case: Case, number: int | None) -> str:
    return case.unit if number is None else case.step(number).agency


def _of_step(case: Case, timer: Timer, now: datetime) -> dict[str, Any]:
    assert timer.step is not None
    step = case.step(timer.step)
    about = {"code": case.code, "occurred_at": now, "agency": step.agency}
    return {**about, "due_at": step.due_at, "step": timer.step}


def _of_dossier(case: Case, now: datetime) -> dict[str, Any]:
    agency = _agency(case, next(iter(case.active), None))
    return {"code": case.code, "occurred_at": now, "agency": agency, "due_at": case.due_at}


def _minute(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S}"


_DO: Mapping[TimerKind, Callable[[Case, Timer, datetime, Setting], Decided]] = {
    TimerKind.ACCEPT_BY: _silence,
    TimerKind.STEP_DUE_SOON: _step_soon,
    TimerKind.STEP_OVERDUE: _step_late,
    TimerKind.APOLOGY: _apologise,
    TimerKind.DUE_SOON: _soon,
    TimerKind.OVERDUE: _late,
    TimerKind.RULE: _escalate,
    TimerKind.REMINDER: _remind,
}
