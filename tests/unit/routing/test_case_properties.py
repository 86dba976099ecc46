"""A case under any order of actions: never stuck without a reason, one result, promises kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.events import routing
from contracts.events.base import DossierEvent
from contracts.problems import Refused
from contracts.types import Mechanism, Outcome
from services.routing.deadlines import budgets, timeliness
from services.routing.domain import actions as domain
from services.routing.domain.actions import Decided
from services.routing.domain.case import Action, Case, CaseState, StepState, Wanted, plan
from services.routing.domain.workflow import Turn
from tests.unit.routing.case_fixtures import AT, CODE

PARENTS = {"H12.970.02": "H12.970", "H12.970.03": "H12.970", "H12.970": "H12", "H12": None}
AGENCIES = sorted(PARENTS)
HOURS = st.integers(1, 72)


class CaseLife(RuleBasedStateMachine):
    """Acts as any agency at any time, and checks what must always hold."""

    case: Case
    events: list[DossierEvent]

    @initialize(agencies=st.lists(st.sampled_from(AGENCIES), min_size=1, max_size=4), days=st.integers(1, 30))
    def open(self, agencies: list[str], days: int) -> None:
        due = AT + timedelta(days=days)
        turns = [Turn(agency, 1.0) for agency in agencies]
        case = Case(
            code=CODE, procedure_code="1.014466", procedure_version=1, mechanism=Mechanism.ONE_STOP,
            channel="counter", counter="H12.970.00", received_at=AT, due_at=due, first_due_at=due,
            steps=plan(turns, budgets(AT, due, [1.0] * len(turns))),
        )  # fmt: skip
        self.now, self.first_due = AT, due
        self.case, opened = domain.open_case(case, AT)
        self.events = list(opened)

    def _try(self, what: str, agency: str, *more: Any, **options: Any) -> bool:
        """Call an action of the domain; a refusal changes nothing."""
        self.now += timedelta(minutes=7)
        before = self.case
        try:
            decided: Decided = getattr(domain, what)(before, agency, before.current, *more, self.now, **options)
        except Refused:
            return False
        self._follow(decided)
        return True

    def _follow(self, decided: Decided) -> None:
        after, events = decided
        if not events:
            assert after == self.case
        if not any(isinstance(event, routing.DossierExtended) for event in events):
            assert after.due_at >= self.case.due_at or self.case.state is CaseState.SUPPLEMENT
        self.case = after
        self.events += events

    @rule(agency=st.sampled_from(AGENCIES))
    def anybody_accepts(self, agency: str) -> None:
        self._try("accept", agency)

    @rule()
    def accept(self) -> None:
        may = Action.ACCEPT in self.case.allowed()
        assert self._try("accept", self.case.step.agency) or not may

    @rule()
    def decline(self) -> None:
        may = Action.DECLINE in self.case.allowed()
        agency = self.case.step.agency
        assert self._try("decline", agency, "not-ours", PARENTS[agency]) == may

    @rule(outcome=st.sampled_from(Outcome))
    def complete(self, outcome: Outcome) -> None:
        may = Action.COMPLETE in self.case.allowed()
        late = timeliness(self.now + timedelta(minutes=7), self.case.due_at)
        done = self._try("complete", self.case.step.agency, outcome, late, ground="not-eligible")
        assert done == (may or self.case.state is CaseState.RESOLVED)

    @rule()
    def request_supplement(self) -> None:
        may = Action.REQUEST_SUPPLEMENT in self.case.allowed()
        assert self._try("request_supplement", self.case.step.agency, Wanted("missing", ("Giấy tờ",))) == may

    @rule()
    def a_supervisor_requests_a_supplement(self) -> None:
        may = Action.REQUEST_SUPPLEMENT in self.case.allowed(supervisor=True)
        wanted = Wanted("missing", ("Giấy tờ",), "Khoản 1 Điều 9 văn bản mẫu")
        assert self._try("request_supplement", self.case.step.agency, wanted, supervisor=True) == may

    @rule(hours=HOURS)
    def resume(self, hours: int) -> None:
        waited = self.case.state is CaseState.SUPPLEMENT
        self.now += timedelta(hours=hours)
        due = self.now + timedelta(days=3)
        shares = [step.share for step in self.case.steps[self.case.current - 1 :]]
        self._follow(domain.resume(self.case, due, budgets(self.now, due, shares), self.now))
        if waited:
            assert (self.case.due_at, self.case.step.state) == (due, StepState.OFFERED)

    @rule(hours=st.integers(-200, 2000))
    def extend(self, hours: int) -> None:
        due = self.case.due_at + timedelta(hours=hours)
        if self._try("extend", self.case.step.agency, "workload", due):
            assert hours > 0
            assert self.case.due_at == due

    @rule()
    def withdraw(self) -> None:
        self.case = domain.withdraw(self.case)

    @rule(hours=HOURS)
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def an_open_case_always_has_somebody_whose_turn_it_is(self) -> None:
        if self.case.state is CaseState.OPEN:
            assert self.case.allowed() & {Action.ACCEPT, Action.COMPLETE}
        else:
            assert self.case.allowed(supervisor=True) == frozenset()

    @invariant()
    def at_most_one_result_and_it_is_the_last_word(self) -> None:
        resolved = [e for e in self.events if isinstance(e, routing.DossierResolved)]
        assert len(resolved) == (self.case.state is CaseState.RESOLVED)
        if resolved:
            assert self.events[-1] is resolved[0]
            assert (resolved[0].outcome, resolved[0].timeliness) == (self.case.outcome, self.case.timeliness)

    @invariant()
    def the_first_promise_never_changes(self) -> None:
        assert self.case.first_due_at == self.first_due
        told = [e.first_due_at for e in self.events if isinstance(e, routing.DossierExtended | routing.DossierResolved)]
        assert all(first == self.first_due for first in told)

    @invariant()
    def what_the_law_allows_once_happened_at_most_once(self) -> None:
        assert sum(isinstance(event, routing.DossierExtended) for event in self.events) <= 1
        requested = [event for event in self.events if isinstance(event, routing.DossierSupplementRequested)]
        assert all(event.legal_basis for event in requested[1:])
        assert len(requested) == self.case.supplements

    @invariant()
    def the_events_alone_tell_where_the_case_is(self) -> None:
        transfers = [e for e in self.events if isinstance(e, routing.DossierTransferred)]
        opened = [e for e in self.events if isinstance(e, routing.AgencyTransferOpened)]
        assert [(e.agency, e.step, e.due_at) for e in transfers] == [(e.agency, e.step, e.due_at) for e in opened]
        last = transfers[-1]
        assert last.step == self.case.current
        assert [e.step for e in transfers] == sorted(e.step for e in transfers)
        assert [e.occurred_at for e in self.events] == sorted(e.occurred_at for e in self.events)
        if self.case.state is not CaseState.UNPLACED:
            assert last.agency == self.case.step.agency

    @invariant()
    def steps_are_done_in_order_and_their_due_times_never_fall(self) -> None:
        done = [step.state is StepState.DONE for step in self.case.steps]
        assert done == sorted(done, reverse=True)
        dues = [step.due_at for step in self.case.steps[self.case.current - 1 :]]
        assert dues == sorted(dues)
        assert dues[-1] == self.case.due_at


CaseLife.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestCaseLife = CaseLife.TestCase
