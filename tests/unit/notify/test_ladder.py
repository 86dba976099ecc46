"""Zalo, SMS, call list: the next step after every kind of answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.events.notify import NoticeDelivered, NoticeEnded, NoticeSent
from contracts.types import NoticeKind
from services.notify.domain.notice import Notice
from services.notify.domain.policy import morning
from services.notify.domain.receipts import Receipt, apply_receipt
from services.notify.domain.results import Result, Verdict
from services.notify.domain.transitions import State
from tests.unit.notify.ladder_fixtures import (
    NOON,
    POLICY,
    SMS,
    ZALO,
    decide_after,
    hand_over,
    handed_over,
    new_notice,
)

SECOND = timedelta(seconds=1)


def after(notice: Notice, verdict: Verdict, now: datetime = NOON, provider_id: str = "") -> Notice:
    assert notice.current is not None
    return decide_after(notice, notice.current.id, Result(verdict, "x", provider_id), POLICY, now).notice


def on_sms(now: datetime = NOON) -> Notice:
    return hand_over(after(handed_over(), Verdict.RECIPIENT), POLICY, now, {}).notice


def receipt(notice: Notice, number: int, *, delivered: bool = True) -> Receipt:
    attempt = notice.attempts[number - 1]
    return Receipt(attempt.provider, attempt.id, attempt.provider_id, delivered, NOON + 5 * SECOND)


def test_the_attempt_is_written_before_the_call_and_its_id_fits_both_gateways() -> None:
    claimed = hand_over(new_notice(), POLICY, NOON, {})
    assert claimed.attempt is not None
    assert claimed.notice.state is State.SENDING
    assert claimed.notice.attempts == (claimed.attempt,)
    assert len(claimed.attempt.id) + 2 <= 48


def test_taken_by_zalo_waits_for_the_receipt_and_says_so() -> None:
    step = decide_after(handed_over(), handed_over().attempts[0].id, Result(Verdict.TAKEN, "0", "m1"), POLICY, NOON)
    assert step.notice.state is State.SENT
    assert step.notice.next_at == NOON + timedelta(seconds=300)
    assert step.notice.attempts[0].provider_id == "m1"
    assert [type(event) for event in step.events] == [NoticeSent]


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict.RECIPIENT, Verdict.PAYLOAD, Verdict.TEMPLATE, Verdict.CONFIGURATION, Verdict.BILLING, Verdict.DAY_QUOTA,
        Verdict.MONTH_QUOTA, Verdict.TOKEN,
    ],
)  # fmt: skip
def test_what_zalo_cannot_do_goes_to_sms_at_once(verdict: Verdict) -> None:
    notice = after(handed_over(), verdict)
    assert (notice.state, notice.channel, notice.next_at) == (State.CREATED, SMS, NOON)


def test_zalo_is_tried_three_times_with_growing_pauses_and_a_new_id_each_then_sms() -> None:
    notice, now, pauses = handed_over(), NOON, []
    for _ in range(2):
        notice = after(notice, Verdict.TRANSIENT, now)
        assert notice.state is State.CREATED
        assert notice.channel is ZALO
        assert notice.next_at is not None
        pauses.append(notice.next_at - now)
        now = notice.next_at
        notice = hand_over(notice, POLICY, now, {}).notice
    notice = after(notice, Verdict.TRANSIENT, now)
    assert notice.channel is SMS
    assert pauses[1] > pauses[0]
    assert len({attempt.id for attempt in notice.attempts}) == 3


def test_a_zalo_call_without_an_answer_is_never_repeated_there() -> None:
    notice = after(handed_over(), Verdict.NO_ANSWER)
    assert notice.state is State.UNKNOWN
    assert notice.next_at == NOON + timedelta(seconds=120)
    claimed = hand_over(notice, POLICY, NOON + timedelta(seconds=120), {})
    assert claimed.attempt is not None
    assert claimed.attempt.channel is SMS


def test_an_sms_call_without_an_answer_is_asked_again_under_the_same_request_id() -> None:
    notice = after(on_sms(), Verdict.NO_ANSWER)
    assert notice.state is State.UNKNOWN
    assert notice.next_at is not None
    first = notice.attempts[-1]
    claimed = hand_over(notice, POLICY, notice.next_at, {})
    assert claimed.attempt is not None
    assert claimed.attempt.id == first.id
    assert claimed.attempt.calls == 2
    assert after(claimed.notice, Verdict.ALREADY_TAKEN).state is State.SENT


@pytest.mark.parametrize("verdict", [Verdict.TRANSIENT, Verdict.CONFIGURATION, Verdict.NO_ANSWER])
def test_after_an_unanswered_sms_call_no_new_request_id_is_made(verdict: Verdict) -> None:
    notice = after(on_sms(), Verdict.NO_ANSWER)
    assert notice.next_at is not None
    again = after(hand_over(notice, POLICY, notice.next_at, {}).notice, verdict, notice.next_at)
    assert again.state is State.UNKNOWN
    assert again.made == 2


def test_an_sms_that_never_answers_is_given_up_before_its_request_id_stops_protecting() -> None:
    notice = after(on_sms(), Verdict.NO_ANSWER)
    while not notice.is_final:
        assert notice.next_at is not None
        now = notice.next_at
        claimed = hand_over(notice, POLICY, now, {})
        notice = claimed.notice if claimed.attempt is None else after(claimed.notice, Verdict.NO_ANSWER, now)
        assert now - NOON < timedelta(hours=25)
    assert notice.state is State.UNDELIVERABLE
    assert notice.reason == "sms-no-answer"


@pytest.mark.parametrize(
    ("verdict", "state"), [(Verdict.RECIPIENT, State.UNDELIVERABLE), (Verdict.PAYLOAD, State.FAILED)]
)
def test_what_sms_cannot_do_ends_the_notice(verdict: Verdict, state: State) -> None:
    notice = on_sms()
    step = decide_after(notice, notice.attempts[-1].id, Result(verdict, "99"), POLICY, NOON)
    assert step.notice.state is state
    [ended] = step.events
    assert isinstance(ended, NoticeEnded)
    assert ended.state.value == state.value


def test_accepted_without_a_receipt_goes_from_zalo_to_sms_and_from_sms_to_the_call_list() -> None:
    notice = after(handed_over(), Verdict.TAKEN, provider_id="m1")
    assert notice.next_at is not None
    claimed = hand_over(notice, POLICY, notice.next_at, {})
    assert claimed.attempt is not None
    assert claimed.attempt.channel is SMS
    notice = after(claimed.notice, Verdict.TAKEN, notice.next_at, "s1")
    assert notice.next_at is not None
    ended = hand_over(notice, POLICY, notice.next_at, {})
    assert ended.attempt is None
    assert ended.notice.state is State.UNDELIVERABLE


def test_a_dead_process_leaves_zalo_unknown_and_sms_to_be_asked_again() -> None:
    later = NOON + POLICY.call_limit
    zalo = hand_over(handed_over(), POLICY, later, {})
    assert zalo.notice.state is State.UNKNOWN
    assert zalo.attempt is None
    sms = hand_over(on_sms(), POLICY, later, {})
    assert sms.attempt is not None
    assert sms.attempt.calls == 2


def test_closed_channels_are_passed_over_or_waited_for() -> None:
    until = NOON + timedelta(minutes=5)
    by_sms = hand_over(new_notice(), POLICY, NOON, {ZALO: until})
    assert by_sms.attempt is not None
    assert by_sms.attempt.channel is SMS
    waits = hand_over(new_notice(), POLICY, NOON, {ZALO: until, SMS: until})
    assert waits.attempt is None
    assert (waits.notice.state, waits.notice.next_at) == (State.CREATED, until)


def test_a_notice_that_waited_too_long_expires() -> None:
    ended = hand_over(new_notice(), POLICY, NOON + timedelta(hours=72), {})
    assert ended.notice.state is State.EXPIRED


def test_a_night_block_waits_for_the_morning_in_viet_nam() -> None:
    eleven_at_night = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
    assert morning(eleven_at_night, 0.0) == datetime(2026, 3, 2, 23, 5, tzinfo=UTC)
    one_in_the_morning = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
    assert morning(one_in_the_morning, 0.0) == datetime(2026, 3, 2, 23, 5, tzinfo=UTC)
    notice = after(handed_over(), Verdict.NIGHT, eleven_at_night)
    assert notice.channel is ZALO
    assert notice.next_at is not None
    assert notice.next_at >= datetime(2026, 3, 2, 23, 5, tzinfo=UTC)


def test_a_receipt_before_the_reply_delivers_and_the_reply_changes_nothing_more() -> None:
    notice = handed_over()
    step = apply_receipt(notice, Receipt(notice.attempts[0].provider, notice.attempts[0].id, "m1", True, NOON), NOON)
    assert step is not None
    assert step.notice.state is State.DELIVERED
    assert [type(event) for event in step.events] == [NoticeDelivered]
    late = decide_after(step.notice, notice.attempts[0].id, Result(Verdict.TAKEN, "0", "m1"), POLICY, NOON)
    assert late.notice.state is State.DELIVERED
    assert late.events == ()


def test_a_second_receipt_is_a_repeat() -> None:
    notice = after(handed_over(), Verdict.TAKEN, provider_id="m1")
    step = apply_receipt(notice, receipt(notice, 1), NOON)
    assert step is not None
    again = apply_receipt(step.notice, receipt(notice, 1), NOON + SECOND)
    assert again is not None
    assert again.notice == step.notice
    assert again.events == ()


def test_a_receipt_while_the_fallback_waits_makes_the_fallback_needless() -> None:
    notice = after(handed_over(), Verdict.NO_ANSWER)
    waiting = replace(notice, state=State.CREATED, channel=SMS)
    step = apply_receipt(waiting, Receipt(notice.attempts[0].provider, notice.attempts[0].id, "m1", True, NOON), NOON)
    assert step is not None
    assert step.notice.state is State.DELIVERED
    assert step.notice.channel is ZALO


def test_a_receipt_after_the_fallback_was_sent_is_written_down_and_causes_nothing() -> None:
    notice = after(handed_over(), Verdict.TAKEN, provider_id="m1")
    assert notice.next_at is not None
    notice = after(hand_over(notice, POLICY, notice.next_at, {}).notice, Verdict.TAKEN, notice.next_at, "s1")
    step = apply_receipt(notice, receipt(notice, 1), NOON + timedelta(hours=1))
    assert step is not None
    assert step.notice.state is State.SENT
    assert step.events == ()
    assert step.notice.attempts[0].delivered_at is not None
    assert step.notice.history[-1].reason == "late-receipt"
    # ... but when the SMS is then given up, the citizen need not be called: the phone has the Zalo message.
    failed = apply_receipt(step.notice, receipt(step.notice, 2, delivered=False), NOON + timedelta(hours=2))
    assert failed is not None
    assert failed.notice.state is State.DELIVERED
    assert failed.notice.channel is ZALO


def test_a_receipt_whose_two_ids_belong_to_different_messages_is_nobodys() -> None:
    notice = after(handed_over(), Verdict.TAKEN, provider_id="m1")
    assert (
        apply_receipt(notice, Receipt(notice.attempts[0].provider, notice.attempts[0].id, "other", True, NOON), NOON)
        is None
    )
    assert apply_receipt(notice, Receipt("zalo", "n-x-1", "m1", True, NOON), NOON) is None


def test_a_failed_delivery_of_an_sms_puts_the_dossier_on_the_call_list() -> None:
    notice = after(on_sms(), Verdict.TAKEN, provider_id="s1")
    step = apply_receipt(notice, Receipt("esms", "", "s1", False, NOON), NOON)
    assert step is not None
    assert step.notice.state is State.UNDELIVERABLE
    assert step.notice.reason == "sms-not-delivered"


def code_on_its_way(verdict: Verdict, now: datetime = NOON) -> Notice:
    """A one-time code, of use for five minutes, after its first call."""
    waiting = replace(
        new_notice(NoticeKind.ONE_TIME_CODE), channel=SMS, expires_at=NOON + timedelta(minutes=5), secret="a sealed box"
    )
    return after(hand_over(waiting, POLICY, NOON, {}).notice, verdict, now)


def test_a_code_is_not_asked_for_again_once_it_is_of_no_use() -> None:
    """The first call got no answer: another one under its id could still bring the code to the phone, too late."""
    notice = code_on_its_way(Verdict.NO_ANSWER)
    repeated = hand_over(notice, POLICY, NOON + timedelta(minutes=4), {})
    assert repeated.attempt is not None
    ended = hand_over(notice, POLICY, NOON + timedelta(minutes=5), {})
    assert (ended.attempt, ended.notice.state, ended.notice.reason) == (None, State.UNDELIVERABLE, "sms-no-answer")


@pytest.mark.parametrize("verdict", [Verdict.TRANSIENT, Verdict.CONFIGURATION, Verdict.BILLING])
def test_a_code_waits_no_longer_than_it_is_of_use(verdict: Verdict) -> None:
    notice = code_on_its_way(verdict, NOON + timedelta(minutes=4, seconds=59))
    assert notice.next_at == NOON + timedelta(minutes=5)
    ended = hand_over(notice, POLICY, NOON + timedelta(minutes=5), {})
    assert (ended.notice.state, ended.notice.reason) == (State.EXPIRED, "expired")


def test_a_secret_is_kept_while_a_call_may_follow_and_no_longer() -> None:
    assert code_on_its_way(Verdict.NO_ANSWER).secret
    assert code_on_its_way(Verdict.TRANSIENT).secret
    assert code_on_its_way(Verdict.TAKEN).secret == ""
    assert code_on_its_way(Verdict.RECIPIENT).secret == ""
    by_zalo = replace(handed_over(), secret="a sealed box")
    assert after(by_zalo, Verdict.TAKEN).secret, "without a receipt the text needs it"
