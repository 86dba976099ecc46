"""Statistics on a real database: events in, figures out, whatever is delivered twice, late or at the same moment."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts.events.agency import (
    ExtendDueDate,
)
from contracts.events.intake import DossierSupplemented
from contracts.types import Channel, Outcome, Timeliness
from services.kit.commit import Committer
from services.kit.store import Ref
from services.kit.work import Cause, Item, Work
from services.routing.domain import statistics as counting
from services.routing.domain.statistics import Entry, Place, day_of
from services.routing.queries.figures import Asked
from services.routing.queries.statistics import pipeline, standing_pipelines, statistics
from services.routing.store import CASES
from services.routing.tallies import TALLIES, count
from tests.component.service_fixtures import (
    COMMUNE,
    COUNTER,
    DISTRICT,
    OFFICE,
    PROCEDURE,
    TWO_STEPS,
    Service,
    dossier,
    now,
    submitted,
)
from tests.component.statistics_fixtures import (
    ACTIONS,
    Loop,
    accept,
    agrees,
    ask,
    busy_day,
    complete,
    overdue,
    supplement,
    withdrawn,
)
from tests.component.statistics_fixtures import loop as loop
from tests.unit.routing.statistics_fixtures import holds, main_figures, one_by_one


class TestFigures:
    async def test_anonymous_and_wrong_role(self, routing: Service) -> None:
        assert (await routing.http.get("/v1/statistics")).status_code == 401
        for scope in (f"counter:{COUNTER}", f"agency:{OFFICE}", "supervisor"):
            reply = await routing.http.get("/v1/statistics", headers=await routing.key(scope))
            assert (reply.status_code, reply.json()["slug"]) == (403, "scope-missing")
        assert (await routing.http.get("/v1/statistics", headers=await routing.key("service"))).status_code == 200

    async def test_a_supervisor_sees_the_unit_of_their_agency_and_no_other(self, routing: Service) -> None:
        headers = await routing.key(f"agency:{OFFICE}", "supervisor")
        for unit, status in ((None, 200), (DISTRICT, 200), (f"{DISTRICT}.01", 200), ("H12.971", 403), ("H12", 403)):
            params = {} if unit is None else {"unit": unit}
            reply = await routing.http.get("/v1/statistics", params=params, headers=headers)
            assert reply.status_code == status, unit

    async def test_nothing_yet(self, routing: Service) -> None:
        found = await ask(routing)
        assert (found["received"], found["open"]) == ({"one_stop": 0, "interlinked": 0}, 0)
        assert (await ask(routing, by="unit"))["rows"] == []

    async def test_every_fate_has_its_figure_and_they_add_up(self, loop: Loop) -> None:
        """Rules 13 and 15 of domain.md section 11."""
        await busy_day(loop)
        await loop.come_back()
        found = await ask(loop.routing)
        assert found["received"] == {"one_stop": 10, "interlinked": 1}
        assert found["received_by_channel"] == {"counter": 10, "online": 1, "post": 0}
        assert found["resolved"] == {"early": 2, "on_time": 1, "late": 0}
        assert (found["denied"], found["terminated"], found["withdrawn"], found["refused"]) == (1, 1, 1, 1)
        assert found["pending"] == {
            "total": 6, "in_time": 2, "overdue": 1,
            "waiting": {"supplement": 1, "payment": 1, "consultation": 1, "decision": 0},
        }  # fmt: skip
        assert found["stopped"] == {"supplement": 1, "payment": 1, "consultation": 1, "decision": 0}
        steps = found["steps"]
        assert steps["early"] + steps["on_time"] + steps["late"] == 4
        assert await agrees(loop.routing) == 0

    async def test_the_sum_holds_while_events_are_on_their_way(self, loop: Loop) -> None:
        await busy_day(loop)
        before = await ask(loop.routing)
        assert before["resolved"] == {"early": 0, "on_time": 0, "late": 0}
        assert await agrees(loop.routing) == 11
        for record in await loop.records():
            await loop.routing.consumer.handle([record])
            await ask(loop.routing)
            await agrees(loop.routing)
        assert await agrees(loop.routing) == 0

    async def test_figures_by_unit_field_procedure_mechanism_and_day(self, loop: Loop) -> None:
        await busy_day(loop)
        await loop.routing.take(submitted(dossier(20), competent_agency=COMMUNE))
        await loop.come_back()
        today = day_of(now()).isoformat()
        first = min(today, day_of(now() - timedelta(days=61)).isoformat())
        units = {row["key"]: row for row in (await ask(loop.routing, by="unit"))["rows"]}
        assert {key: sum(row["received"].values()) for key, row in units.items()} == {
            DISTRICT: 11,
            COMMUNE: 1,
            OFFICE: 0,
        }
        assert units[OFFICE]["steps"]["early"] == 4
        assert (units[DISTRICT]["received_for_others"], units[DISTRICT]["pending"]["overdue"]) == (1, 1)
        for by, keys in (
            ("procedure", [PROCEDURE, TWO_STEPS]), ("mechanism", ["interlinked", "one_stop"]), ("field", ["Thử"]),
        ):  # fmt: skip
            found = await ask(loop.routing, by=by)
            assert [row["key"] for row in found["rows"]] == keys
            assert sum(row["open"] for row in found["rows"]) == found["open"] == 7
            assert sum(row["pending"]["overdue"] for row in found["rows"]) == 1
        days = await ask(loop.routing, by="day", **{"from": first, "to": today})
        assert [row["key"] for row in days["rows"]][-1] == today
        assert days["rows"][-1]["open"] == days["open"] == 7
        below = await ask(loop.routing, unit=COMMUNE)
        assert (below["open"], below["received"]["one_stop"]) == (1, 1)
        only = await ask(loop.routing, unit="H12", procedure=TWO_STEPS, field="Thử")
        assert (only["received"], only["refused"]) == ({"one_stop": 0, "interlinked": 1}, None)
        assert (await ask(loop.routing, field="Đất đai"))["open"] == 0

    async def test_what_was_pending_before_a_period_is_carried_over_into_it(self, loop: Loop) -> None:
        await loop.routing.take(overdue(1), submitted(dossier(2)))
        found = await ask(loop.routing, **{"from": day_of(now() - timedelta(days=30)).isoformat()})
        assert (found["carried_over"], found["received"]["one_stop"], found["pending"]["overdue"]) == (1, 1, 1)
        past = day_of(now() - timedelta(days=31)).isoformat()
        found = await ask(loop.routing, **{"from": "2024-01-01", "to": past})
        assert found["open"] == 1
        assert found["pending"] == {"total": 1, "in_time": None, "overdue": None, "waiting": None}

    async def test_an_old_register_counts_on_its_own_dates(self, loop: Loop) -> None:
        """Rule 13; NĐ 61/2018 Art 17.4 for what is solved on the spot."""
        start = datetime(2011, 3, 2, 2, 0, tzinfo=UTC)
        old = {"backfill": True, "counter": "H77.701.00", "received_at": start, "due_at": start + timedelta(days=9)}
        for number, days in enumerate((3, 9, 40), start=1):
            at = start + timedelta(days=days)
            await loop.routing.take(submitted(dossier(number), resolved_at=at, outcome=Outcome.GRANTED, **old))
        await loop.come_back()
        march = await ask(loop.routing, **{"from": "2011-03-01", "to": "2011-03-31"})
        assert (march["received"]["one_stop"], march["resolved"]) == (3, {"early": 1, "on_time": 1, "late": 0})
        april = await ask(loop.routing, **{"from": "2011-04-01", "to": "2011-04-30", "by": "day"})
        assert (april["carried_over"], april["resolved"]["late"], april["open"]) == (1, 1, 0)
        assert [row["key"] for row in april["rows"]] == ["2011-04-11"]
        assert (await ask(loop.routing, unit="H77"))["received"]["one_stop"] == 3
        assert await agrees(loop.routing) == 0

    async def test_an_extension_does_not_hide_lateness_against_the_first_promise(self, loop: Loop) -> None:
        """NĐ 61/2018 Art 19.9; rule 7."""
        await loop.routing.take(overdue(1))
        await loop.routing.take(
            accept(1),
            ExtendDueDate(
                code=dossier(1), agency=OFFICE, step=1, reason="more-time-needed", due_at=now() + timedelta(days=9)
            ),
            complete(1),
            topic=ACTIONS,
        )
        await loop.come_back()
        found = await ask(loop.routing)
        assert (found["resolved"]["early"], found["resolved"]["late"]) == (1, 0)
        assert found["late_against_first_promise"] == 1

    async def test_a_result_refused_after_the_date_is_late(self, loop: Loop) -> None:
        """NĐ 61/2018 Art 19.8; rule 10."""
        await loop.routing.take(overdue(1))
        await loop.routing.take(accept(1), complete(1, outcome=Outcome.DENIED, ground="not-eligible"), topic=ACTIONS)
        await loop.come_back()
        found = await ask(loop.routing)
        assert (found["resolved"]["late"], found["denied"]) == (1, 1)

    async def test_a_withdrawal_that_comes_after_the_result_is_void(self, loop: Loop) -> None:
        """TT 03/2025 Art 7: the decision came first, whatever the order in the log."""
        await loop.routing.take(submitted(dossier(1)))
        await loop.routing.take(accept(1), complete(1), topic=ACTIONS)
        await loop.routing.take(withdrawn(1))
        await loop.come_back()
        found = await ask(loop.routing)
        assert (found["resolved"]["early"], found["withdrawn"], found["open"]) == (1, 0, 0)

    async def test_what_waits_no_more_is_not_waiting(self, loop: Loop) -> None:
        await loop.routing.take(submitted(dossier(1)))
        await loop.routing.take(accept(1), supplement(1), topic=ACTIONS)
        assert (await ask(loop.routing))["pending"]["waiting"]["supplement"] == 1
        await loop.routing.take(
            DossierSupplemented(code=dossier(1), occurred_at=now(), counter=COUNTER, due_at=now() + timedelta(days=14))
        )
        pending = (await ask(loop.routing))["pending"]
        assert (pending["in_time"], pending["waiting"]["supplement"]) == (1, 0)


class TestQuestions:
    @pytest.mark.parametrize(
        ("query", "slug"),
        [
            ({"to": "2026-11-30"}, "period-open"),
            ({"by": "day"}, "period-open"),
            ({"from": "2026-11-30", "to": "2026-11-01"}, "period-reversed"),
            ({"from": "2016-11-30", "to": "2026-11-01"}, "period-too-long"),
            ({"from": "2025-01-01", "to": "2026-11-01", "by": "day"}, "period-too-long"),
            ({"from": "1-11-2026"}, "request-invalid"),
            ({"unit": "h12"}, "request-invalid"),
            ({"procedure": "1"}, "request-invalid"),
            ({"by": "person"}, "request-invalid"),
        ],
    )
    async def test_a_question_that_cannot_be_answered_is_refused(
        self, routing: Service, query: dict[str, str], slug: str
    ) -> None:
        reply = await routing.http.get("/v1/statistics", params=query, headers=await routing.key("operator"))
        assert (reply.status_code, reply.json()["slug"]) == (422, slug)

    async def test_any_question_is_answered_as_if_everything_were_counted_one_by_one(self, routing: Service) -> None:
        """The pipeline against the plain sum, over two years of entries."""
        dice = random.Random(4)
        entries = [_any_entry(dice) for _ in range(400)]
        for start in range(0, len(entries), 50):
            await Committer(routing.mongo, "/routing", now).run_all(
                [Item(Count(tuple(entries[start : start + 50])), Cause("c"))]
            )
        for _ in range(60):
            asked = _any_question(dice)
            found = await statistics(routing.mongo, asked)
            assert main_figures(found) == one_by_one(entries, asked), asked
            assert holds(found), asked
            for row in found.get("rows", ()):
                assert holds(row), asked

    async def test_sums_and_cases_are_found_by_index(self, loop: Loop) -> None:
        await busy_day(loop)
        period = (date(2026, 1, 1), date(2026, 11, 30))
        for asked in (Asked(), Asked(unit=DISTRICT), Asked(period), Asked(period, DISTRICT, "Thử", PROCEDURE)):
            assert await _plan(loop.routing, TALLIES, pipeline(asked)) == "period_unit_procedure"
            overdue, waiting = standing_pipelines(asked, now())
            assert await _plan(loop.routing, CASES.collection, overdue) == "open-due"
            assert await _plan(loop.routing, CASES.collection, waiting) == "stopped"


@dataclass(frozen=True)
class Count:
    """Count given entries."""

    entries: tuple[Entry, ...]

    def needs(self) -> Iterable[Ref]:
        return ()

    def decide(self, work: Work, now: datetime) -> None:
        count(work, self.entries)


def _any_entry(dice: random.Random) -> Entry:
    place = Place(
        dice.choice(("H12", "H12.97", "H12.970", "H12.970.02", "H13")),
        dice.choice(("Hộ tịch", "Đất đai")),
        dice.choice(("1.014466", "1.014467")),
        dice.choice(("one_stop", "interlinked")),
    )
    at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=dice.randrange(24 * 730))
    # Old receipts in plenty, so that no choice of results brings the balance below zero.
    if dice.random() < 0.6:
        return counting.receipt(place, dice.choice(list(Channel)), f"{place.unit}.00", at - timedelta(days=800))[0]
    ends = dice.choice(list(Timeliness))
    if dice.random() < 0.2:
        return counting.withdrawal(place, at)
    return counting.result(place, dice.choice(list(Outcome)), ends, dice.choice(list(Timeliness)), at)


def _any_question(dice: random.Random) -> Asked:
    by = dice.choice((None, "unit", "field", "procedure", "mechanism", "day"))
    days = sorted(date(2022, 9, 1) + timedelta(days=dice.randrange(1600)) for _ in range(2))
    period = (days[0], days[1]) if by == "day" or dice.random() < 0.7 else None
    return Asked(
        period,
        dice.choice((None, "H12", "H12.97", "H12.970", "H14")),
        dice.choice((None, None, "Hộ tịch")),
        dice.choice((None, None, "1.014466")),
        by,  # type: ignore[arg-type]
    )


async def _plan(routing: Service, collection: str, stages: list[dict[str, Any]]) -> str | None:
    """Name of the index that finds the documents of a pipeline."""
    explained = await routing.mongo.collection(collection).find(stages[0]["$match"]).explain()
    stage = explained["queryPlanner"]["winningPlan"]
    while "indexName" not in stage and "inputStage" in stage:
        stage = stage["inputStage"]
    name: str | None = stage.get("indexName")
    return name
