"""Sending a notice again: when it is possible, and that the gateways can still name it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Conflict
from contracts.types import NoticeChannel, NoticeKind
from services.notify.domain.notice import Attempt, Notice, attempt_id, notice_of
from services.notify.domain.recipient import Recipient
from services.notify.domain.resend import (
    MOST_RESENDS,
    SAME_TEXT_REFUSED,
    again,
    check,
    marked,
    resend_id,
    resend_ids,
    root_of,
    was_resent,
)
from services.notify.domain.rules import notice_id
from services.notify.domain.transitions import FINAL, State

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CODE = "H99.01-261123-0001"
LIFETIME = timedelta(days=3)
RECIPIENT = Recipient(CODE, "sealed", "Đăng ký khai sinh", "H99.01", NOW)


def ended(state: State = State.UNDELIVERABLE, **changes: object) -> Notice:
    notice = Notice(
        id="n-1", code=CODE, kind=NoticeKind.RECEIVED, event_id="1", correlation_id="c", happened_at=NOW,
        created_at=NOW, expires_at=NOW, next_at=None, counter="H99.01", state=state, secret="",
    )  # fmt: skip
    return replace(notice, **changes)  # type: ignore[arg-type]


def refusal(notice: Notice, *more: Notice, recipient: Recipient | None = RECIPIENT) -> str:
    with pytest.raises(Conflict) as caught:
        check(notice, (notice, *more), recipient, NOW)
    return caught.value.slug


def called(ago: timedelta, **changes: object) -> Notice:
    """Ended after calls; the last one was so long ago."""
    attempts = tuple(
        Attempt(f"n-1-{number}", number, NoticeChannel.SMS, at=at, called_at=at, provider="esms")
        for number, at in ((1, NOW - timedelta(hours=1)), (2, NOW - ago))
    )
    return replace(ended(attempts=attempts), **changes)  # type: ignore[arg-type]


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=200), st.integers(1, 9999))
def test_the_ids_of_its_attempts_fit_every_gateway_and_lead_back(event_id: str, number: int) -> None:
    ids = resend_ids(notice_id(event_id))
    assert len({*ids, notice_id(event_id)}) == MOST_RESENDS + 1
    for id in ids:
        attempt = attempt_id(id, number)
        assert len(attempt) <= 48
        assert notice_of(attempt) == id


@pytest.mark.parametrize("state", sorted(FINAL - {State.CANCELLED}))
def test_what_has_ended_may_be_sent_again(state: State) -> None:
    notice = ended(state)
    check(notice, (notice,), RECIPIENT, NOW)


@pytest.mark.parametrize("state", sorted(set(State) - FINAL))
def test_what_is_on_its_way_may_not(state: State) -> None:
    assert refusal(ended(state)) == "notice-not-ended"
    assert refusal(ended(), ended(state, id="n-1.r1", resend_of="n-1")) == "notice-not-ended"


@pytest.mark.parametrize("kind", [NoticeKind.ONE_TIME_CODE, NoticeKind.DUE_SOON, NoticeKind.OVERDUE])
def test_codes_and_reminders_to_officers_may_not(kind: NoticeKind) -> None:
    assert refusal(ended(kind=kind)) == "notice-not-resendable"


def test_what_is_not_true_any_more_may_not() -> None:
    assert refusal(ended(State.CANCELLED)) == "notice-untrue"
    assert refusal(ended(), recipient=replace(RECIPIENT, untrue=(NoticeKind.RECEIVED,))) == "notice-untrue"
    assert refusal(ended(), recipient=replace(RECIPIENT, overtaken=("n-1",))) == "notice-untrue"


def test_without_a_contact_nothing_can_be_sent() -> None:
    assert refusal(ended(), recipient=replace(RECIPIENT, contact=None)) == "contact-wiped"
    assert refusal(ended(), recipient=None) == "contact-wiped"


def test_three_times_is_enough() -> None:
    family = [ended(id=resend_id("n-1", number), resend_of="n-1") for number in range(1, MOST_RESENDS + 1)]
    check(ended(), (ended(), *family[:-1]), RECIPIENT, NOW)
    assert refusal(ended(), *family) == "resends-too-many"


def test_the_same_text_waits_until_no_gateway_takes_it_for_the_first_one() -> None:
    """eSMS refuses it for five minutes as one it has, and that would count as sent."""
    assert timedelta(minutes=5) < SAME_TEXT_REFUSED <= timedelta(minutes=7)
    old, repeated = called(timedelta(hours=1)), called(timedelta(seconds=20.5), id="n-1.r1", resend_of="n-1")
    for family in ((called(timedelta(seconds=20.5)),), (old, repeated)):
        with pytest.raises(Conflict) as caught:
            check(family[0], family, RECIPIENT, NOW)
        assert caught.value.slug == "resend-too-soon"
        assert caught.value.facts["retry_after_s"] == SAME_TEXT_REFUSED.total_seconds() - 20
    check(called(SAME_TEXT_REFUSED), (called(SAME_TEXT_REFUSED),), RECIPIENT, NOW)


def test_what_can_never_be_sent_again_is_not_told_to_wait() -> None:
    assert refusal(called(timedelta(0), kind=NoticeKind.ONE_TIME_CODE)) == "notice-not-resendable"
    assert refusal(called(timedelta(0)), recipient=replace(RECIPIENT, contact=None)) == "contact-wiped"
    family = [ended(id=resend_id("n-1", number), resend_of="n-1") for number in range(1, MOST_RESENDS + 1)]
    assert refusal(called(timedelta(0)), *family) == "resends-too-many"


def test_the_new_notice_says_whose_word_it_was_and_begins_a_life_of_its_own() -> None:
    old = ended(
        State.FAILED, made=4, tries=2, excluded=("esms",), reason="sms-payload", reasons=("missing-papers",),
        items=("Tờ khai",), due_at=NOW,
    )  # fmt: skip
    later = NOW + timedelta(hours=5)
    fresh = again(old, 1, "0123456789ab", "citizen-asked", later, LIFETIME)
    assert (fresh.id, fresh.resend_of, fresh.resent_by, fresh.resent_why) == (
        "n-1.r1", "n-1", "0123456789ab", "citizen-asked",
    )  # fmt: skip
    assert (fresh.state, fresh.next_at, fresh.expires_at) == (State.CREATED, later, later + LIFETIME)
    assert (fresh.made, fresh.tries, fresh.excluded, fresh.attempts) == (0, 0, (), ())
    assert (fresh.reasons, fresh.items, fresh.due_at, fresh.happened_at) == (old.reasons, old.items, NOW, NOW)
    assert (fresh.created_at, fresh.event_at) == (later, later)
    assert root_of(again(fresh, 2, "k", "citizen-asked", later, LIFETIME)) == "n-1"
    assert not was_resent(fresh)
    assert was_resent(marked(old, later))
    assert was_resent(marked(replace(fresh, state=State.FAILED), later))
