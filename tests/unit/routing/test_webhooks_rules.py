"""Filters, who is concerned, how long we wait, and lanes that keep the order of a dossier whatever happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts.events import DossierEvent
from contracts.events.intake import DossierWithdrawn
from contracts.events.routing import (
    DossierDueSoon,
    DossierEscalated,
    DossierResolved,
    DossierSupplementRequested,
    DossierTransferAccepted,
    DossierTransferred,
)
from contracts.types import Mechanism, Outcome, Timeliness
from services.routing.webhooks.domain.attempts import Answer, Policy, Verdict, pause_before, read_retry_after
from services.routing.webhooks.domain.catalogue import CONSUMED, SUBSCRIBABLE, concerned
from services.routing.webhooks.domain.delivery import (
    Delivery,
    DeliveryState,
    Lane,
    append,
    claim,
    first,
    settle,
    take_up,
)
from services.routing.webhooks.domain.subscription import (
    PATIENCE,
    Roster,
    Subscription,
    SubscriptionState,
    Wants,
    heed,
    resume,
    rotate,
)

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CODE = "H12.970.00-260302-0001"
FIRST, SECOND, ABOVE = "H12.970.02", "H12.970.01", "H12.970"
POLICY = Policy()
OK, BAD = Answer(Verdict.DELIVERED, None, 200), Answer(Verdict.FAILED, "http-500", 500)
GONE = Answer(Verdict.GONE, "http-410", 410)
TYPE = DossierTransferred.TYPE


class TestFilters:
    @pytest.mark.parametrize(
        ("wants", "procedure", "counter", "backfill", "matches"),
        [
            (Wants((TYPE,)), "1.1", "H12.970.00", False, True),
            (Wants((TYPE,)), None, None, False, True),
            (Wants(("other",)), "1.1", "H12.970.00", False, False),
            (Wants((TYPE,)), "1.1", "H12.970.00", True, False),
            (Wants((TYPE,), backfill=True), "1.1", "H12.970.00", True, True),
            (Wants((TYPE,), backfill=True), "1.1", "H12.970.00", False, True),
            (Wants((TYPE,), ("1.1", "1.2")), "1.2", "H12.970.00", False, True),
            (Wants((TYPE,), ("1.1",)), "1.11", "H12.970.00", False, False),
            (Wants((TYPE,), ("1.1",)), None, None, False, False),
            (Wants((TYPE,), (), ("H12.970.00",)), "1.1", "H12.970.00", False, True),
            (Wants((TYPE,), (), ("H12.970",)), "1.1", "H12.970.00", False, True),
            (Wants((TYPE,), (), ("H12.97",)), "1.1", "H12.970.00", False, False),
            (Wants((TYPE,), (), ("H12.970.00",)), "1.1", "H12.970", False, False),
            (Wants((TYPE,), (), ("H12.970",)), "1.1", None, False, False),
            (Wants((TYPE,), ("1.1",), ("H12.971",)), "1.1", "H12.970.00", False, False),
        ],
    )
    def test_a_filter_lets_through_what_it_names(
        self, wants: Wants, procedure: str | None, counter: str | None, backfill: bool, matches: bool
    ) -> None:
        assert wants.match(TYPE, procedure, counter, backfill=backfill) is matches

    @given(st.lists(st.sampled_from(["1.1", "1.2", "1.3"])), st.lists(st.sampled_from(["H1", "H1.10", "H2"])))
    def test_more_filters_never_let_more_through(self, procedures: list[str], counters: list[str]) -> None:
        narrow, wide = Wants((TYPE,), tuple(procedures), tuple(counters)), Wants((TYPE,))
        for procedure in ("1.1", "1.2", None):
            for counter in ("H1.10", "H1", "H2.10", None):
                if narrow.match(TYPE, procedure, counter, backfill=False):
                    assert wide.match(TYPE, procedure, counter, backfill=False)


def named(**more: Any) -> dict[str, Any]:
    return {"code": CODE, "occurred_at": NOW, "agency": FIRST} | more


class TestConcerned:
    PART = (FIRST, SECOND)

    @pytest.mark.parametrize(
        ("event", "agencies"),
        [
            (DossierTransferred(**named(step=1, steps=2, step_due_at=NOW, due_at=NOW)), {FIRST}),
            (DossierTransferAccepted(**named(step=1)), {FIRST}),
            (DossierEscalated(**named(rule="silence", to=ABOVE)), {FIRST, ABOVE}),
            (DossierDueSoon(**named(due_at=NOW, step=1)), {FIRST}),
            (DossierDueSoon(**named(due_at=NOW)), {FIRST, SECOND}),
            (DossierSupplementRequested(**named(step=1, reason="missing", items=("Giấy",))), {FIRST, SECOND}),
            (DossierWithdrawn(code=CODE, occurred_at=NOW, counter="H12.970.00"), {FIRST, SECOND}),
            (
                DossierResolved(
                    **named(
                        mechanism=Mechanism.INTERLINKED, procedure_code="1.014466.H12", outcome=Outcome.GRANTED,
                        timeliness=Timeliness.EARLY, due_at=NOW, first_due_at=NOW,
                    )
                ),
                {FIRST, SECOND},
            ),
        ],
        ids=lambda value: getattr(type(value), "__name__", ""),
    )  # fmt: skip
    def test_an_event_concerns_the_agencies_of_its_step_or_all_of_the_dossiers(
        self, event: DossierEvent, agencies: set[str]
    ) -> None:
        assert concerned(event, self.PART) == agencies

    def test_only_the_topic_of_dossiers_is_read_and_one_type_is_made_from_another(self) -> None:
        assert set(SUBSCRIBABLE) - {event.TYPE for event in CONSUMED} == {"vn.motcua.agency.transfer-opened.v1"}


class TestPauses:
    @given(st.integers(1, 10_000), st.floats(0, 1))
    def test_a_pause_lies_between_half_and_the_whole_and_never_over_the_longest(self, n: int, jitter: float) -> None:
        pause = pause_before(n, POLICY, jitter)
        whole = min(POLICY.longest_pause, POLICY.first_pause * 2 ** min(n - 1, 20))
        assert whole / 2 <= pause <= whole <= POLICY.longest_pause

    def test_the_pauses_of_a_day(self) -> None:
        """Seconds at first, half an hour in the end; about fifty attempts in 24 hours, not thousands."""
        at, attempts = timedelta(0), 0
        while at < POLICY.give_up:
            attempts += 1
            at += pause_before(attempts, POLICY, 1.0)
        assert pause_before(1, POLICY, 1.0) == timedelta(seconds=5)
        assert pause_before(9, POLICY, 1.0) == timedelta(seconds=1280)
        assert pause_before(10, POLICY, 1.0) == timedelta(minutes=30)
        assert 50 <= attempts <= 60

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("120", 120), (" 0 ", 0), ("Mon, 02 Mar 2026 01:02:00 GMT", 120), ("Mon, 02 Mar 2026 00:00:00 GMT", 0),
            (None, None), ("", None), ("soon", None), ("-5", None), ("1.5", None), ("٣", None), ("9" * 61, None),
            ("9" * 30, 10**9),
        ],
    )  # fmt: skip
    def test_retry_after_is_read_as_seconds_or_a_date(self, text: str | None, seconds: int | None) -> None:
        expected = None if seconds is None else timedelta(seconds=seconds)
        assert read_retry_after(text, NOW) == expected

    @given(st.text(max_size=70))
    def test_retry_after_never_raises(self, text: str) -> None:
        pause = read_retry_after(text, NOW)
        assert pause is None or pause >= timedelta(0)


def subscription(**changes: Any) -> Subscription:
    return replace(Subscription("s1", FIRST, "https://a.vn/", Wants((TYPE,)), NOW, "sealed"), **changes)


def heeded(one: Subscription, answer: Answer, at: datetime = NOW) -> Subscription:
    return heed(one, answer, POLICY, at, 1.0)


class TestHealth:
    def test_one_failure_alone_does_not_rest_the_address(self) -> None:
        """A dossier that its server cannot digest must not hold up the others."""
        one = heeded(subscription(), BAD)
        assert (one.failures, one.failing_since, one.rests(NOW)) == (1, NOW, False)

    def test_failures_in_a_row_rest_it_and_a_success_wakes_it(self) -> None:
        one = subscription()
        for _ in range(PATIENCE):
            one = heeded(one, BAD)
        assert one.exhausted
        assert one.rest_until == NOW + POLICY.first_pause
        assert heeded(one, BAD).rest_until == NOW + 2 * POLICY.first_pause
        woken = heeded(one, OK)
        assert (woken.failures, woken.failing_since, woken.rest_until) == (0, None, None)

    def test_retry_after_rests_it_at_the_first_failure(self) -> None:
        busy = Answer(Verdict.FAILED, "http-429", 429, timedelta(hours=2))
        assert heeded(subscription(), busy).rest_until == NOW + timedelta(hours=2)
        endless = replace(busy, retry_after=timedelta(days=300))
        assert heeded(subscription(), endless).rest_until == NOW + POLICY.give_up

    def test_it_is_paused_after_24_hours_of_failing_and_not_before(self) -> None:
        one = heeded(subscription(), BAD)
        almost = heeded(one, BAD, NOW + timedelta(hours=24) - timedelta(seconds=1))
        assert almost.state is SubscriptionState.ACTIVE
        paused = heeded(almost, BAD, NOW + timedelta(hours=24))
        assert (paused.state, paused.reason, paused.paused_at) == ("paused", "failing", NOW + timedelta(hours=24))

    def test_a_success_in_between_begins_the_24_hours_anew(self) -> None:
        one = heeded(heeded(heeded(subscription(), BAD), OK), BAD, NOW + timedelta(hours=30))
        assert one.state is SubscriptionState.ACTIVE

    def test_410_ends_it(self) -> None:
        one = heeded(subscription(), GONE)
        assert (one.state, one.reason, one.ended_at) == ("ended", "gone", NOW)
        assert heeded(one, OK) == one

    def test_it_goes_on_after_a_pause_and_shows_the_gap(self) -> None:
        paused = subscription(state=SubscriptionState.PAUSED, paused_at=NOW, failures=9, failing_since=NOW)
        on = resume(paused, NOW + timedelta(hours=1))
        assert (on.state, on.failures, on.paused_at, on.resumed_at) == ("active", 0, NOW, NOW + timedelta(hours=1))

    def test_the_secret_before_signs_along_for_a_day(self) -> None:
        one = rotate(subscription(), "new", NOW, POLICY)
        assert one.sealed_secrets(NOW + timedelta(hours=23)) == ("new", "sealed")
        assert one.sealed_secrets(NOW + timedelta(hours=24)) == ("new",)
        assert rotate(one, "newest", NOW, POLICY).sealed_secrets(NOW) == ("newest", "new")

    def test_no_secret_is_in_what_is_printed(self) -> None:
        assert "sealed" not in repr(rotate(subscription(), "new", NOW, POLICY))

    def test_the_roster_leaves_out_what_has_ended_and_keeps_what_is_paused(self) -> None:
        roster = Roster().kept(subscription())
        assert roster.asks_for([TYPE])
        paused = roster.kept(subscription(state=SubscriptionState.PAUSED))
        assert not paused.asks_for([TYPE])
        assert len(paused.of(FIRST)) == 1
        assert roster.kept(subscription(state=SubscriptionState.ENDED)).listed == ()


def delivery(key: str) -> Delivery:
    return Delivery("s1", key, TYPE, CODE, "{}", NOW)


class TestAttempts:
    def lane(self, *keys: str) -> Lane:
        lane = None
        for key in keys:
            lane = append(lane, key, "s1", CODE, NOW)
        assert lane is not None
        return lane

    def test_a_failure_waits_and_the_later_event_waits_behind_it(self) -> None:
        lane = claim(self.lane("a", "b"), POLICY, NOW)
        assert lane is not None
        after = settle(lane, delivery("a"), "a", 1, BAD, POLICY, NOW, 1.0)
        assert after.lane.waiting == ("a", "b")
        assert after.lane.next_at == NOW + POLICY.first_pause
        assert claim(after.lane, POLICY, NOW) is None

    def test_retry_after_is_honoured_within_the_day(self) -> None:
        lane = claim(self.lane("a"), POLICY, NOW)
        assert lane is not None
        for wait, until in ((timedelta(hours=3), timedelta(hours=3)), (timedelta(days=9), POLICY.give_up)):
            busy = replace(BAD, retry_after=wait)
            assert settle(lane, delivery("a"), "a", 1, busy, POLICY, NOW, 1.0).lane.next_at == NOW + until

    def test_a_day_after_the_first_attempt_it_is_a_dead_letter_and_the_next_one_goes(self) -> None:
        lane, one = self.lane("a", "b"), delivery("a")
        at, number = NOW, 0
        while one.state is DeliveryState.WAITING:
            taken = claim(lane, POLICY, at)
            assert taken is not None
            number += 1
            after = settle(taken, one, "a", number, BAD, POLICY, at, 0.5)
            lane, one = after.lane, after.delivery
            at = max(at, lane.next_at)
        assert (one.reason, one.ended_at) == ("gave-up", NOW + POLICY.give_up)
        assert lane.waiting == ("b",)

    def test_a_claim_holds_until_its_time_is_over(self) -> None:
        lane = claim(self.lane("a"), POLICY, NOW)
        assert lane is not None
        assert claim(lane, POLICY, NOW + POLICY.claim_limit - timedelta(milliseconds=1)) is None
        again = claim(lane, POLICY, NOW + POLICY.claim_limit)
        assert again is not None
        assert (again.claim, again.claimed) == (2, "a")

    def test_an_answer_after_its_claim_counts_only_when_it_is_good(self) -> None:
        lane = claim(self.lane("a", "b"), POLICY, NOW)
        assert lane is not None
        newer = claim(lane, POLICY, NOW + POLICY.claim_limit)
        assert newer is not None
        late = NOW + POLICY.claim_limit
        assert settle(newer, delivery("a"), "a", 1, BAD, POLICY, late, 1.0).lane == newer
        good = settle(newer, delivery("a"), "a", 1, OK, POLICY, late, 1.0)
        assert (good.delivery.state, good.lane.waiting, good.lane.claimed) == ("delivered", ("b",), "a")
        assert claim(good.lane, POLICY, late) is None, "the newer call is still under way"
        done = settle(good.lane, good.delivery, "a", 2, BAD, POLICY, late, 1.0)
        assert (done.delivery.state, done.lane.claimed, done.lane.next_at) == ("delivered", None, late)


class Lanes(RuleBasedStateMachine):
    """One lane under two senders that crash, come late, and meet a partner that answers as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.lane: Lane | None = None
        self.rows: dict[str, Delivery] = {}
        self.calls: list[tuple[str, int]] = []
        """Claims whose calls may still come back."""
        self.received: list[str] = []
        """In the order in which the partner said 2xx for the first time."""
        self.retried: set[str] = set()

    @rule()
    def an_event_happens(self) -> None:
        key = f"e{len(self.rows):04d}"
        self.rows[key] = delivery(key)
        self.lane = append(self.lane, key, "s1", CODE, self.now)

    @precondition(lambda self: self.lane is not None)
    @rule()
    def a_sender_claims(self) -> None:
        assert self.lane is not None
        taken = claim(self.lane, POLICY, self.now)
        if taken is not None and taken.claimed is not None:
            assert self.rows[taken.claimed].state is DeliveryState.WAITING
            self.lane = taken
            self.calls.append((taken.claimed, taken.claim))

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), answer=st.sampled_from([OK, BAD]))
    def an_answer_is_recorded(self, data: st.DataObject, answer: Answer) -> None:
        assert self.lane is not None
        key, number = self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1)))
        if answer is OK and key not in self.received:
            self.received.append(key)
        after = settle(self.lane, self.rows[key], key, number, answer, POLICY, self.now, 0.5)
        self.lane, self.rows[key] = after.lane, after.delivery

    @precondition(lambda self: self.calls)
    @rule()
    def a_sender_crashes(self) -> None:
        self.calls.pop()

    @rule(minutes=st.sampled_from([1, 40, 26 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: any(row.state is DeliveryState.DEAD for row in self.rows.values()))
    @rule()
    def a_person_retries_a_dead_letter(self) -> None:
        key = next(key for key, row in self.rows.items() if row.state is DeliveryState.DEAD)
        self.retried.add(key)
        self.rows[key] = take_up(self.rows[key])
        self.lane = first(self.lane, key, "s1", CODE, self.now)

    @invariant()
    def what_waits_is_in_the_lane_once(self) -> None:
        waiting = self.lane.waiting if self.lane else ()
        assert sorted(waiting) == sorted(k for k, row in self.rows.items() if row.state is DeliveryState.WAITING)

    @invariant()
    def what_was_not_retried_by_hand_waits_in_order(self) -> None:
        waiting = [key for key in (self.lane.waiting if self.lane else ()) if key not in self.retried]
        assert waiting == sorted(waiting)


class LanesInOrder(Lanes):
    """The same with senders that answer within their claim, as they do: then the partner hears all in order."""

    @precondition(lambda self: self.calls)
    @rule(minutes=st.sampled_from([1]))
    def time_passes(self, minutes: int) -> None:
        self.calls.clear()
        self.now += timedelta(minutes=minutes)

    @invariant()
    def the_partner_hears_in_order(self) -> None:
        assert self.received == sorted(self.received)


TestLanes = Lanes.TestCase
TestLanesInOrder = LanesInOrder.TestCase
