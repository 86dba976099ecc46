"""Several SMS gateways: who is asked, what is repeated, who takes over, and what is never sent a second time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from contracts.types import NoticeKind
from services.notify.domain.hand_over import MOST_QUESTIONS, HandOver, Look
from services.notify.domain.kinds import KINDS, Audience
from services.notify.domain.ladder import Ladder
from services.notify.domain.notice import Notice
from services.notify.domain.policy import QuietHours, midnight
from services.notify.domain.results import Answer, Fate, Result, Verdict
from services.notify.domain.routes import Routes, Trait
from services.notify.domain.steps import Step
from services.notify.domain.transitions import State
from tests.unit.notify.ladder_fixtures import NOON, POLICY, SMS, ZALO, new_notice

ESMS = Trait("esms", SMS, repeat_holds=timedelta(hours=23), asked_by_message=True)
VNPT = Trait("vnpt", SMS, repeat_holds=timedelta(hours=23), asked_by_attempt=True)
SPEED = Trait("speedsms", SMS, asked_by_message=True)
BY_ZALO = Trait("zalo", ZALO, asked_by_message=True)
NIGHT = QuietHours(time(22), time(6))


class Story:
    """One notice and its gateways, step by step."""

    def __init__(self, *traits: Trait, kind: NoticeKind = NoticeKind.RECEIVED, quiet: QuietHours | None = None) -> None:
        self.notice: Notice = new_notice(kind)
        self.now: datetime = NOON
        self.ladder = Ladder(replace(POLICY, quiet=quiet), {trait.provider: trait for trait in traits})
        self.traits = traits
        self.closed: dict[str, datetime] = {}
        self.busy: frozenset[str] = frozenset()
        self.told: list[str] = []

    def look(self) -> HandOver:
        assert self.notice.next_at is not None
        self.now = max(self.now, self.notice.next_at)
        after = Look(self.ladder, Routes(self.traits, self.closed, self.busy), self.now).hand_over(self.notice)
        return self._take(after)

    def says(self, verdict: Verdict, provider_id: str = "") -> None:
        assert self.notice.current is not None
        result = Result(verdict, "x", provider_id)
        self._take(self.ladder.after_call(self.notice, self.notice.current.id, result, self.now))

    def answers(self, fate: Fate, provider_id: str = "") -> None:
        assert self.notice.current is not None
        answer = Answer(fate, "x", provider_id)
        self._take(self.ladder.after_question(self.notice, self.notice.current.id, answer, self.now, 0.5))

    def _take(self, step: Step | HandOver) -> HandOver:
        self.notice = step.notice
        self.told += [type(event).__name__ for event in step.events]
        return step if isinstance(step, HandOver) else HandOver(step.notice)

    @property
    def providers(self) -> list[str]:
        return [attempt.provider for attempt in self.notice.attempts]


def test_a_gateway_without_this_network_hands_over_to_another_one() -> None:
    story = Story(ESMS, SPEED)
    story.look()
    story.says(Verdict.ELSEWHERE)
    story.look()
    assert story.providers == ["esms", "speedsms"]
    story.says(Verdict.ELSEWHERE)
    assert (story.notice.state, story.notice.reason) == (State.UNDELIVERABLE, "sms-recipient")


@pytest.mark.parametrize("verdict", [Verdict.BILLING, Verdict.CONFIGURATION, Verdict.TEMPLATE, Verdict.DAY_QUOTA])
def test_a_gateway_that_is_not_in_order_hands_over_within_seconds(verdict: Verdict) -> None:
    story = Story(ESMS, SPEED)
    story.look()
    story.says(verdict)
    story.closed["esms"] = story.now + timedelta(minutes=5)
    story.look()
    assert story.providers == ["esms", "speedsms"]
    assert story.now - NOON < timedelta(seconds=10)


def test_after_a_refusal_for_a_moment_another_gateway_is_tried_first() -> None:
    story = Story(ESMS, SPEED)
    for verdict in (Verdict.TRANSIENT, Verdict.THROTTLED, Verdict.TRANSIENT):
        story.look()
        story.says(verdict)
    assert story.providers == ["esms", "speedsms", "esms"]


def test_what_was_perhaps_a_text_is_not_sent_by_another_gateway() -> None:
    """SpeedSMS has no request id: a call without an answer waits for its receipt, then the counter calls."""
    story = Story(SPEED, ESMS)
    story.look()
    story.says(Verdict.NO_ANSWER)
    assert story.notice.next_at == NOON + POLICY.sms_unknown
    story.look()
    assert (story.notice.state, story.notice.reason) == (State.UNDELIVERABLE, "sms-no-answer")
    assert story.providers == ["speedsms"]


@pytest.mark.parametrize("verdict", [Verdict.ELSEWHERE, Verdict.PAYLOAD, Verdict.BILLING, Verdict.TRANSIENT])
def test_a_refused_repeat_is_not_sent_by_another_gateway(verdict: Verdict) -> None:
    """The first call under the id got no answer; what is refused now may have been taken then."""
    story = Story(ESMS, SPEED)
    story.look()
    story.says(Verdict.NO_ANSWER)
    again = story.look()
    assert again.attempt is not None
    assert again.attempt.calls == 2
    story.says(verdict)
    while not story.notice.is_final:
        story.look()
        if not story.notice.is_final:
            story.says(verdict)
    assert set(story.providers) == {"esms"}
    assert len(story.notice.attempts) == 1


def test_a_gateway_that_can_be_asked_by_our_id_is_asked_before_anything_is_repeated() -> None:
    story = Story(VNPT)
    story.look()
    story.says(Verdict.NO_ANSWER)
    asked = story.look()
    assert (asked.attempt, story.notice.state) == (None, State.UNKNOWN)
    assert asked.question is not None
    story.answers(Fate.NOT_THERE)
    again = story.look()
    assert again.attempt is not None
    assert (again.attempt.id, again.attempt.calls) == (asked.question.id, 2)


def test_asked_and_found_it_was_sent() -> None:
    story = Story(VNPT)
    story.look()
    story.says(Verdict.NO_ANSWER)
    story.look()
    story.answers(Fate.ON_ITS_WAY)
    assert story.notice.state is State.SENT
    assert story.told == ["NoticeSent"]
    story.look()
    story.answers(Fate.DELIVERED)
    assert story.notice.state is State.DELIVERED


def test_a_dead_process_leaves_a_question_not_a_second_call() -> None:
    story = Story(VNPT)
    story.look()
    asked = story.look()
    assert (asked.attempt, story.notice.state) == (None, State.UNKNOWN)
    assert asked.question is not None


def test_a_gateway_that_answers_no_question_is_asked_a_few_times() -> None:
    story = Story(VNPT)
    story.look()
    story.says(Verdict.NO_ANSWER)
    questions = 0
    while (after := story.look()).attempt is None:
        questions += 1
        story.answers(Fate.NO_ANSWER)
    assert questions == MOST_QUESTIONS
    assert after.attempt.calls == 2, "then the same id, which it knows for the same message"


@pytest.mark.parametrize(
    ("fate", "state", "providers"),
    [
        (Fate.DELIVERED, State.DELIVERED, ["zalo"]),
        (Fate.ON_ITS_WAY, State.SENDING, ["zalo", "esms"]),
        (Fate.NOT_THERE, State.SENDING, ["zalo", "esms"]),
        (Fate.NOT_DELIVERED, State.SENDING, ["zalo", "esms"]),
    ],
)
def test_zalo_is_asked_before_a_silent_receipt_costs_a_text(fate: Fate, state: State, providers: list[str]) -> None:
    story = Story(BY_ZALO, ESMS)
    story.look()
    story.says(Verdict.TAKEN, "m1")
    asked = story.look()
    assert asked.question is not None
    assert asked.question.provider_id == "m1"
    assert story.now == NOON + POLICY.zalo_receipt
    story.answers(fate)
    if not story.notice.is_final:
        story.look()
    assert (story.notice.state, story.providers) == (state, providers)


def test_an_answer_after_the_receipt_changes_nothing() -> None:
    story = Story(BY_ZALO, ESMS)
    story.look()
    story.says(Verdict.TAKEN, "m1")
    story.look()
    story.answers(Fate.DELIVERED)
    before = story.notice
    story.answers(Fate.ON_ITS_WAY)
    assert story.notice == before


@pytest.mark.parametrize(
    ("moment", "holds"),
    [("14:59:59", False), ("15:00:00", True), ("22:59:59", True), ("23:00:00", False)],
)
def test_quiet_hours_begin_and_end_by_the_clock_of_viet_nam(moment: str, holds: bool) -> None:
    """21:59:59, 22:00:00, 05:59:59 and 06:00:00 there."""
    assert NIGHT.hold(datetime.fromisoformat(f"2026-03-02T{moment}+00:00")) is holds


def test_a_notice_waits_for_the_morning_and_a_code_does_not() -> None:
    for kind, state in ((NoticeKind.RESOLVED, State.CREATED), (NoticeKind.ONE_TIME_CODE, State.SENDING)):
        story = Story(BY_ZALO, ESMS, kind=kind, quiet=NIGHT)
        story.now = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
        story.look()
        assert story.notice.state is state
        if state is State.CREATED:
            assert story.notice.reason == "quiet-hours"
            morning = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
            assert story.notice.next_at is not None
            assert morning <= story.notice.next_at <= morning + timedelta(minutes=10)
            story.look()
            assert story.notice.state is State.SENDING


def test_a_silent_zalo_at_night_does_not_become_a_text_at_night() -> None:
    story = Story(BY_ZALO, ESMS, quiet=NIGHT)
    story.now = datetime(2026, 3, 2, 14, 59, tzinfo=UTC)
    story.look()
    story.says(Verdict.NO_ANSWER)
    story.look()
    assert (story.notice.state, story.notice.channel, story.providers) == (State.CREATED, SMS, ["zalo"])


def test_everything_closed_waits_for_what_opens_first_and_zalo_stays_the_first_choice() -> None:
    story = Story(BY_ZALO, ESMS, SPEED)
    story.closed = {name: NOON + timedelta(minutes=m) for name, m in (("zalo", 9), ("esms", 7), ("speedsms", 5))}
    story.look()
    assert story.notice.next_at == NOON + timedelta(minutes=5)
    story.closed = {}
    story.look()
    assert story.providers == ["zalo"]


def test_without_any_sms_gateway_a_resting_zalo_is_waited_for() -> None:
    story = Story(BY_ZALO)
    story.closed = {"zalo": NOON + timedelta(minutes=5)}
    story.look()
    assert (story.notice.state, story.notice.next_at) == (State.CREATED, NOON + timedelta(minutes=5))


def test_a_busy_zalo_is_waited_for_and_a_busy_sms_gateway_left_for_another() -> None:
    story = Story(BY_ZALO, ESMS, SPEED)
    story.busy = frozenset({"zalo"})
    before = story.notice
    assert story.look().busy
    assert story.notice == before
    story.busy = frozenset({"esms"})
    story.closed = {"zalo": NOON + timedelta(minutes=5)}
    story.look()
    assert story.providers == ["speedsms"]


def test_all_sms_gateways_busy_changes_nothing_and_neither_does_a_busy_one_that_must_be_called_again() -> None:
    story = Story(ESMS, SPEED)
    story.busy = frozenset({"esms", "speedsms"})
    assert story.look().busy
    story.busy = frozenset()
    story.look()
    story.says(Verdict.NO_ANSWER)
    waiting, story.busy = story.notice, frozenset({"esms"})
    assert story.look().busy
    assert story.notice == waiting


def test_a_silent_zalo_waits_for_busy_texts_with_nothing_changed() -> None:
    story = Story(BY_ZALO, ESMS)
    story.look()
    story.says(Verdict.NO_ANSWER)
    before, story.busy = story.notice, frozenset({"esms"})
    assert story.look().busy
    assert story.notice == before


def test_without_any_way_left_the_counter_calls() -> None:
    story = Story(BY_ZALO)
    story.look()
    story.says(Verdict.RECIPIENT)
    story.look()
    assert (story.notice.state, story.notice.reason) == (State.UNDELIVERABLE, "no-channel")


def test_officers_notices_are_no_part_of_the_citizens_story() -> None:
    officers = [kind for kind, rule in KINDS.items() if rule.audience is Audience.OFFICER]
    assert officers
    for kind in officers:
        story = Story(ESMS, kind=kind)
        story.look()
        story.says(Verdict.TAKEN, "s1")
        story.look()
        story.answers(Fate.DELIVERED)
        assert story.notice.state is State.DELIVERED
        assert story.told == []


def test_the_day_of_quotas_ends_at_midnight_in_viet_nam() -> None:
    assert midnight(datetime(2026, 3, 2, 16, 59, 59, tzinfo=UTC)) == datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
    assert midnight(datetime(2026, 3, 2, 17, 0, tzinfo=UTC)) == datetime(2026, 3, 3, 17, 0, tzinfo=UTC)
