"""When a worker counts as ill; an hour passes by turning a clock."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from services.kit.settings import HealthSettings, KafkaSettings, Settings
from services.kit.streaks import Streak
from services.kit.vitals import Vitals

LIMITS = HealthSettings(stuck_s=60, batch_s=120, outbox_s=60, commits_s=60, rejoin_s=60)


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vitals(clock: Clock) -> Vitals:
    return Vitals(LIMITS, clock)


def test_lag_without_progress_is_stuck_and_progress_cures_it(vitals: Vitals, clock: Clock) -> None:
    vitals.saw_lag(5, paused=False, progress_at=0)
    clock.now += 59
    vitals.saw_lag(5, paused=False, progress_at=0)
    assert vitals.stuck() == ""
    clock.now += 2
    assert "61 s" in vitals.stuck()
    vitals.saw_lag(3, paused=False, progress_at=clock.now)
    assert vitals.stuck() == ""


@pytest.mark.parametrize(("lag", "paused"), [(0, False), (None, False), (5, True)])
def test_nothing_to_do_nothing_known_and_held_by_hand_are_not_stuck(
    vitals: Vitals, clock: Clock, lag: int | None, paused: bool
) -> None:
    vitals.saw_lag(5, paused=False, progress_at=0)
    clock.now += 30
    vitals.saw_lag(lag, paused=paused, progress_at=0)
    clock.now += 100
    assert vitals.stuck() == ""


def test_a_resumed_consumer_has_its_whole_time_again(vitals: Vitals, clock: Clock) -> None:
    vitals.saw_lag(5, paused=True, progress_at=0)
    clock.now += 3600
    vitals.saw_lag(5, paused=False, progress_at=0)
    clock.now += 59
    assert vitals.stuck() == ""


def test_a_batch_counts_from_its_beginning_or_its_latest_part(vitals: Vitals, clock: Clock) -> None:
    began = clock.now
    clock.now += 121
    assert vitals.batch_without_end(None, 0) == ""
    assert vitals.batch_without_end(began, 0) != ""
    assert vitals.batch_without_end(began, began + 60) == ""


def test_an_outbox_that_only_gets_older_grows_and_one_that_is_being_sent_does_not(vitals: Vitals, clock: Clock) -> None:
    for _ in range(31):
        vitals.saw_outbox(clock.now - 900)  # nothing is sent: older with each look
        clock.now += 2
    assert vitals.outbox_grows() != ""
    for sent in range(40):
        vitals.saw_outbox(5000 - 100 * sent)  # years of a journal, being sent again
        clock.now += 2
    assert vitals.outbox_grows() == ""
    vitals.saw_outbox(0)
    assert vitals.outbox_grows() == ""


def test_an_old_outbox_found_just_now_is_given_its_time(vitals: Vitals, clock: Clock) -> None:
    vitals.saw_outbox(5000)
    clock.now += 10
    vitals.saw_outbox(5010)
    assert vitals.outbox_grows() == ""


def test_who_could_not_look_says_nothing_of_the_outbox(vitals: Vitals, clock: Clock) -> None:
    for _ in range(40):
        vitals.saw_outbox(clock.now)
        clock.now += 2
    vitals.saw_outbox(None)
    assert vitals.outbox_grows() == ""


def test_a_commit_that_waits_counts_like_commits_that_fail(vitals: Vitals, clock: Clock) -> None:
    assert vitals.offsets_not_committed(0, None) == ""
    assert vitals.offsets_not_committed(61, None) != ""
    since = clock.now
    clock.now += 61
    assert vitals.offsets_not_committed(0, since) != ""


def test_out_of_the_group_is_an_illness_only_while_its_coordinator_answers(vitals: Vitals, clock: Clock) -> None:
    vitals.saw_rejoining(True, coordinator_answers=False)
    clock.now += 600
    assert vitals.rejoin_pending() == ""
    vitals.saw_rejoining(True, coordinator_answers=True)
    clock.now += 61
    assert vitals.rejoin_pending() != ""
    vitals.saw_rejoining(False, coordinator_answers=True)
    assert vitals.rejoin_pending() == ""


def test_no_poll_for_long_is_a_dead_loop(vitals: Vitals) -> None:
    assert vitals.poll_loop_dead(59) == ""
    assert vitals.poll_loop_dead(61) != ""


def test_a_streak_lasts_from_its_first_failure_and_one_success_ends_it(clock: Clock) -> None:
    streak = Streak(clock)
    streak.failed("OSError")
    clock.now += 50
    streak.failed("TimeoutError")
    clock.now += 11
    assert streak.lasts_s(forget_s=60) == 61
    assert streak.reason == "TimeoutError"
    streak.succeeded()
    assert streak.lasts_s(forget_s=60) == 0


def test_a_streak_is_forgotten_when_nobody_tries_any_more(clock: Clock) -> None:
    streak = Streak(clock)
    streak.failed("OSError")
    clock.now += 61
    assert streak.lasts_s(forget_s=60) == 0


def test_a_log_that_ends_below_its_fence_is_given_some_time_and_each_partition_its_own(
    vitals: Vitals, clock: Clock
) -> None:
    one, two = ("dossier.events.v1", 0), ("dossier.events.v1", 1)
    assert not vitals.saw_short_logs([one])
    clock.now += 10
    assert not vitals.saw_short_logs([one, two])
    clock.now += 6
    assert vitals.saw_short_logs([one, two]) == {one}
    assert not vitals.saw_short_logs([])
    assert not vitals.saw_short_logs([one])


@pytest.mark.parametrize(("drain_s", "rejoin_s"), [(60, 60), (40, 60), (40, 110)])
def test_a_rejoin_may_take_as_long_as_the_longest_rebalance(drain_s: float, rejoin_s: float) -> None:
    """Twice the drain, and before it the session of a member that died."""
    with pytest.raises(ValueError, match="HEALTH_REJOIN_S"):
        Settings(kafka=KafkaSettings(drain_s=drain_s), health=HealthSettings(rejoin_s=rejoin_s))
    Settings(kafka=KafkaSettings(drain_s=drain_s), health=HealthSettings(rejoin_s=2 * drain_s + 31))


def test_two_rebalances_one_after_the_other_are_no_illness_by_default() -> None:
    kafka = KafkaSettings()
    assert HealthSettings().rejoin_s > 2 * kafka.longest_rebalance_s
