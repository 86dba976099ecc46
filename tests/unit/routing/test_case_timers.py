"""What time brings to a case: each thing once, in working time, whatever is late or fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.events import routing
from contracts.types import LimitUnit, Outcome, StopKind
from services.routing.domain import actions, promises, stops
from services.routing.domain.case import Case, TimerKind
from services.routing.domain.clock import Limit
from services.routing.domain.policy import AcceptWithin, EscalationRule, Policy, Trigger
from services.routing.domain.setting import Setting
from services.routing.domain.timers import Fired, fire, schedule
from tests.unit.routing.case_fixtures import ABOVE, AT, CHAIN, FIRST, RECKONING, SETTING, case, opened, planned

DUE = opened()[0].due_at
LONG = AT + timedelta(days=60)


def told(fired: Fired) -> list[str]:
    return [event.TYPE.removesuffix(".v1").rpartition(".")[2] for event in fired.events]


def with_policy(**changes: object) -> Setting:
    return replace(SETTING, policy=replace(Policy(), **changes))  # type: ignore[arg-type]


def test_nothing_happens_before_its_time() -> None:
    found = schedule(case(CHAIN, 1), SETTING)
    assert fire(found, AT, SETTING) == Fired(found, ())
    assert [timer.at for timer in found.timers] == sorted(timer.at for timer in found.timers)


def test_warnings_come_by_working_time() -> None:
    """Due at 17:00 on Friday 4 December: eight working hours before is 17:00 on Thursday, at the close of that day."""
    found = schedule(case(CHAIN, 1), SETTING)
    by_kind = {timer.kind: timer.at for timer in found.timers}
    assert by_kind[TimerKind.DUE_SOON] == DUE - timedelta(days=1)
    assert by_kind[TimerKind.OVERDUE] == DUE
    assert by_kind[TimerKind.APOLOGY] == DUE - timedelta(days=1, hours=6)
    assert by_kind[TimerKind.STEP_OVERDUE] == found.step(1).due_at


def test_everything_fires_once_and_in_order() -> None:
    found, happened = case(CHAIN, 1), []
    now = AT
    while now < LONG:
        now += timedelta(hours=1)
        fired = fire(found, now, SETTING)
        found, happened = fired.case, happened + told(fired)
    assert [kind for kind in happened if kind != "escalated"] == [
        "due-soon", "overdue", "apology-prepared", "due-soon", "overdue",
    ]  # fmt: skip
    rules = [key for key in found.fired if key.startswith("rule:")]
    assert len(rules) == len(set(rules))


def test_after_a_long_outage_what_was_missed_is_told_once_and_no_warning_of_the_past() -> None:
    fired = fire(case(CHAIN, 1), LONG, SETTING)
    assert "due-soon" not in told(fired)
    assert told(fired).count("overdue") == 2
    reminders = [e for e in fired.events if isinstance(e, routing.DossierEscalated) and e.rule == "reminder"]
    assert len(reminders) == 1
    assert fire(fired.case, LONG, SETTING) == Fired(fired.case, ())


def test_an_open_dossier_is_never_without_a_timer() -> None:
    found, now = case(CHAIN, 1), AT
    for _ in range(40):
        now += timedelta(days=10)
        found = fire(found, now, SETTING).case
        assert found.timers
        assert found.timers[0].at > now


def test_a_new_promise_is_warned_of_anew() -> None:
    late = fire(case(CHAIN, 1), DUE + timedelta(hours=1), SETTING).case
    new_date = DUE + timedelta(days=14)
    extended = schedule(
        promises.extend(late, FIRST, 1, "overload", new_date, DUE + timedelta(hours=2), SETTING)[0], SETTING
    )
    fired = fire(extended, new_date + timedelta(hours=1), SETTING)
    overdue = [e for e in fired.events if isinstance(e, routing.DossierOverdue) and e.step is None]
    assert [event.due_at for event in overdue] == [new_date]
    assert "apology-prepared" not in told(fired), "once in a life"


def test_a_short_limit_has_its_apology_after_half_of_it() -> None:
    quick = planned(limit=Limit(8.0, LimitUnit.WORKING_HOURS))
    found = schedule(actions.open_case(quick, (), AT, SETTING)[0], SETTING)
    apology = next(timer.at for timer in found.timers if timer.kind is TimerKind.APOLOGY)
    assert AT < apology < found.due_at
    assert RECKONING.minutes(AT, apology) == RECKONING.minutes(AT, found.due_at) / 2


def test_silence_is_told_to_the_agency_above() -> None:
    fired = fire(case(), AT + timedelta(hours=7), SETTING)
    (event,) = [e for e in fired.events if isinstance(e, routing.DossierEscalated)]
    assert (event.rule, event.agency, event.to, event.step) == ("not-accepted", FIRST, ABOVE, 1)
    accepted, _ = actions.accept(case(), FIRST, 1, AT + timedelta(hours=1), SETTING)
    assert "escalated" not in told(fire(accepted, AT + timedelta(hours=7), SETTING))


@pytest.mark.parametrize("kind", [StopKind.PAYMENT, StopKind.CONSULTATION, StopKind.DECISION])
def test_what_waits_warns_of_nothing_but_is_brought_to_mind(kind: StopKind) -> None:
    before = case(CHAIN, 1)
    waiting = (
        stops.request_payment(before, FIRST, 1, 1, "Điều 1", AT)
        if kind is StopKind.PAYMENT
        else stops.halt(before, FIRST, 1, kind, "opinion-pending", "Điều 1", AT)
    )[0]
    fired = fire(waiting, LONG, SETTING)
    assert set(told(fired)) == {"escalated"}
    assert {event.rule for event in fired.events} == {"waiting-long", "reminder"}  # type: ignore[attr-defined]


def test_rules_are_for_the_agencies_they_name() -> None:
    rule = EscalationRule("mine", Trigger.OVERDUE, 0.0, "H12", ("H12.970.02",))
    other = replace(rule, name="others", agencies=("H12.971",))
    fired = fire(case(CHAIN, 1), LONG, with_policy(rules=(rule, other)))
    assert [(e.rule, e.to) for e in fired.events if isinstance(e, routing.DossierEscalated)] == [
        ("mine", "H12"), ("reminder", ABOVE),
    ]  # fmt: skip


def test_one_failing_rule_never_stops_the_rest() -> None:
    broken = EscalationRule("broken", Trigger.STEP_OVERDUE, 0.0, "no such code!")
    setting = with_policy(rules=(broken, *Policy().rules))
    fired = fire(case(CHAIN, 1), LONG, setting)
    assert [key.split(":")[1] for key, _ in fired.failures] == ["broken"]
    assert {"overdue", "escalated"} <= set(told(fired))
    assert fire(fired.case, LONG, setting).failures == (), "and it does not fail for ever"


def test_hours_to_accept_are_the_steps_or_the_nearest_agency_s() -> None:
    policy = Policy(accept_within=(AcceptWithin("H12", 6.0), AcceptWithin("H12.970", 2.0)))
    assert policy.accept_hours_of("H12.970.02", None) == 2.0
    assert policy.accept_hours_of("H12.971", None) == 6.0
    assert policy.accept_hours_of("H13", None) == 4.0
    assert policy.accept_hours_of("H12.970.02", 1.5) == 1.5


@pytest.mark.parametrize("state", ["resolved", "withdrawn", "backfill"])
def test_what_is_over_or_of_the_past_has_no_timers(state: str) -> None:
    def ended() -> Case:
        if state == "withdrawn":
            return actions.withdraw(schedule(case(CHAIN, 1), SETTING), AT)
        if state == "backfill":
            return opened(backfill=True)[0]
        return actions.complete(case(CHAIN, 1), FIRST, 1, Outcome.DENIED, AT, SETTING, "not-eligible")[0]

    assert schedule(ended(), SETTING).timers == ()
