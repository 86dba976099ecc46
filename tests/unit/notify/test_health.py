"""What is counted of a gateway's calls and receipts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.notify.domain.results import Result, Verdict
from services.notify.health import Health

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


def heed(health: Health, verdict: Verdict, times: int = 1) -> None:
    for _ in range(times):
        health.heed("esms", Result(verdict), 0.1)


def test_errors_count_for_a_minute() -> None:
    clock = Clock()
    health = Health(clock.now)
    heed(health, Verdict.TRANSIENT, 4)
    heed(health, Verdict.TAKEN)
    assert not health.failing("esms")
    heed(health, Verdict.NO_ANSWER)
    assert health.failing("esms")
    clock.moment += 61 * SECOND
    assert not health.failing("esms")


def test_few_calls_that_all_fail_are_trouble_too_until_they_were_acted_upon() -> None:
    clock = Clock()
    health = Health(clock.now)
    for _ in range(5):
        clock.moment += 2 * MINUTE
        heed(health, Verdict.BILLING)
    assert health.failing("esms")
    health.forgive("esms")
    assert not health.failing("esms")


def test_errors_hours_apart_are_no_row() -> None:
    clock = Clock()
    health = Health(clock.now)
    for _ in range(9):
        clock.moment += 20 * MINUTE
        heed(health, Verdict.TRANSIENT)
    assert not health.failing("esms")


def test_what_is_the_phones_or_the_messages_fault_is_no_error_of_the_gateway() -> None:
    health = Health(Clock().now)
    heed(health, Verdict.RECIPIENT, 50)
    heed(health, Verdict.PAYLOAD, 50)
    assert not health.failing("esms")


def test_texts_without_a_receipt_after_five_minutes_are_late_and_those_that_came_in_time_are_not() -> None:
    clock = Clock()
    health = Health(clock.now)
    health.arrived("esms", SECOND)
    heed(health, Verdict.TAKEN, 20)
    for _ in range(14):
        health.arrived("esms", SECOND)
    clock.moment += 5 * MINUTE
    assert health.late("esms") == 0
    clock.moment += 2 * MINUTE
    assert health.late("esms") == 5
    assert health.slow("esms")
    for _ in range(3):
        health.arrived("esms", 7 * MINUTE)
    assert health.late("esms") == 5
    clock.moment += 12 * MINUTE
    assert health.late("esms") == 0


def test_a_receipt_before_the_answer_of_its_call_is_counted_all_the_same() -> None:
    clock = Clock()
    health = Health(clock.now)
    for _ in range(20):
        health.arrived("esms", timedelta(0))
        heed(health, Verdict.TAKEN)
    clock.moment += 7 * MINUTE
    assert health.late("esms") == 0


def test_a_gateway_without_receipts_is_never_called_slow() -> None:
    clock = Clock()
    health = Health(clock.now)
    heed(health, Verdict.TAKEN, 40)
    clock.moment += 7 * MINUTE
    assert health.late("esms") == 40
    assert not health.slow("esms")


def test_the_quota_that_a_gateway_names_is_remembered() -> None:
    health = Health(Clock().now)
    health.heed("zalo", Result(Verdict.TAKEN, quota_left=499), 0.1)
    heed(health, Verdict.TAKEN)
    assert health.providers["zalo"].quota_left == 499
    assert health.providers["esms"].quota_left is None
    health.quota("zalo", 0)
    assert health.providers["zalo"].quota_left == 0
