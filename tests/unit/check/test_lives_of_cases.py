"""Whatever agencies, desk, citizen and time do: the checker allows it, and the counter shows what is so.

Lives are drawn at random from what the case allows, seed by seed: most of them get far, which a search for the
smallest failing life seldom does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from random import Random

from contracts.events.base import DossierEvent
from contracts.problems import Conflict
from contracts.types import LimitUnit, Outcome, StopKind
from motcua.check import Report
from motcua.check.life import AT_THE_AGENCIES, STATE_IN, _walk
from services.intake.domain import ending, paying, receiving
from services.intake.domain.status import Status
from services.intake.queries.track import citizen_story
from services.intake.slips.control_sheet import hand_overs
from services.routing.domain import actions, promises, stops, timers
from services.routing.domain.case import Action, CaseState, Wanted
from services.routing.domain.clock import Limit
from services.routing.domain.flow import Decided
from services.routing.domain.workflow import Turn
from tests.unit.check.facts_fixtures import row
from tests.unit.intake.dossier_fixtures import dossier
from tests.unit.intake.slip_samples import LETTERHEAD
from tests.unit.routing.case_fixtures import AGENCIES, AT, RECKONING, SETTING, planned

TEN_DAYS = Limit(10.0, LimitUnit.WORKING_DAYS)
BASIS = "Khoản 1 Điều 9 văn bản mẫu"
ENDS = [Outcome.GRANTED] * 9 + [Outcome.DENIED, Outcome.TERMINATED]
OFTEN = {Action.ACCEPT: 5, Action.COMPLETE: 3, Action.RESUME: 5, Action.ASSIGN: 0}
INTERNAL = {"escalated", "apology-prepared", "step-recalled"}
SHOWN: Mapping[CaseState, Status] = {
    CaseState.OPEN: Status.IN_PROCESS,
    CaseState.SUPPLEMENT: Status.SUPPLEMENT,
    CaseState.PAYMENT: Status.PAYMENT,
    CaseState.HALTED: Status.HALTED,
    CaseState.RESOLVED: Status.RESOLVED,
    CaseState.WITHDRAWN: Status.WITHDRAWN,
}


class Life:
    """One dossier: routing's case, what was told of it, and the counter's view of it."""

    def __init__(self, seed: int) -> None:
        self.draw, self.now = Random(seed), AT
        self.events: list[DossierEvent] = []
        before = replace(planned(self._graph(), TEN_DAYS), provisional=self.draw.random() < 0.3)
        self.dossier = dossier(received_at=AT, due_at=before.due_at, first_due_at=before.due_at)
        self._follow(actions.open_case(before, RECKONING.due(AT, TEN_DAYS).lines, AT, SETTING))

    def _graph(self) -> tuple[Turn, ...]:
        turns: list[Turn] = []
        for number in range(1, self.draw.randint(1, 6)):
            after = tuple(before for before in range(1, number) if self.draw.random() < 0.5)
            turns.append(Turn(self.draw.choice(AGENCIES), 1.0, after, self.draw.randint(0, len(after))))
        return tuple(turns) or (Turn(AGENCIES[0], 1.0),)

    def _follow(self, decided: Decided) -> None:
        case, events = decided
        self.case = timers.schedule(case, SETTING)
        self.events += events
        for event in events:
            if event.TYPE.startswith("vn.motcua.dossier."):
                self.dossier = ending.learn(self.dossier, event)

    def go_on(self) -> None:
        """Something that is possible happens."""
        self.now += timedelta(minutes=self.draw.choice([30, 300, 3000]))
        by_agencies = [
            (number, action)
            for number in range(1, len(self.case.steps) + 1)
            for action in sorted(self.case.allowed(number, supervisor=True))
            for _ in range(OFTEN.get(action, 1))
        ]
        choices: list[Callable[[], None]] = [self._time, self._time, self._desk]
        if by_agencies:
            choices += [lambda: self._agency(*self.draw.choice(by_agencies))] * 3
        self.draw.choice(choices)()

    def _time(self) -> None:
        fired = timers.fire(self.case, self.now, SETTING)
        assert fired.failures == ()
        self._follow((fired.case, fired.events))
        if self.case.unplaced and self.case.open:
            self._follow(actions.place(self.case, self.draw.choice(AGENCIES), None, self.now, SETTING, "operator"))

    def _desk(self) -> None:
        if self.dossier.status is Status.SUPPLEMENT:
            due = RECKONING.due(self.now, TEN_DAYS)
            self.dossier, _ = receiving.supplement(self.dossier, self.now, due.at, "tính lại từ đầu")
            self._follow(stops.supplemented(self.case, due.at, due.lines, self.now, SETTING))
        elif self.dossier.status is Status.PAYMENT:
            self.dossier, _ = paying.record(self.dossier, self.now, 50_000, f"BL-{len(self.dossier.payments)}")
            self._follow(stops.paid(self.case, self.now, SETTING))
        elif self.case.open and self.draw.random() < 0.03:
            self.dossier, _ = ending.withdraw(self.dossier, self.now, None)
            self._follow((actions.withdraw(self.case, self.now), ()))

    def _agency(self, number: int, action: Action) -> None:
        case, agency, now = self.case, self.case.step(number).agency, self.now
        wanted = Wanted("missing-papers", ("Giấy tờ",), BASIS)
        halt_for = self.draw.choice([StopKind.CONSULTATION, StopKind.DECISION])
        later = max(now, case.due_at) + timedelta(days=3)
        before = [n for n in case.step(number).after if case.step(n).outcome is Outcome.GRANTED]
        to, end = self.draw.choice([*before, None]), self.draw.choice(ENDS)
        run: Mapping[Action, Callable[[], Decided]] = {
            Action.ACCEPT: lambda: actions.accept(case, agency, number, now, SETTING),
            Action.DECLINE: lambda: actions.decline(case, agency, number, "not-ours", now, SETTING),
            Action.COMPLETE: lambda: actions.complete(case, agency, number, end, now, SETTING, "not-eligible"),
            Action.REQUEST_SUPPLEMENT: lambda: stops.request_supplement(
                case, agency, number, wanted, now, supervisor=True
            ),
            Action.REQUEST_PAYMENT: lambda: stops.request_payment(case, agency, number, 50_000, BASIS, now),
            Action.HALT: lambda: stops.halt(case, agency, number, halt_for, "opinion-asked", BASIS, now),
            Action.RESUME: lambda: stops.resume(case, agency, number, now, SETTING),
            Action.EXTEND: lambda: promises.extend(case, agency, number, "overload", later, now, SETTING),
            Action.SEND_BACK: lambda: actions.send_back(case, agency, number, to, "unfit", now, SETTING),
            Action.REOPEN: lambda: actions.reopen(case, agency, number, now, SETTING, "key"),
        }
        # Several steps may be before it, and none was named.
        with suppress(Conflict) if action is Action.SEND_BACK and to is None else nullcontext():
            self._follow(run[action]())

    def check(self) -> None:
        self._check_told()
        self._check_counter()
        self._check_control_sheet()

    def _check_told(self) -> None:
        """The checker allows every event, and finds the case in the state they lead to."""
        rows = [row(f"e{n}", "routing", event.TYPE, n) for n, event in enumerate(self.events, 1)]
        report = Report()
        phase = _walk("code", rows, AT_THE_AGENCIES, report)
        assert report.findings == []
        assert phase is not None
        assert self.case.state.value in STATE_IN[phase]

    def _check_counter(self) -> None:
        """The counter shows where the case is and until when; nothing settled inside reaches the citizen."""
        terminated = self.case.outcome is Outcome.TERMINATED
        assert self.dossier.status is (Status.TERMINATED if terminated else SHOWN[self.case.state])
        assert (self.dossier.due_at, self.dossier.first_due_at) == (self.case.due_at, self.case.first_due_at)
        assert self.dossier.timeliness is (None if terminated else self.case.timeliness)
        if self.case.active:
            assert self.dossier.agency in {self.case.step(number).agency for number in self.case.active}
        told = citizen_story(self.dossier, None, self.now, rated=False)
        assert not {line["kind"] for line in told["timeline"]} & INTERNAL

    def _check_control_sheet(self) -> None:
        """Form 06 has every finished step with its result."""
        finished = [entry for entry in self.dossier.timeline if entry.kind == "step-completed"]
        judged = [given for given in hand_overs(self.dossier, LETTERHEAD) if given.result is not None]
        assert {(LETTERHEAD.agency(e.agency or ""), e.at, e.timeliness) for e in finished} == {
            (given.giver, given.given_at, given.result) for given in judged
        }


def test_the_checker_and_the_counter_follow_every_life() -> None:
    seen: Counter[str] = Counter()
    for seed in range(400):
        life = Life(seed)
        for _ in range(40):
            life.check()
            if not life.case.open:
                break
            life.go_on()
        seen += Counter(event.TYPE for event in life.events)
    assert set(seen) >= set(AT_THE_AGENCIES["asked or open"]), "every kind of event was among them"
