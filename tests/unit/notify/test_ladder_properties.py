"""Any order of answers, receipts, crashes and waiting: one final state, and never two calls where one could double."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.events.notify import NoticeDelivered, NoticeEnded, NoticeSent
from contracts.types import NoticeChannel, NoticeKind
from services.notify.domain.hand_over import HandOver, hand_over, is_due
from services.notify.domain.ladder import Step, decide_after
from services.notify.domain.notice import Attempt, Notice
from services.notify.domain.receipts import Receipt, apply_receipt
from services.notify.domain.results import Result, Verdict
from services.notify.domain.transitions import FINAL
from tests.unit.notify.ladder_fixtures import NOON, POLICY, SMS, ZALO, new_notice

# What a gateway can truly do with a message, and what the caller then hears.
SECRET = "a sealed box"
REFUSALS = tuple(v for v in Verdict if v not in (Verdict.TAKEN, Verdict.ALREADY_TAKEN, Verdict.NO_ANSWER))


class Ladder(RuleBasedStateMachine):
    """Gateways that take a message once per id (eSMS) or every time (Zalo), and answers that may get lost."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOON
        self.notice: Notice = new_notice()
        self.calls: list[Attempt] = []
        self.answers: list[tuple[str, Result]] = []
        self.taken: dict[str, str] = {}
        self.channel_of: dict[str, NoticeChannel] = {}
        self.events: Counter[type] = Counter()
        self.finals: list[str] = []
        self.zalo_calls: Counter[str] = Counter()

    @initialize(sms_only=st.booleans(), kind=st.sampled_from([NoticeKind.RETURNED, NoticeKind.ONE_TIME_CODE]))
    def begin(self, sms_only: bool, kind: NoticeKind) -> None:
        self.sms_only = sms_only
        if kind is NoticeKind.ONE_TIME_CODE:
            code = replace(new_notice(kind), channel=SMS, expires_at=NOON + timedelta(minutes=5))
            self.notice, self.sms_only = code, False
        else:
            self.notice = new_notice(kind)
        self.notice = replace(self.notice, secret=SECRET)

    def _apply(self, step: Step | HandOver) -> None:
        if self.notice.state in FINAL:
            assert step.notice.state is self.notice.state, "a final state was left"
            assert step.events == ()
        elif step.notice.state in FINAL:
            self.finals.append(step.notice.state)
        self.notice = step.notice
        self.events.update(type(event) for event in step.events)

    @rule(seconds=st.integers(1, 400))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(zalo_closed=st.booleans())
    def the_sender_looks(self, zalo_closed: bool) -> None:
        if not is_due(self.notice, self.now):
            return
        closed = {ZALO: self.now + timedelta(minutes=5)} if zalo_closed else {}
        after = hand_over(self.notice, POLICY, self.now, closed, sms_only=self.sms_only)
        self._apply(after)
        if after.attempt is not None:
            assert self.now < self.notice.expires_at, "a call for what is of no use any more"
            assert self.notice.secret == SECRET, "a call has nothing to say"
            self.calls.append(after.attempt)
            self.channel_of[after.attempt.id] = after.attempt.channel
            self.zalo_calls[after.attempt.id] += after.attempt.channel is ZALO

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), takes=st.booleans(), lost=st.booleans(), refusal=st.sampled_from(REFUSALS))
    def a_gateway_answers(self, data: st.DataObject, takes: bool, lost: bool, refusal: Verdict) -> None:
        call = self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1)))
        if call.channel is SMS and call.id in self.taken:
            result = Result(Verdict.ALREADY_TAKEN, "124")
        elif takes:
            self.taken[call.id] = f"p-{call.id}"
            result = Result(Verdict.TAKEN, "0", self.taken[call.id])
        else:
            result = Result(refusal, "x")
        self.answers.append((call.id, Result(Verdict.NO_ANSWER, "timeout") if lost else result))

    @precondition(lambda self: self.calls)
    @rule()
    def the_process_dies_before_the_call(self) -> None:
        self.calls.pop()

    @precondition(lambda self: self.answers)
    @rule(data=st.data(), repeat=st.booleans())
    def an_answer_is_recorded(self, data: st.DataObject, repeat: bool) -> None:
        position = data.draw(st.integers(0, len(self.answers) - 1))
        id, result = self.answers[position] if repeat else self.answers.pop(position)
        self._apply(decide_after(self.notice, id, result, POLICY, self.now))

    @precondition(lambda self: self.taken)
    @rule(data=st.data(), delivered=st.booleans(), with_ref=st.booleans())
    def a_receipt_comes(self, data: st.DataObject, delivered: bool, with_ref: bool) -> None:
        id = data.draw(st.sampled_from(sorted(self.taken)))
        channel = self.channel_of[id]
        receipt = Receipt(
            id if with_ref or channel is ZALO else "", self.taken[id], delivered or channel is ZALO, self.now
        )
        step = apply_receipt(self.notice, receipt, self.now)
        if step is not None:
            self._apply(step)

    @invariant()
    def zalo_is_called_at_most_once_per_id(self) -> None:
        assert all(count <= 1 for count in self.zalo_calls.values())

    @invariant()
    def each_gateway_takes_at_most_one_message_and_zalo_is_not_used_after_sms(self) -> None:
        taken = Counter(self.channel_of[id] for id in self.taken)
        assert all(count <= 1 for count in taken.values()), taken
        order = [attempt.channel for attempt in self.notice.attempts]
        assert ZALO not in order[order.index(SMS) :] if SMS in order else True

    @invariant()
    def a_one_time_code_never_goes_by_zalo(self) -> None:
        if self.notice.kind is NoticeKind.ONE_TIME_CODE:
            assert all(attempt.channel is SMS for attempt in self.notice.attempts)

    @invariant()
    def an_ended_notice_holds_no_secret(self) -> None:
        assert not (self.notice.is_final and self.notice.secret)

    @invariant()
    def there_is_one_end_and_one_word_about_it(self) -> None:
        assert len(self.finals) <= 1
        ended = self.events[NoticeDelivered] + self.events[NoticeEnded]
        assert ended == len(self.finals)
        assert self.events[NoticeSent] <= self.notice.made

    @invariant()
    def an_open_notice_will_be_looked_at_again(self) -> None:
        assert (self.notice.next_at is None) == (self.notice.state in FINAL)

    def teardown(self) -> None:
        """Left alone, with gateways that refuse everybody, it ends."""
        for _ in range(400):
            if self.notice.state in FINAL:
                return
            assert self.notice.next_at is not None
            self.now = max(self.now, self.notice.next_at)
            after = hand_over(self.notice, POLICY, self.now, {}, sms_only=self.sms_only)
            self._apply(after)
            if after.attempt is not None:
                verdict = Result(Verdict.RECIPIENT, "99")
                self._apply(decide_after(self.notice, after.attempt.id, verdict, POLICY, self.now))
        raise AssertionError(f"still {self.notice.state}")


TestLadder = Ladder.TestCase
TestLadder.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
