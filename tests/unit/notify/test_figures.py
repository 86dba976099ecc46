"""Each notice is handed over once and ends once, whatever happens to it in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.types import NoticeChannel, NoticeKind
from services.notify.domain.figures import bucket, counts
from services.notify.domain.notice import Attempt, Notice
from services.notify.domain.transitions import Move, State

EVENT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ZALO, SMS = NoticeChannel.ZALO, NoticeChannel.SMS


def made(**changes: object) -> Notice:
    notice = Notice(
        id="n-1", code="H99.01-261123-0001", kind=NoticeKind.RECEIVED, event_id="1", correlation_id="c",
        happened_at=EVENT, created_at=EVENT + SECOND, expires_at=EVENT + timedelta(days=3),
        next_at=EVENT, event_at=EVENT,
    )  # fmt: skip
    return replace(notice, **changes)  # type: ignore[arg-type]


def attempt(number: int, at: datetime, provider: str = "zalo", **changes: object) -> Attempt:
    channel = ZALO if provider == "zalo" else SMS
    first = Attempt(f"n-1-{number}", number, channel, at=at, called_at=at, provider=provider)
    return replace(first, **changes)  # type: ignore[arg-type]


def life(*moments: tuple[Notice, datetime]) -> list[tuple[str, str, dict[str, int]]]:
    """What all the changes of a notice add."""
    found, before = [], None
    for notice, at in moments:
        found += [(c.channel, c.provider, dict(c.amounts)) for c in counts(before, notice, at)]
        before = notice
    return found


def handed(late: timedelta, reason: str = "") -> list[tuple[Notice, datetime]]:
    at = EVENT + late
    waiting = made()
    if reason:
        waiting = waiting.move(Move.WAIT, EVENT, reason)
    sending = waiting.with_attempt(attempt(1, at)).move(Move.HAND_OVER, at)
    taken = sending.with_attempt(attempt(1, at, result="taken")).move(Move.TAKEN, at)
    return [(waiting, EVENT), (sending, at), (taken, at)]


@pytest.mark.parametrize(("late", "word"), [(10 * SECOND, "within"), (11 * SECOND, "over")])
def test_ten_seconds_from_the_event_is_in_time(late: timedelta, word: str) -> None:
    assert life(*handed(late)) == [("zalo", "zalo", {f"handed.{word}": 1})]


def test_what_is_kept_back_over_night_is_neither_in_time_nor_late() -> None:
    moments = handed(timedelta(hours=8), "quiet-hours")
    at = moments[-1][1] + SECOND
    phone = attempt(1, at, result="taken", delivered_at=at)
    arrived = moments[-1][0].with_attempt(phone).move(Move.ARRIVED, at)
    assert life(*moments, (arrived, at)) == [
        ("zalo", "zalo", {"handed.held": 1}),
        ("zalo", "zalo", {"ended.delivered": 1}),
    ]


def test_a_receipt_before_the_reply_counts_from_the_call() -> None:
    at = EVENT + 2 * SECOND
    sending = made().with_attempt(attempt(1, at)).move(Move.HAND_OVER, at)
    unknown = sending.move(Move.NO_ANSWER, at + 10 * SECOND)
    hour = EVENT + timedelta(hours=1)
    arrived = unknown.with_attempt(attempt(1, at, delivered_at=EVENT + 5 * SECOND)).move(Move.ARRIVED, hour)
    assert life((made(), EVENT), (sending, at), (unknown, at), (arrived, hour)) == [
        ("zalo", "zalo", {"handed.within": 1}),
        ("zalo", "zalo", {"ended.delivered": 1, "waited.s10": 1}),
    ]


def test_the_second_channel_is_not_handed_over_again_and_the_end_is_its_own() -> None:
    moments = handed(SECOND)
    at = EVENT + timedelta(minutes=5)
    again = moments[-1][0].move(Move.WAIT, at, "zalo-no-receipt", channel=SMS)
    sending = again.with_attempt(attempt(2, at, "esms")).move(Move.HAND_OVER, at)
    taken = sending.with_attempt(attempt(2, at, "esms", result="taken")).move(Move.TAKEN, at)
    gone = taken.move(Move.GIVE_UP, at + timedelta(days=3), "sms-no-receipt")
    late = replace(gone, attempts=(gone.attempts[0], attempt(2, at, "esms", result="taken", delivered_at=at)))
    assert life(*moments, (again, at), (sending, at), (taken, at), (gone, at), (late, at), (late, at)) == [
        ("zalo", "zalo", {"handed.within": 1}),
        ("sms", "esms", {"ended.undeliverable": 1}),
        ("sms", "esms", {"ended.late": 1}),
    ]


def test_one_that_was_untrue_from_the_beginning_ends_without_a_gateway() -> None:
    cancelled = made().move(Move.CANCEL, EVENT, "no-longer-true")
    assert cancelled.state is State.CANCELLED
    assert life((cancelled, EVENT)) == [("zalo", "", {"ended.cancelled": 1})]


def lost(state: State, reason: str, before: Notice | None = None) -> Notice:
    moves = {State.UNDELIVERABLE: Move.GIVE_UP, State.FAILED: Move.FAIL, State.EXPIRED: Move.EXPIRE}
    return (before or made()).move(moves[state], EVENT + timedelta(days=3), reason)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.EXPIRED, "expired"),
        (State.FAILED, "sms-payload"),
        (State.FAILED, "contact-unreadable"),
        (State.UNDELIVERABLE, "no-channel"),
        (State.UNDELIVERABLE, "sms-recipient"),
    ],
)
def test_what_no_gateway_ever_had_was_not_handed_over_in_time(state: State, reason: str) -> None:
    end = lost(state, reason)
    assert life((made(), EVENT), (end, EVENT), (end, EVENT)) == [
        ("zalo", "", {f"ended.{state}": 1, "handed.over": 1}),
    ]


def test_a_wrong_number_is_no_hand_over_that_is_late() -> None:
    end = lost(State.UNDELIVERABLE, "phone-not-mobile")
    assert life((made(), EVENT), (end, EVENT)) == [("zalo", "", {"ended.undeliverable": 1})]


def test_what_was_no_longer_of_use_when_the_night_was_over_was_held() -> None:
    night = made().move(Move.WAIT, EVENT, "quiet-hours")
    assert life((night, EVENT), (lost(State.EXPIRED, "expired", night), EVENT)) == [
        ("zalo", "", {"ended.expired": 1, "handed.held": 1}),
    ]
    later = night.move(Move.WAIT, EVENT + timedelta(hours=8), "sms-closed")
    assert life((later, EVENT), (lost(State.EXPIRED, "expired", later), EVENT)) == [
        ("zalo", "", {"ended.expired": 1, "handed.over": 1}),
    ]


def test_one_that_was_given_up_and_is_reported_after_all_stays_counted_once() -> None:
    at = EVENT + SECOND
    sending = made(channel=SMS).with_attempt(attempt(1, at, "esms")).move(Move.HAND_OVER, at)
    unknown = sending.with_attempt(attempt(1, at, "esms", result="no-answer")).move(Move.NO_ANSWER, at)
    gone = unknown.move(Move.GIVE_UP, at + timedelta(hours=1), "sms-no-answer")
    late = gone.with_attempt(attempt(1, at, "esms", result="no-answer", delivered_at=at))
    assert life((sending, at), (unknown, at), (gone, at), (late, at), (late, at)) == [
        ("sms", "esms", {"ended.undeliverable": 1, "handed.over": 1}),
        ("sms", "esms", {"ended.late": 1}),
    ]


def test_a_history_that_lost_its_oldest_lines_still_knows_that_it_was_handed_over() -> None:
    *_, (taken, at) = handed(SECOND)
    long = replace(taken, history=())
    assert life((taken, at), (long, at), (long.note(taken.history[-1]), at)) == [("zalo", "zalo", {"handed.within": 1})]


@pytest.mark.parametrize(
    ("waited", "name"),
    [(SECOND, "s10"), (11 * SECOND, "s30"), (3600 * SECOND, "h1"), (timedelta(days=2), "longer"), (-SECOND, "s10")],
)
def test_buckets_of_waiting(waited: timedelta, name: str) -> None:
    assert bucket(waited) == name
