"""A case under any order of actions: no branch is lost, nobody waits for nothing, promises and clocks keep the law."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.events import routing
from contracts.events.base import DossierEvent
from contracts.problems import Refused
from contracts.types import LimitUnit, Outcome, StopKind
from services.routing.domain import actions, promises, stops, timers
from services.routing.domain.case import ACTIVE, TO_COME, Action, Case, CaseState, StepState, Wanted
from services.routing.domain.clock import Limit, derive
from services.routing.domain.flow import Decided, granted
from services.routing.domain.timers import schedule
from services.routing.domain.workflow import Turn
from tests.unit.routing.case_fixtures import AGENCIES, AT, RECKONING, SETTING, planned

HOURS = st.integers(1, 72)
LIMITS = st.builds(Limit, st.integers(1, 30).map(float), st.sampled_from([LimitUnit.WORKING_DAYS, LimitUnit.MONTHS]))
BASIS = "Khoản 1 Điều 9 văn bản mẫu"


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Turn, ...]:
    """Any workflow of one to five steps: each comes after some of those before it."""
    turns: list[Turn] = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        before = list(range(1, number))
        after = tuple(sorted(draw(st.sets(st.sampled_from(before))))) if before else ()
        needs = draw(st.integers(0, len(after)))
        turns.append(Turn(draw(st.sampled_from(AGENCIES)), draw(st.sampled_from([0.5, 1.0, 2.0])), after, needs))
    return tuple(turns)


class CaseLife(RuleBasedStateMachine):
    """Acts as any agency at any time, and checks what must always hold."""

    case: Case
    events: list[DossierEvent]

    @initialize(turns=graphs(), limit=LIMITS, provisional=st.booleans())
    def open(self, turns: tuple[Turn, ...], limit: Limit, provisional: bool) -> None:
        before = replace(planned(turns, limit), provisional=provisional)
        self.now, self.first_due, self.events, self.case = AT, before.due_at, [], before
        self._follow(actions.open_case(before, RECKONING.due(AT, limit).lines, AT, SETTING))

    def _step(self, data: st.DataObject, *states: StepState) -> int:
        """Any step; more often one in these states."""
        fit = [number for number, step in enumerate(self.case.steps, 1) if step.state in states]
        return data.draw(st.sampled_from(fit or list(range(1, len(self.case.steps) + 1))))

    def _try(self, number: int, action: Action, run: Any, *, supervisor: bool = False) -> None:
        """Do what the table allows, or be refused; a refusal changes nothing."""
        self.now += timedelta(minutes=7)
        may = action in self.case.allowed(number, supervisor=supervisor)
        try:
            decided: Decided = run(self.case, self.case.step(number).agency)
        except Refused:
            assert not may
            return
        assert may or decided == (self.case, ())
        self._follow(decided)

    def _follow(self, decided: Decided) -> None:
        after, events = decided
        self.before, self.case = self.case, schedule(after, SETTING)
        self.events += events

    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        number = self._step(data, StepState.OFFERED)
        self._try(number, Action.ACCEPT, lambda c, a: actions.accept(c, a, number, self.now, SETTING))

    @rule(data=st.data())
    def decline(self, data: st.DataObject) -> None:
        number = self._step(data, StepState.OFFERED)
        self._try(number, Action.DECLINE, lambda c, a: actions.decline(c, a, number, "not-ours", self.now, SETTING))

    @rule(data=st.data(), agency=st.sampled_from(AGENCIES))
    def place(self, data: st.DataObject, agency: str) -> None:
        if self.case.unplaced and self.case.open:
            number = data.draw(st.sampled_from(self.case.unplaced))
            self._follow(actions.place(self.case, agency, number, self.now, SETTING, "operator"))

    @rule(data=st.data(), outcome=st.sampled_from([Outcome.GRANTED] * 6 + [Outcome.DENIED, Outcome.TERMINATED]))
    def complete(self, data: st.DataObject, outcome: Outcome) -> None:
        number = self._step(data, StepState.ACCEPTED)

        def run(case: Case, agency: str) -> Decided:
            return actions.complete(case, agency, number, outcome, self.now, SETTING, "not-eligible")

        self._try(number, Action.COMPLETE, run)

    @rule(data=st.data(), supervisor=st.booleans())
    def request_supplement(self, data: st.DataObject, supervisor: bool) -> None:
        number = self._step(data, StepState.ACCEPTED)
        wanted = Wanted("missing-papers", ("Giấy tờ",), BASIS)

        def run(case: Case, agency: str) -> Decided:
            return stops.request_supplement(case, agency, number, wanted, self.now, supervisor=supervisor)

        self._try(number, Action.REQUEST_SUPPLEMENT, run, supervisor=supervisor)

    @rule(hours=HOURS)
    def the_papers_come(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        waited = self.case.state is CaseState.SUPPLEMENT
        assert self.case.limit is not None
        due = RECKONING.due(self.now, self.case.limit)
        self._follow(stops.supplemented(self.case, due.at, due.lines, self.now, SETTING))
        if waited:
            assert (self.case.state, self.case.due_at) == (CaseState.OPEN, due.at)

    @rule(data=st.data(), kind=st.sampled_from([StopKind.PAYMENT, StopKind.CONSULTATION, StopKind.DECISION]))
    def stop(self, data: st.DataObject, kind: StopKind) -> None:
        number = self._step(data, StepState.ACCEPTED)
        if kind is StopKind.PAYMENT:
            self._try(
                number,
                Action.REQUEST_PAYMENT,
                lambda c, a: stops.request_payment(c, a, number, 50_000, BASIS, self.now),
            )
        else:
            self._try(
                number, Action.HALT, lambda c, a: stops.halt(c, a, number, kind, "opinion-pending", BASIS, self.now)
            )

    @rule(data=st.data(), hours=HOURS)
    def go_on(self, data: st.DataObject, hours: int) -> None:
        self.now += timedelta(hours=hours)
        number = self.case.stop.step if self.case.stop else self._step(data, StepState.ACCEPTED)
        before = self.case.due_at
        self._try(number, Action.RESUME, lambda c, a: stops.resume(c, a, number, self.now, SETTING))
        assert self.case.due_at >= before, "a stop never shortens a deadline"

    @rule(data=st.data(), hours=st.integers(-200, 2000))
    def extend(self, data: st.DataObject, hours: int) -> None:
        number, due = self._step(data, *ACTIVE), self.case.due_at + timedelta(hours=hours)
        if hours > 0 and due > self.now + timedelta(minutes=7):

            def run(case: Case, agency: str) -> Decided:
                return promises.extend(case, agency, number, "overload", due, self.now, SETTING)

            self._try(number, Action.EXTEND, run)

    @rule(data=st.data())
    def send_back(self, data: st.DataObject) -> None:
        number = self._step(data, StepState.ACCEPTED)
        done = [n for n in self.case.step(number).after if self.case.step(n).state is StepState.DONE]
        to = data.draw(st.sampled_from(done)) if done else None
        self._try(
            number, Action.SEND_BACK, lambda c, a: actions.send_back(c, a, number, to, "unfit", self.now, SETTING)
        )

    @rule(data=st.data())
    def reopen(self, data: st.DataObject) -> None:
        number = self._step(data, StepState.DONE)
        self._try(number, Action.REOPEN, lambda c, a: actions.reopen(c, a, number, self.now, SETTING, "key"))

    @rule(hours=st.integers(1, 400))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        fired = timers.fire(self.case, self.now, SETTING)
        assert fired.failures == ()
        self._follow((fired.case, fired.events))
        assert timers.fire(self.case, self.now, SETTING) == timers.Fired(self.case, ())

    @rule()
    def count_anew(self) -> None:
        """On the same calendar nothing changes, however often."""
        assert promises.recompute(self.case, self.now, SETTING) == (self.case, ())

    @rule(really=st.integers(0, 9))
    def withdraw(self, really: int) -> None:
        if really == 0:
            self._follow((actions.withdraw(self.case, self.now), ()))

    @invariant()
    def an_open_case_always_has_somebody_who_can_do_something(self) -> None:
        case = self.case
        numbers = range(1, len(case.steps) + 1)
        if not case.open:
            assert not any(case.allowed(n, supervisor=True) for n in numbers)
            assert not any(step.state in ACTIVE for step in case.steps)
            return
        moves = frozenset().union(*(case.allowed(n) for n in numbers))
        assert moves & {Action.ACCEPT, Action.COMPLETE, Action.RESUME} or case.unplaced or case.stop
        assert case.timers, "no open dossier without a timer"

    @invariant()
    def no_branch_of_a_join_is_lost(self) -> None:
        """A step that waits can still get what it needs; one that has it does not wait."""
        case = self.case
        for step in case.steps if case.open else ():
            before = [case.step(number) for number in step.after]
            reached = sum(granted(other) for other in before)
            if step.state is StepState.WAITING:
                assert reached < step.required <= reached + sum(other.state in TO_COME for other in before)
            if step.state is StepState.CUT_OFF:
                assert step.required > reached
            if step.state is StepState.WAITING:
                assert not any(other.state is StepState.RECALLED for other in before), (
                    "a branch that was undone is back"
                )

    @invariant()
    def every_step_at_work_is_in_one_inbox(self) -> None:
        for number, step in enumerate(self.case.steps, 1):
            current = self.case.transfer_of(number)
            if step.state in ACTIVE:
                assert current is not None
                assert (current.agency, current.state.value, current.ended_at) == (step.agency, step.state.value, None)
        running = [t for t in self.case.transfers if t.ended_at is None]
        assert sorted(t.step for t in running) == [n for n in self.case.active]
        assert [t.number for t in self.case.transfers] == list(range(1, len(self.case.transfers) + 1))

    @invariant()
    def at_most_one_result_and_it_is_the_last_word(self) -> None:
        resolved = [e for e in self.events if isinstance(e, routing.DossierResolved)]
        assert len(resolved) == (self.case.state is CaseState.RESOLVED)
        if resolved:
            assert self.events[-1] is resolved[0]
            assert (resolved[0].outcome, resolved[0].timeliness) == (self.case.outcome, self.case.timeliness)
            assert resolved[0].timeliness is RECKONING.timeliness(resolved[0].occurred_at, self.case.due_at)
            assert resolved[0].first_timeliness is RECKONING.timeliness(resolved[0].occurred_at, self.first_due)

    @invariant()
    def promises_are_kept_with_their_reasons_and_the_first_for_ever(self) -> None:
        case = self.case
        assert case.first_due_at == self.first_due == case.promises[0].due_at
        assert case.promises[-1].due_at == case.due_at
        assert all(promise.trail[-1].kind == "due" for promise in case.promises)
        assert all(promise.trail[-1].at == promise.due_at for promise in case.promises)
        told = [e.first_due_at for e in self.events if isinstance(e, routing.DossierExtended | routing.DossierResumed)]
        assert all(first == self.first_due for first in told)

    @invariant()
    def the_current_promise_is_what_the_clock_derives(self) -> None:
        case = self.case
        if case.open and case.stop is None and case.limit is not None:
            assert derive(case.clock, case.limit, RECKONING).at == case.due_at

    @invariant()
    def what_the_law_allows_once_happened_at_most_once(self) -> None:
        assert sum(isinstance(event, routing.DossierExtended) for event in self.events) <= 1
        requested = [event for event in self.events if isinstance(event, routing.DossierSupplementRequested)]
        assert all(event.legal_basis for event in requested[1:])
        assert len(requested) == self.case.supplements
        for kind in (routing.DossierOverdue, routing.DossierDueSoon):
            told = [(e.step, e.due_at) for e in self.events if isinstance(e, kind)]
            assert len(told) == len(set(told)), "warned once of each due time"

    @invariant()
    def budgets_stay_inside_the_promise_and_follow_the_graph(self) -> None:
        case = self.case
        if not case.open:
            return
        for number, step in enumerate(case.steps, 1):
            if step.state in TO_COME:
                assert step.due_at <= case.due_at
                if not case.followers(number):
                    assert step.due_at <= case.due_at
                for before in step.after:
                    if case.step(before).state in TO_COME:
                        assert case.step(before).due_at <= step.due_at

    @invariant()
    def events_are_told_in_the_order_in_which_they_happened(self) -> None:
        moments: list[datetime] = [e.occurred_at for e in self.events]
        assert moments == sorted(moments)


CaseLife.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestCaseLife = CaseLife.TestCase
