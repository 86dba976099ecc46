"""Dossiers in any order of events: the sum holds after each one, for any question, and equals a recount.

Statutory rules 13 and 15 of domain.md section 11. What routing itself told comes back late and in any order between
dossiers, as over Kafka.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts.events.base import DossierEvent
from contracts.events.intake import DossierRefused
from contracts.events.routing import DossierResolved
from contracts.problems import Refused
from contracts.types import Mechanism, Outcome
from services.kit.store import Ref
from services.kit.work import Cause, Decision, Work, _held
from services.routing.commands.count_event import COUNTED, CountEvent, Counting, place_of
from services.routing.domain import actions, promises, stops
from services.routing.domain.case import Case, CaseState, Wanted
from services.routing.domain.flow import Decided
from services.routing.domain.statistics import BALANCE, Entry, day_of
from services.routing.expected import entries_of
from services.routing.queries.figures import Asked, By
from services.routing.store import CASES
from tests.unit.routing.case_fixtures import AT, CHAIN, SETTING, branches, planned
from tests.unit.routing.statistics_fixtures import asked_in_memory, holds, main_figures, one_by_one

UNITS = ("H12.970", "H12.970.01", "H12.971", "H12")
FIELDS, PROCEDURES = ("Hộ tịch", "Đất đai"), ("1.014466", "1.014467")
OUTCOMES = st.sampled_from(Outcome)
DAYS = st.dates(date(2026, 11, 20), date(2027, 2, 10))
GROUPS: tuple[By | None, ...] = (None, "unit", "field", "procedure", "mechanism", "day")


@dataclass(frozen=True)
class Put:
    """Stands for the decision that opens or withdraws a case."""

    case: Case

    def needs(self) -> Iterable[Ref]:
        return ()

    def decide(self, work: Work, now: datetime) -> None:
        work.put(CASES, self.case.code, self.case)


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    by = draw(st.sampled_from(GROUPS))
    period: tuple[date, date] | None = None
    if by == "day" or draw(st.booleans()):
        ends = sorted((draw(DAYS), draw(DAYS)))
        period = (ends[0], ends[1])

    def perhaps(values: tuple[str, ...]) -> str | None:
        return draw(st.sampled_from((None, *values)))

    return Asked(period, perhaps(UNITS), perhaps(FIELDS), perhaps(PROCEDURES), by)


class Office(RuleBasedStateMachine):
    """A few dossiers of several units over some weeks."""

    def __init__(self) -> None:
        super().__init__()
        self.now = AT
        self.work = Work("/routing", AT)
        self.on_the_way: dict[str, list[DossierEvent]] = {}
        self.codes: list[str] = []

    def _run(self, decision: Decision[None]) -> None:
        for ref in decision.needs():
            held = self.work._held.setdefault(ref, _held(ref, None))
            if ref.store.view:  # read from what is stored, where the case is
                held.state = self.work.get(CASES, ref.id)
        self.work.begin(Cause("c"))
        decision.decide(self.work, self.now)
        self.work.keep()

    def _case(self, code: str) -> Case:
        case = self.work.get(CASES, code)
        assert case is not None
        return case

    def _follow(self, code: str, decided: Decided) -> None:
        """What routing decided by itself: the case moves at once, what it tells is counted when it comes back."""
        case, events = decided
        self.work.begin(Cause("c"))
        self.work.put(CASES, code, case)
        self.work.keep()
        self.on_the_way[code] += [event for event in events if isinstance(event, COUNTED)]

    def _open(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from([code for code in self.codes if self._case(code).open]))

    def _any_open(self) -> bool:
        return any(self._case(code).open for code in self.codes)

    @rule(
        unit=st.sampled_from(UNITS),
        field=st.sampled_from(FIELDS),
        procedure=st.sampled_from(PROCEDURES),
        channel=st.sampled_from(["counter", "online", "post"]),
        interlinked=st.booleans(),
        at_once=st.none() | OUTCOMES,
    )
    def receive(
        self, unit: str, field: str, procedure: str, channel: str, interlinked: bool, at_once: Outcome | None
    ) -> None:
        code = f"H12.970.00-261123-{len(self.codes) + 1:04d}"
        turns = branches() if interlinked else CHAIN[:1]
        case = replace(
            planned(turns, at=self.now), code=code, unit=unit, field=field, procedure_code=procedure, channel=channel,
            mechanism=Mechanism.INTERLINKED if interlinked else Mechanism.ONE_STOP,
        )  # fmt: skip
        self.codes.append(code)
        self.on_the_way[code] = []
        if at_once is None:
            decided = actions.open_case(case, (), self.now, SETTING)
        else:  # on the spot (NĐ 61/2018 Art 17.4), or an old register
            decided = actions.open_resolved(case, at_once, self.now, SETTING)
        self._run(Counting(Put(decided[0]), code))
        self._follow(code, decided)

    @rule(hours=st.integers(1, 400))
    def wait(self, hours: int) -> None:
        self.now = min(self.now + timedelta(hours=hours), datetime(2027, 2, 8, 3, tzinfo=AT.tzinfo))

    @precondition(_any_open)
    @rule(data=st.data(), outcome=OUTCOMES, what=st.sampled_from(["finish", "ask", "bring", "pay", "extend"]))
    def act(self, data: st.DataObject, outcome: Outcome, what: str) -> None:
        code = self._open(data)
        case = self._case(code)
        for number in case.active or (1,):
            agency = case.step(number).agency
            try:
                self._follow(code, self._decided(case, agency, number, outcome, what))
            except Refused:
                continue
            return

    def _decided(self, case: Case, agency: str, number: int, outcome: Outcome, what: str) -> Decided:
        if what == "bring":
            return stops.supplemented(case, self.now + timedelta(days=9), (), self.now, SETTING)
        case, told = actions.accept(case, agency, number, self.now, SETTING)
        match what:
            case "finish":
                changed, more = actions.complete(case, agency, number, outcome, self.now, SETTING, "not-eligible")
            case "ask":
                wanted = Wanted("missing", ("Giấy",), "Khoản 1")
                changed, more = stops.request_supplement(case, agency, number, wanted, self.now, supervisor=True)
            case "pay":
                changed, more = stops.request_payment(case, agency, number, 1000, "Khoản 1", self.now)
            case _:
                new = max(self.now, case.due_at) + timedelta(days=3)
                changed, more = promises.extend(case, agency, number, "more-time-needed", new, self.now, SETTING)
        return changed, (*told, *more)

    @precondition(lambda self: bool(self.codes))
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        """Also one that was withdrawn or resolved before: then it is void."""
        code = data.draw(st.sampled_from(self.codes))
        self._run(Counting(Put(actions.withdraw(self._case(code), self.now)), code))

    @rule(unit=st.sampled_from(UNITS))
    def refuse(self, unit: str) -> None:
        event = DossierRefused(
            code="H12.970.00-261123-9999", occurred_at=self.now, counter=f"{unit}.00", reasons=("not-competent",)
        )
        self._run(CountEvent(event, self.now))

    @precondition(lambda self: any(self.on_the_way.values()))
    @rule(data=st.data())
    def come_back(self, data: st.DataObject) -> None:
        code = data.draw(st.sampled_from([code for code, events in self.on_the_way.items() if events]))
        event = self.on_the_way[code].pop(0)
        assert isinstance(event, COUNTED)
        self._run(CountEvent(event, self.now))

    def _recounted(self) -> Iterator[Entry]:
        """From the cases, without results whose event has not come back."""
        for code in self.codes:
            late = any(isinstance(event, DossierResolved) for event in self.on_the_way[code])
            case = self._case(code)
            for entry in entries_of(place_of(case), CASES.to_document(case)):
                ends = any(BALANCE.get(figure, 0) < 0 for figure in entry.figures)
                if not (late and ends):
                    yield entry

    @rule(asked=questions())
    def ask(self, asked: Asked) -> None:
        found = asked_in_memory(self.work._sums, asked)
        entries = list(self._recounted())
        assert main_figures(found) == one_by_one(entries, asked)
        assert holds(found)
        left = found["carried_over"]
        for row in found.get("rows", ()):
            assert holds(row)
            if asked.by == "day":
                assert row["carried_over"] == left
                left = row["open"]
        if asked.by not in {None, "day"}:
            for name in ("carried_over", "open", "withdrawn", "terminated"):
                assert sum(row[name] for row in found["rows"]) == found[name]

    @invariant()
    def what_is_open_is_what_the_cases_say(self) -> None:
        found = asked_in_memory(self.work._sums, Asked())
        resolved_unheard = sum(
            isinstance(event, DossierResolved) for events in self.on_the_way.values() for event in events
        )
        assert found["open"] == sum(self._case(code).open for code in self.codes) + resolved_unheard
        assert holds(found)

    def teardown(self) -> None:
        """When everything has come back the statistics say what the cases say."""
        for code, events in self.on_the_way.items():
            while events:
                event = events.pop(0)
                assert isinstance(event, COUNTED), code
                self._run(CountEvent(event, self.now))
        if not self.codes:
            return
        found = asked_in_memory(self.work._sums, Asked((date(2026, 11, 1), day_of(self.now))))
        cases = [self._case(code) for code in self.codes]
        ended = [case for case in cases if case.state is CaseState.RESOLVED]
        assert found["terminated"] == sum(case.outcome is Outcome.TERMINATED for case in ended)
        assert sum(found["resolved"].values()) + found["terminated"] == len(ended)
        assert found["withdrawn"] == sum(case.state is CaseState.WITHDRAWN for case in cases)


TestOffice = Office.TestCase
TestOffice.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
