"""Which notices later events make untrue, and which they do not."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import DossierEvent
from contracts.events.intake import (
    DossierCodeIssued,
    DossierCompletionRequested,
    DossierPaid,
    DossierRefused,
    DossierRegistered,
    DossierReturned,
    DossierSubmitted,
    DossierSupplemented,
    DossierWithdrawn,
)
from contracts.events.routing import (
    DossierApologyPrepared,
    DossierDueChanged,
    DossierDueSoon,
    DossierEscalated,
    DossierExtended,
    DossierHalted,
    DossierOverdue,
    DossierPaymentRequested,
    DossierResolved,
    DossierResumed,
    DossierSupplementRequested,
)
from contracts.generate.__main__ import CONTRACTS
from contracts.types import CodePurpose, NoticeChannel, NoticeKind, Outcome
from services.notify.domain.kinds import KINDS, Audience, Lane
from services.notify.domain.notice import Notice
from services.notify.domain.recipient import Recipient
from services.notify.domain.rules import RULES, TERMINATED, new_notice, rule_of
from tests.unit.notify.ladder_fixtures import NOON

DAYS = timedelta(days=3)


def sample(event: type[DossierEvent]) -> DossierEvent:
    """The golden sample, which states every field."""
    data = json.loads((CONTRACTS / "samples" / event.TYPE / "full.json").read_bytes())["data"]
    return event(**data)


def made(event: type[DossierEvent], id: str = "e1") -> Notice:
    kind = RULES[event].makes
    assert kind is not None
    return new_notice(sample(event), kind, id, "c", "H99.01", NOON, DAYS)


def story(*events: type[DossierEvent]) -> dict[str, bool]:
    """Notices of a dossier to which these things happened in turn: id to whether it is still true."""
    recipient, notices = Recipient("H99.01-260302-0007", "box", "Thủ tục", "H99.01", None), []
    for number, event in enumerate(events):
        rule = RULES[event]
        if rule.makes not in recipient.untrue:
            recipient = recipient.heard(rule)
        if rule.makes is not None:
            notice = made(event, f"{number}-{rule.makes}")
            notices.append(notice)
            recipient = recipient.with_notice(notice)
    return {notice.id.removeprefix("n-"): not recipient.is_untrue(notice) for notice in notices}


def test_every_kind_is_made_by_some_event() -> None:
    to_citizens = {kind for kind, rule in KINDS.items() if rule.audience is Audience.CITIZEN}
    assert {rule.makes for rule in (*RULES.values(), TERMINATED)} - {None} == to_citizens


def test_a_termination_is_no_result_to_come_for_and_makes_void_what_a_result_does() -> None:
    """TT 03/2025/TT-VPCP form 05."""
    resolved = sample(DossierResolved)
    outcomes = {outcome: resolved.model_copy(update={"outcome": outcome}) for outcome in Outcome}
    assert {outcome: rule_of(event).makes for outcome, event in outcomes.items()} == {
        Outcome.GRANTED: NoticeKind.RESOLVED,
        Outcome.DENIED: NoticeKind.RESOLVED,
        Outcome.TERMINATED: NoticeKind.TERMINATED,
    }
    assert (TERMINATED.ends, TERMINATED.overtakes) == (RULES[DossierResolved].ends, RULES[DossierResolved].overtakes)


@pytest.mark.parametrize("fact", [DossierDueSoon, DossierOverdue, DossierEscalated, DossierApologyPrepared])
def test_nobody_is_told_of_warnings_or_of_an_apology_that_is_not_signed(fact: type[DossierEvent]) -> None:
    assert fact not in RULES


def test_a_payment_that_was_made_and_a_stop_that_is_over_overtake_their_notices() -> None:
    told = story(DossierSubmitted, DossierPaymentRequested, DossierPaid, DossierResumed, DossierHalted, DossierResumed)
    assert told == {
        "0-received": True, "1-payment": False, "3-due_changed": False, "4-halted": False, "5-due_changed": True,
    }  # fmt: skip


def test_of_new_dates_only_the_last_is_true_and_an_apology_is_always_said() -> None:
    told = story(DossierSubmitted, DossierDueChanged, DossierDueChanged, DossierExtended, DossierDueChanged)
    assert told == {
        "0-received": True, "1-due_changed": False, "2-due_changed": False, "3-extended": True, "4-due_changed": True,
    }  # fmt: skip


def test_papers_that_nobody_needs_any_more_are_not_asked_for() -> None:
    """Another branch made the step needless that waited for them."""
    assert story(DossierSubmitted, DossierSupplementRequested, DossierResumed)["1-supplement"] is False
    assert story(DossierSubmitted, DossierSupplementRequested, DossierResolved)["1-supplement"] is False


@pytest.mark.parametrize("last", [DossierResolved, DossierWithdrawn])
def test_after_the_end_nobody_is_asked_to_pay_or_told_of_dates(last: type[DossierEvent]) -> None:
    told = story(DossierSubmitted, DossierPaymentRequested, DossierHalted, DossierDueChanged, last)
    assert [told[id] for id in ("1-payment", "2-halted", "3-due_changed")] == [False] * 3


def test_a_filing_that_is_received_overtakes_word_of_the_filing_and_not_later_requests() -> None:
    assert story(DossierRegistered, DossierCompletionRequested, DossierSubmitted, DossierSupplementRequested) == {
        "0-filed": False, "1-supplement": False, "2-received": True, "3-supplement": True,
    }  # fmt: skip


def test_papers_that_came_overtake_the_request_for_them_and_not_the_next_one() -> None:
    told = story(DossierSubmitted, DossierSupplementRequested, DossierSupplemented, DossierSupplementRequested)
    assert told == {"0-received": True, "1-supplement": False, "3-supplement": True}


def test_a_refusal_is_the_last_word_about_a_filing() -> None:
    assert story(DossierRegistered, DossierRefused) == {"0-filed": False, "1-refused": True}


def test_a_withdrawal_ends_what_waits_and_what_agencies_say_before_they_know() -> None:
    told = story(DossierSubmitted, DossierSupplementRequested, DossierWithdrawn, DossierExtended)
    assert told == {"0-received": False, "1-supplement": False, "2-withdrawn": True, "3-extended": False}


def test_codes_still_come_after_a_withdrawal() -> None:
    assert story(DossierSubmitted, DossierWithdrawn, DossierCodeIssued)["2-one_time_code"]


@pytest.mark.parametrize("first", [DossierWithdrawn, DossierResolved])
def test_a_result_makes_a_withdrawal_void_whichever_comes_first(first: type[DossierEvent]) -> None:
    """Routing is the point of order: it resolves only what it does not know to be withdrawn."""
    second = DossierResolved if first is DossierWithdrawn else DossierWithdrawn
    told = {id.partition("-")[2]: true for id, true in story(DossierSubmitted, first, second).items()}
    assert (told["withdrawn"], told["resolved"]) == (False, True)
    then = {id.partition("-")[2]: true for id, true in story(DossierSubmitted, first, second, DossierReturned).items()}
    assert (then["withdrawn"], then["resolved"], then["returned"]) == (False, False, True)


def test_a_void_withdrawal_ends_nothing() -> None:
    assert story(DossierSubmitted, DossierExtended, DossierResolved, DossierWithdrawn) == {
        "0-received": True, "1-extended": True, "2-resolved": True, "3-withdrawn": False,
    }  # fmt: skip


def test_word_that_a_result_waits_is_untrue_once_it_was_handed_over_even_when_it_comes_later() -> None:
    """A result repaired or replayed after the hand-over."""
    assert story(DossierSubmitted, DossierReturned, DossierResolved) == {
        "0-received": True, "1-returned": True, "2-resolved": False,
    }  # fmt: skip


def test_only_a_dossier_with_a_notice_to_take_back_is_swept() -> None:
    """A result is news for every dossier; hardly any was withdrawn before."""
    recipient = Recipient("H99.01-260302-0007", "box", "Thủ tục", "H99.01", NOON).with_notice(made(DossierSubmitted))
    assert not recipient.heard(RULES[DossierResolved]).sweep
    withdrawn = recipient.with_notice(made(DossierWithdrawn, "e2"))
    assert withdrawn.heard(RULES[DossierResolved]).sweep


@given(st.lists(st.sampled_from(list(RULES)), max_size=12))
def test_the_last_word_of_a_kind_is_never_overtaken_by_itself_and_codes_never(events: list[type[DossierEvent]]) -> None:
    told = story(*events)
    assert all(true for id, true in told.items() if id.endswith("one_time_code"))
    assert all(true for id, true in told.items() if id.endswith(("refused", "returned")))
    assert len(told) == sum(RULES[event].makes is not None for event in events)


def test_a_code_goes_by_sms_until_it_ends_with_its_purpose_and_its_secret() -> None:
    event, notice = sample(DossierCodeIssued), made(DossierCodeIssued)
    assert isinstance(event, DossierCodeIssued)
    assert (notice.channel, notice.expires_at) == (NoticeChannel.SMS, event.expires_at)
    assert (notice.purpose, notice.secret) == (CodePurpose.HAND_OVER, event.secret)
    assert notice.lane is Lane.URGENT
    others = [made(other) for other in RULES if RULES[other].makes not in (None, notice.kind)]
    assert not any(other.lane is Lane.URGENT for other in others)


def test_what_each_event_tells_is_in_its_notice() -> None:
    registered, refused, returned = made(DossierRegistered), made(DossierRefused), made(DossierReturned)
    assert registered.due_at == sample(DossierRegistered).answer_due_at  # type: ignore[attr-defined]
    assert refused.reasons == ("missing-papers", "wrong-authority")
    assert returned.secret == sample(DossierReturned).invitation  # type: ignore[attr-defined]
    assert made(DossierPaymentRequested).amount_vnd == sample(DossierPaymentRequested).amount_vnd  # type: ignore[attr-defined]
    assert made(DossierHalted).reasons == (sample(DossierHalted).reason,)  # type: ignore[attr-defined]
    for new_date in (DossierResumed, DossierDueChanged):
        assert made(new_date).due_at == sample(new_date).due_at  # type: ignore[attr-defined]
    assert made(DossierExtended).reasons == (sample(DossierExtended).reason,)  # type: ignore[attr-defined]
    assert made(DossierSubmitted).expires_at == NOON + DAYS
