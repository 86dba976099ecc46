"""What counts as what, where and when; citing the rule where there is one."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import pytest

from contracts.events.intake import DossierRefused
from contracts.events.routing import (
    DossierHalted,
    DossierPaymentRequested,
    DossierStepCompleted,
    DossierSupplementRequested,
)
from contracts.types import Channel, Outcome, StopKind, Timeliness
from services.kit.tally import Sums
from services.routing.domain import statistics
from services.routing.domain.statistics import BALANCE, Entry, Figure, Place, StopRequested
from services.routing.queries.figures import Asked, Counted, answer
from services.routing.tallies import TALLIES, additions
from tests.unit.routing.statistics_fixtures import asked_in_memory, holds

CODE, DESK, OFFICE = "H12.970.00-261123-0001", "H12.970.00", "H12.970.02"
HERE = Place("H12.970", "Hộ tịch", "1.014466.H12", "one_stop")
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
EARLY, ON_TIME, LATE = Timeliness


def kept(*entries: Entry) -> Sums:
    sums = Sums()
    for entry in entries:
        for id, key, amounts in additions(entry):
            sums.add(TALLIES, id, key, amounts)
    return sums


def received(at: datetime = AT, place: Place = HERE, counter: str = DESK) -> tuple[Entry, ...]:
    return statistics.receipt(place, Channel.COUNTER, counter, at)


def result(
    at: datetime = AT, outcome: Outcome = Outcome.GRANTED, now: Timeliness = EARLY, first: Timeliness = EARLY
) -> Entry:
    return statistics.result(HERE, outcome, now, first, at)


class TestWhatCounts:
    def test_a_day_is_a_day_in_viet_nam(self) -> None:
        """23:30 in Ha Noi on the 30th is the 30th, though Greenwich has the afternoon; 00:30 is the 1st already."""
        [before] = received(datetime(2026, 11, 30, 16, 30, tzinfo=UTC))
        [after] = received(datetime(2026, 11, 30, 17, 30, tzinfo=UTC))
        assert (before.day, after.day) == (date(2026, 11, 30), date(2026, 12, 1))

    @pytest.mark.parametrize("channel", list(Channel))
    def test_every_channel_is_received(self, channel: Channel) -> None:
        [entry] = statistics.receipt(HERE, channel, DESK, AT)
        assert entry.figures == {Figure(f"received_{channel.value}"): 1}

    def test_a_dossier_of_another_unit_counts_once_at_the_competent_one_and_shows_at_the_desk(self) -> None:
        """Phi địa giới, NĐ 309/2026 Art 14.4; rule 16."""
        counted, desk = received(counter="H12.971.00")
        assert (counted.place.unit, counted.figures) == ("H12.970", {Figure.RECEIVED_COUNTER: 1})
        assert (desk.place.unit, desk.figures) == ("H12.971", {Figure.FOR_OTHERS: 1})
        assert statistics.received(counted.figures) + statistics.received(desk.figures) == 1

    def test_a_denial_after_the_date_is_late(self) -> None:
        """NĐ 61/2018 Art 19.8; rule 10."""
        assert result(outcome=Outcome.DENIED, now=LATE, first=LATE).figures == {
            Figure.LATE: 1,
            Figure.DENIED: 1,
            Figure.LATE_FIRST: 1,
        }

    def test_a_new_date_does_not_hide_lateness_against_the_first_promise(self) -> None:
        """NĐ 61/2018 Art 19.9; rule 7."""
        figures = result(now=ON_TIME, first=LATE).figures
        assert (figures[Figure.ON_TIME], figures[Figure.LATE_FIRST]) == (1, 1)

    def test_a_decision_to_stop_is_no_result(self) -> None:
        assert result(outcome=Outcome.TERMINATED, now=LATE, first=LATE).figures == {Figure.TERMINATED: 1}

    def test_a_withdrawal_counts_on_its_own_day(self) -> None:
        assert statistics.withdrawal(HERE, AT.replace(day=26)).day == date(2026, 11, 26)

    def test_a_filing_that_is_not_accepted_is_counted_at_the_desk_and_beside_the_sum(self) -> None:
        event = DossierRefused(code=CODE, occurred_at=AT, counter=DESK, reasons=("not-competent",))
        entry = statistics.refusal(event)
        assert (entry.place, entry.figures) == (Place("H12.970"), {Figure.REFUSED: 1})
        assert statistics.balance(entry.figures) == 0

    def test_a_step_is_counted_at_the_agency_that_did_it(self) -> None:
        event = DossierStepCompleted(
            code=CODE, occurred_at=AT, step=1, agency=OFFICE, outcome=Outcome.GRANTED, timeliness=LATE,
            step_due_at=AT, waited_minutes=30, worked_minutes=480,
        )  # fmt: skip
        entry = statistics.step(HERE, event)
        assert (entry.place.unit, entry.place.procedure) == (OFFICE, HERE.procedure)
        assert entry.figures == {
            Figure.STEP_LATE: 1,
            Figure.STEP_WAITED_MINUTES: 30,
            Figure.STEP_WORKED_MINUTES: 480,
        }

    @pytest.mark.parametrize(
        ("event", "figure"),
        [
            (DossierSupplementRequested, Figure.STOP_SUPPLEMENT),
            (DossierPaymentRequested, Figure.STOP_PAYMENT),
            (DossierHalted, Figure.STOP_DECISION),
        ],
    )
    def test_each_stop_of_the_clock_is_counted_by_its_kind(self, event: type[StopRequested], figure: Figure) -> None:
        stopped = event.model_construct(code=CODE, occurred_at=AT, kind=None)
        assert statistics.stop(HERE, stopped).figures == {figure: 1}
        consultation = DossierHalted(
            code=CODE, occurred_at=AT, agency=OFFICE, reason="asked", kind=StopKind.CONSULTATION
        )
        assert statistics.stop(HERE, consultation).figures == {Figure.STOP_CONSULTATION: 1}

    def test_every_figure_of_what_comes_and_goes_is_in_the_balance_and_no_other(self) -> None:
        comes = {name for name in Figure if name.startswith("received_")}
        goes = {Figure.EARLY, Figure.ON_TIME, Figure.LATE, Figure.TERMINATED, Figure.WITHDRAWN}
        assert {**dict.fromkeys(comes, 1), **dict.fromkeys(goes, -1)} == BALANCE


class TestPeriods:
    def test_a_dossier_of_an_earlier_period_is_carried_over(self) -> None:
        sums = kept(*received(AT.replace(month=9)), *received(AT.replace(month=10)), *received(), result())
        november = Asked((date(2026, 11, 1), date(2026, 11, 30)))
        found = asked_in_memory(sums, november)
        assert (found["carried_over"], sum(found["received"].values()), found["open"]) == (2, 1, 2)
        assert holds(found)

    def test_what_is_finished_on_the_first_day_of_a_period_was_carried_over_into_it(self) -> None:
        """Real software lost these (domain.md 6.3)."""
        first = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
        sums = kept(*received(AT.replace(month=10, day=31)), result(first))
        found = asked_in_memory(sums, Asked((date(2026, 11, 1), date(2026, 11, 30))))
        assert (found["carried_over"], found["resolved"]["early"], found["open"]) == (1, 1, 0)

    def test_last_months_figures_do_not_change_when_a_dossier_moves_on(self) -> None:
        """Real software read the present state of a row (domain.md 6.3)."""
        october = Asked((date(2026, 10, 1), date(2026, 10, 31)))
        before = kept(*received(AT.replace(month=10)))
        after = kept(*received(AT.replace(month=10)), result())
        assert asked_in_memory(before, october) == asked_in_memory(after, october)

    def test_each_day_begins_with_what_the_day_before_left(self) -> None:
        sums = kept(*received(AT.replace(month=10)), *received(AT.replace(day=2)), *received(), result())
        found = asked_in_memory(sums, Asked((date(2026, 11, 1), date(2026, 11, 30)), by="day"))
        assert [(row["key"], row["carried_over"], row["open"]) for row in found["rows"]] == [
            ("2026-11-02", 1, 2),
            ("2026-11-23", 2, 2),
        ]
        assert all(holds(row) for row in found["rows"])


class TestAnswers:
    def test_units_below_belong_to_a_unit_and_neighbours_with_the_same_beginning_do_not(self) -> None:
        units = ("H12.97", "H12.97.01", "H12.970", "H12.98", "H12")
        sums = kept(*(received(place=Place(unit), counter=f"{unit}.00")[0] for unit in units))
        found = asked_in_memory(sums, Asked(unit="H12.97", by="unit"))
        assert [row["key"] for row in found["rows"]] == ["H12.97", "H12.97.01"]

    def test_in_time_overdue_and_waiting_make_up_what_is_pending(self) -> None:
        counted = Counted()
        counted.take(Asked(), "", "one_stop", "within", {"received_counter": 5})
        counted.standing = {"": statistics_counter(overdue=1, supplement=2)}
        pending = answer(Asked(), counted)["pending"]
        assert (pending["total"], pending["in_time"], pending["overdue"]) == (5, 2, 1)
        assert pending["waiting"] == {"supplement": 2, "payment": 0, "consultation": 0, "decision": 0}

    def test_cases_that_are_ahead_of_the_sums_do_not_upset_the_sum(self) -> None:
        counted = Counted()
        counted.take(Asked(), "", "one_stop", "within", {"received_counter": 2})
        counted.standing = {"": statistics_counter(overdue=1, payment=3)}
        pending = answer(Asked(), counted)["pending"]
        assert pending["in_time"] + pending["overdue"] + sum(pending["waiting"].values()) == pending["total"] == 2

    def test_nothing_is_told_of_refused_filings_where_their_procedure_would_have_to_be_known(self) -> None:
        refused = Entry(Place("H12.970"), date(2026, 11, 23), {Figure.REFUSED: 1})
        sums = kept(*received(), refused)
        assert asked_in_memory(sums, Asked())["refused"] == 1
        assert asked_in_memory(sums, Asked(procedure=HERE.procedure))["refused"] is None
        found = asked_in_memory(sums, Asked(by="procedure"))
        assert [(row["key"], row["refused"]) for row in found["rows"]] == [(HERE.procedure, None)]
        assert [row["refused"] for row in asked_in_memory(sums, Asked(by="unit"))["rows"]] == [1]


def statistics_counter(**amounts: int) -> Counter[str]:
    return Counter(amounts)
