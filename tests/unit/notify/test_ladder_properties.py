"""Any order of answers, receipts, crashes and waiting: one final state, and never two calls where one could double."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.events.notify import NoticeDelivered, NoticeEnded, NoticeSent
from contracts.types import NoticeKind
from services.notify.domain.hand_over import HandOver, Look, is_due
from services.notify.domain.ladder import Ladder
from services.notify.domain.notice import Attempt, Notice
from services.notify.domain.receipts import Receipt, apply_receipt
from services.notify.domain.results import Answer, Fate, Result, Verdict
from services.notify.domain.routes import Routes, Trait
from services.notify.domain.steps import Step
from services.notify.domain.transitions import FINAL
from tests.unit.notify.ladder_fixtures import NOON, POLICY, SMS, ZALO, new_notice

# What a gateway can truly do with a message, and what the caller then hears.
SECRET = "a sealed box"
REFUSALS = tuple(v for v in Verdict if v not in (Verdict.TAKEN, Verdict.ALREADY_TAKEN, Verdict.NO_ANSWER))


GATEWAYS = {
    trait.provider: trait
    for trait in (
        Trait("zalo", ZALO, asked_by_message=True),
        Trait("esms", SMS, repeat_holds=timedelta(hours=23), asked_by_message=True),
        Trait("vnpt", SMS, repeat_holds=timedelta(hours=23), asked_by_attempt=True),
        Trait("speedsms", SMS),
        Trait("asked", SMS, asked_by_attempt=True),
    )
}
TEXTS = sorted(GATEWAYS.keys() - {"zalo"})


class Notices(RuleBasedStateMachine):
    """Gateways that take a message once per id or every time, can be asked or not, and answers that may get lost."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOON
        self.notice: Notice = new_notice()
        self.calls: list[Attempt] = []
        self.answers: list[tuple[str, Result | Answer]] = []
        self.taken: dict[str, str] = {}
        self.trait_of: dict[str, Trait] = {}
        self.questions: list[Attempt] = []
        self.events: Counter[type] = Counter()
        self.finals: list[str] = []
        self.calls_of: Counter[str] = Counter()

    @initialize(
        sms_only=st.booleans(),
        kind=st.sampled_from([NoticeKind.RETURNED, NoticeKind.ONE_TIME_CODE]),
        texts=st.lists(st.sampled_from(TEXTS), min_size=1, unique=True),
        eager=st.booleans(),
    )
    def begin(self, sms_only: bool, kind: NoticeKind, texts: list[str], eager: bool) -> None:
        self.sms_only, self.eager = sms_only, eager
        self.ladder = Ladder(POLICY, {name: GATEWAYS[name] for name in ["zalo", *texts]})
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

    @rule(data=st.data())
    def the_sender_looks_in_time(self, data: st.DataObject) -> None:
        self.now = max(self.now, self.notice.next_at or self.now)
        self.the_sender_looks(data)

    @rule(data=st.data())
    def the_sender_looks(self, data: st.DataObject) -> None:
        if not is_due(self.notice, self.now):
            return
        names = sorted(self.ladder.traits)
        order = data.draw(st.permutations(names))
        shut = data.draw(st.sets(st.sampled_from(names)))
        self._look(Routes(tuple(GATEWAYS[n] for n in order), dict.fromkeys(shut, self.now + timedelta(minutes=5))))

    def _look(self, routes: Routes) -> HandOver:
        after = Look(self.ladder, routes, self.now, self.sms_only).hand_over(self.notice)
        self._apply(after)
        if after.question is not None:
            self.questions.append(after.question)
        if after.attempt is not None:
            assert self.now < self.notice.expires_at, "a call for what is of no use any more"
            assert self.notice.secret == SECRET, "a call has nothing to say"
            self.calls.append(after.attempt)
            self.trait_of[after.attempt.id] = self.ladder.traits[after.attempt.provider]
            self.calls_of[after.attempt.id] += 1
        return after

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), takes=st.booleans(), lost=st.booleans(), refusal=st.sampled_from(REFUSALS))
    def a_gateway_answers(self, data: st.DataObject, takes: bool, lost: bool, refusal: Verdict) -> None:
        call = self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1)))
        result = self._take(call.id) if takes or call.id in self.taken else Result(refusal, "x")
        self.answers.append((call.id, Result(Verdict.NO_ANSWER, "timeout") if lost else result))

    def _take(self, id: str) -> Result:
        if id in self.taken:
            return Result(Verdict.ALREADY_TAKEN, "124")
        self.taken[id] = f"p-{id}"
        return Result(Verdict.TAKEN, "0", self.taken[id])

    @precondition(lambda self: self.calls)
    @rule()
    def the_process_dies_before_the_call(self) -> None:
        self.calls.pop()

    @precondition(lambda self: self.questions)
    @rule(data=st.data(), lost=st.booleans(), final=st.booleans(), delivered=st.booleans())
    def a_gateway_is_asked(self, data: st.DataObject, lost: bool, final: bool, delivered: bool) -> None:
        attempt = self.questions.pop(data.draw(st.integers(0, len(self.questions) - 1)))
        trait = self.trait_of[attempt.id]
        assert trait.asked_by_attempt or (trait.asked_by_message and attempt.provider_id)
        known = Fate.ON_ITS_WAY if not final else Fate.DELIVERED if delivered else Fate.NOT_DELIVERED
        fate = Fate.NO_ANSWER if lost else known if attempt.id in self.taken else Fate.NOT_THERE
        # What never came may still come, from a process that was only slow: its call is made all the same.
        self.answers.append((attempt.id, Answer(fate, "x", self.taken.get(attempt.id, ""))))

    @precondition(lambda self: self.answers)
    @rule(data=st.data(), repeat=st.booleans())
    def an_answer_is_recorded(self, data: st.DataObject, repeat: bool) -> None:
        position = data.draw(st.integers(0, len(self.answers) - 1))
        id, result = self.answers[position] if repeat else self.answers.pop(position)
        self._apply(self._after(id, result))

    def _after(self, id: str, result: Result | Answer) -> Step:
        if isinstance(result, Answer):
            return self.ladder.after_question(self.notice, id, result, self.now, 0.5)
        return self.ladder.after_call(self.notice, id, result, self.now)

    @precondition(lambda self: self.taken)
    @rule(data=st.data(), delivered=st.booleans(), with_ref=st.booleans())
    def a_receipt_comes(self, data: st.DataObject, delivered: bool, with_ref: bool) -> None:
        id = data.draw(st.sampled_from(sorted(self.taken)))
        provider, zalo = self.trait_of[id].provider, self.trait_of[id].channel is ZALO
        receipt = Receipt(provider, id if with_ref or zalo else "", self.taken[id], delivered or zalo, self.now)
        step = apply_receipt(self.notice, receipt, self.now)
        if step is not None:
            self._apply(step)

    @invariant()
    def only_what_knows_repeats_is_called_twice_under_one_id(self) -> None:
        assert all(count <= 1 or self.trait_of[id].repeat_holds for id, count in self.calls_of.items())

    @invariant()
    def there_is_at_most_one_message_on_each_channel_and_zalo_is_not_used_after_sms(self) -> None:
        taken = Counter(self.trait_of[id].channel for id in self.taken)
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
        """Left alone, with gateways that refuse everybody or take everything, it ends, and no phone has it twice."""
        for _ in range(400):
            if self.notice.state in FINAL:
                self.there_is_at_most_one_message_on_each_channel_and_zalo_is_not_used_after_sms()
                return
            assert self.notice.next_at is not None
            self.now = max(self.now, self.notice.next_at)
            after = self._look(Routes(tuple(self.ladder.traits.values()), {}))
            if after.attempt is not None:
                result = self._take(after.attempt.id) if self.eager else Result(Verdict.RECIPIENT, "99")
                self._apply(self._after(after.attempt.id, result))
            if after.question is not None:
                self._apply(self._after(after.question.id, Answer(Fate.NO_ANSWER)))
        raise AssertionError(f"still {self.notice.state}")


TestLadder = Notices.TestCase
TestLadder.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
