"""What is stuck, with its cause and cure; and nothing is that goes on by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant

from contracts.problems import Conflict, Invalid
from contracts.types import StopKind
from services.routing.domain import actions, stops
from services.routing.domain.case import Case, StepState, Wanted
from services.routing.domain.policy import EscalationRule, Policy, Trigger
from services.routing.domain.recomputation import Place, begin, resume
from services.routing.domain.setting import Setting
from services.routing.domain.stuck import SILENCE_HOURS, TIMER_LATE, Finding, StuckKind, stuck
from services.routing.domain.timers import fire, schedule
from services.routing.store import CASES
from tests.unit.routing.case_fixtures import ABOVE, AT, CHAIN, CODE, DIRECTORY, FIRST, RECKONING, SETTING, case
from tests.unit.routing.test_case_properties import CaseLife

BASIS = "Khoản 1 Điều 9 văn bản mẫu"
MISSING = {StuckKind.UNPLACED, StuckKind.WITHOUT_OWNER, StuckKind.WITHOUT_TIMER}
LONG = timedelta(days=90)


def after_timers(found: Case, now: datetime) -> Case:
    """As the timer loop leaves it."""
    return fire(schedule(found, SETTING), now, SETTING).case


def kinds(found: Case, now: datetime = AT, setting: Setting = SETTING) -> list[StuckKind]:
    return [finding.kind for finding in stuck(found, now, setting)]


def one(found: Case, now: datetime = AT, setting: Setting = SETTING) -> Finding:
    [finding] = stuck(found, now, setting)
    assert finding.key == CODE
    return finding


def declined_by_all() -> Case:
    found = case()
    for agency in (FIRST, ABOVE, "H12"):
        found, _ = actions.decline(found, agency, 1, "not-ours", AT, SETTING)
    return schedule(found, SETTING)


def test_a_new_case_goes_on_by_itself() -> None:
    assert kinds(schedule(case(), SETTING)) == []


def test_what_every_agency_declined_waits_for_an_operator() -> None:
    found = one(declined_by_all())
    assert (found.kind, found.since) == (StuckKind.UNPLACED, AT)
    assert f"/v1/cases/{CODE}/place" in found.cure


def test_a_case_that_is_nobodys_turn_is_found() -> None:
    """No action leads there: a fault of the software or of the data."""
    lost = schedule(case(), SETTING)
    lost = lost.with_step(1, replace(lost.step(1), state=StepState.WAITING))
    assert one(lost).kind is StuckKind.WITHOUT_OWNER


def test_an_open_case_without_a_timer_is_found_and_one_of_the_past_is_not() -> None:
    bare = replace(case(), timers=())
    assert one(bare).kind is StuckKind.WITHOUT_TIMER
    assert "motcua policy apply" in one(bare).cure
    assert kinds(replace(bare, backfill=True)) == []


def test_registers_of_the_past_are_looked_at_for_an_owner_alone() -> None:
    assert kinds(replace(declined_by_all(), backfill=True), AT + LONG) == [StuckKind.UNPLACED]


def test_a_timer_that_nobody_fires_is_found() -> None:
    waiting = schedule(case(), SETTING)
    first = waiting.timers[0].at
    assert kinds(waiting, first + TIMER_LATE) == []
    found = one(waiting, first + TIMER_LATE + timedelta(minutes=1))
    assert (found.kind, found.since) == (StuckKind.TIMER_LATE, first)


def test_silence_is_found_a_working_day_after_the_time_to_accept() -> None:
    offered = case()
    transfer = offered.transfer_of(1)
    assert transfer is not None
    assert transfer.accept_by is not None
    end = RECKONING.later(transfer.accept_by, SILENCE_HOURS)
    assert kinds(after_timers(offered, end), end) == []
    late = end + timedelta(minutes=1)
    found = one(after_timers(offered, late), late)
    assert (found.kind, found.since) == (StuckKind.NOT_ACCEPTED, transfer.accept_by)
    accepted, _ = actions.accept(offered, FIRST, 1, AT, SETTING)
    assert kinds(after_timers(accepted, late), late) == []


@pytest.mark.parametrize("kind", StopKind)
def test_a_long_wait_is_found_by_the_rules_of_the_policy(kind: StopKind) -> None:
    accepted = case(CHAIN, 1)
    if kind is StopKind.SUPPLEMENT:
        wanted = Wanted("missing-papers", ("Giấy tờ",), BASIS)
        waiting, _ = stops.request_supplement(accepted, FIRST, 1, wanted, AT)
    elif kind is StopKind.PAYMENT:
        waiting, _ = stops.request_payment(accepted, FIRST, 1, 50_000, BASIS, AT)
    else:
        waiting, _ = stops.halt(accepted, FIRST, 1, kind, "opinion-pending", BASIS, AT)
    patient = Policy(
        rules=(
            EscalationRule("a", Trigger.WAITING, 40.0),
            EscalationRule("b", Trigger.WAITING, 16.0, "above", ("H99",)),
        )
    )
    setting = Setting(lambda unit: RECKONING, patient, DIRECTORY)
    end = RECKONING.later(AT, 40.0)
    assert kinds(after_timers(waiting, end), end, setting) == []
    late = end + timedelta(minutes=1)
    found = one(after_timers(waiting, late), late, setting)
    assert (found.kind, found.since) == (StuckKind.WAITING, AT)
    assert CODE in found.cure
    nobody_says = Setting(lambda unit: RECKONING, Policy(rules=()), DIRECTORY)
    assert kinds(after_timers(waiting, late), late, nobody_says) == []


def test_what_has_ended_is_never_stuck() -> None:
    assert kinds(actions.withdraw(case(), AT), AT + LONG) == []


def test_the_fields_that_find_candidates_are_there_for_every_finding() -> None:
    """Each kind is found by an index: a case that it names has the field that the index holds."""
    assert CASES.derived is not None
    for found, field in (
        (declined_by_all(), "unplaced_since"),
        (replace(case(), timers=()), "neglected_since"),
        (schedule(case(), SETTING), "timer_at"),
        (schedule(case(), SETTING), "accept_by"),
        (stops.request_payment(case(CHAIN, 1), FIRST, 1, 50_000, BASIS, AT)[0], "waits_since"),
    ):
        assert field in CASES.derived(found)
    assert "neglected_since" not in CASES.derived(schedule(case(), SETTING))


class Watched(CaseLife):
    """Whatever agencies do and time brings: nothing is lost on the way."""

    @invariant()
    def the_detector_finds_no_open_case_without_owner_or_timer(self) -> None:
        found = set(kinds(self.case, self.now)) & MISSING
        assert found <= ({StuckKind.UNPLACED} if self.case.unplaced else set())
        assert CASES.derived is not None
        assert "neglected_since" not in CASES.derived(self.case)

    @invariant()
    def timers_that_fired_leave_nothing_late(self) -> None:
        assert StuckKind.TIMER_LATE not in kinds(after_timers(self.case, self.now), self.now)


Watched.TestCase.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
TestWatched = Watched.TestCase


class TestRecomputation:
    """The job's own rules."""

    @pytest.mark.parametrize(("by", "slug"), [("", "account-malformed"), ("Nguyễn Văn A", "account-malformed")])
    def test_who_runs_it_is_an_account(self, by: str, slug: str) -> None:
        with pytest.raises(Invalid) as caught:
            begin("1", by, "Đổi lịch", 2, AT)
        assert caught.value.slug == slug

    @pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
    def test_it_has_a_reason(self, reason: str) -> None:
        with pytest.raises(Invalid) as caught:
            begin("1", "operator", reason, 2, AT)
        assert caught.value.slug == "reason-missing"

    def test_it_goes_on_where_it_stopped_unless_the_calendar_changed_since(self) -> None:
        stopped = replace(begin("1", "operator", "Đổi lịch", 2, AT), place=Place(AT, CODE), looked_at=7, changed=3)
        assert resume(stopped, 2) == stopped
        again = resume(stopped, 3)
        assert (again.place, again.looked_at, again.changed, again.calendar_version) == (None, 0, 3, 3)
        with pytest.raises(Conflict) as caught:
            resume(replace(stopped, ended_at=AT), 2)
        assert caught.value.slug == "recomputation-ended"
