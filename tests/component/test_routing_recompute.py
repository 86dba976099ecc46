"""Counting open dossiers anew after a change of the calendar: an audited job that nothing interrupts for good."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from contracts.events import agency as said
from contracts.problems import Conflict, Invalid
from services.kit.commit import Committer
from services.kit.work import Decision
from services.routing.commands.recompute_case import EndRecomputation, NoteRecomputed
from services.routing.open_cases import count_open, pages
from services.routing.recompute import Recompute, Row, latest, rows_of
from services.routing.store import RECOMPUTED
from tests.component.operator_fixtures import act, case, changes_told, close, committer, open_cases
from tests.component.service_fixtures import (
    OFFICE,
    Service,
    now,
)


@dataclass
class Pages:
    """What a job said page by page."""

    looked_at: int = 0
    rows: list[Row] = field(default_factory=list)

    def __call__(self, looked_at: int, rows: Any) -> None:
        self.looked_at += looked_at
        self.rows += rows


class Dies(Exception):
    """The process ends here."""


@dataclass
class Fragile(Committer):
    """Dies instead of a decision of this type."""

    of: type[Any] = object
    times: int = 1

    async def run(self, decision: Decision[Any], **more: Any) -> Any:
        if isinstance(decision, self.of) and self.times:
            self.times -= 1
            raise Dies
        return await super().run(decision, **more)


class TestRecompute:
    async def test_a_dry_run_shows_before_after_and_why_and_stores_nothing(self, routing: Service) -> None:
        [code] = await open_cases(routing, 1)
        before = await case(routing, code)
        await close(routing, before.due_at)
        told = Pages()
        await Recompute(routing.mongo, committer(routing)).dry_run(told)
        [row] = told.rows
        assert (told.looked_at, row["code"], row["before"]) == (1, code, before.due_at)
        assert row["after"] > row["before"]
        assert "Nghỉ bão (QĐ 10/QĐ-UBND)" in row["explained"]
        assert await case(routing, code) == before
        assert await changes_told(routing, code) == []
        assert await routing.counts("recomputations", RECOMPUTED) == {"recomputations": 0, RECOMPUTED: 0}

    async def test_a_run_tells_each_change_once_and_leaves_an_audit(self, routing: Service) -> None:
        """Issue 4, point 4: an audited job, before and after, one event per changed dossier."""
        codes = await open_cases(routing, 3)
        before = await case(routing, codes[0])
        await close(routing, before.due_at)
        job = await Recompute(routing.mongo, committer(routing), at_once=2).run("van.hanh", "Nghỉ bão")
        assert (job.looked_at, job.changed, job.failed, job.calendar_version) == (3, 3, 0, 1)
        for code in codes:
            after = await case(routing, code)
            [event] = await changes_told(routing, code)
            assert event["cause"] == "calendar-changed"
            assert datetime.fromisoformat(event["due_at"]) == after.due_at > before.due_at
            assert (after.first_due_at, after.promises[0].due_at) == (before.first_due_at, before.due_at)
            [entry] = after.audit
            assert (entry.what, entry.by, entry.detail) == ("recomputed", "van.hanh", job.id)

        operator = await routing.key("operator")
        [shown] = (await routing.http.get("/v1/recomputations", headers=operator)).json()["recomputations"]
        assert (shown["id"], shown["by"], shown["reason"], shown["changed"]) == (job.id, "van.hanh", "Nghỉ bão", 3)
        assert shown["ended_at"] is not None
        seen: list[str] = []
        asked: dict[str, Any] = {"limit": 2}
        while True:
            page = (await routing.http.get(f"/v1/recomputations/{job.id}", params=asked, headers=operator)).json()
            seen += [row["code"] for row in page["dossiers"]]
            assert all(row["before"] < row["after"] and row["explained"] for row in page["dossiers"])
            if page["next"] is None:
                break
            asked["after"] = page["next"]
        assert seen == codes

    async def test_a_second_run_changes_nothing(self, routing: Service) -> None:
        [code] = await open_cases(routing, 1)
        await close(routing, (await case(routing, code)).due_at)
        job = Recompute(routing.mongo, committer(routing))
        await job.run("van.hanh", "Nghỉ bão")
        after = await case(routing, code)
        again = await job.run("van.hanh", "Chạy lại")
        assert (again.looked_at, again.changed) == (1, 0)
        assert await case(routing, code) == after
        assert len(await changes_told(routing, code)) == 1
        assert (await latest(routing.mongo, 9))[0] == again

    @pytest.mark.parametrize("dies_at", [NoteRecomputed, EndRecomputation])
    async def test_killed_in_between_it_goes_on_and_nothing_is_lost_or_twice(
        self, routing: Service, dies_at: type[Any]
    ) -> None:
        codes = await open_cases(routing, 5)
        await close(routing, (await case(routing, codes[0])).due_at)
        fragile = Fragile(routing.mongo, "/routing", now, of=dies_at)
        with pytest.raises(Dies):
            await Recompute(routing.mongo, fragile, at_once=2).run("van.hanh", "Nghỉ bão")
        job = Recompute(routing.mongo, committer(routing), at_once=2)
        [stopped] = await latest(routing.mongo, 1)
        with pytest.raises(Conflict) as caught:
            await job.run("van.hanh", "Lần khác")
        assert (caught.value.slug, caught.value.facts) == ("recomputation-unfinished", {"recomputation": stopped.id})
        ended = await job.resume(stopped.id)
        assert (ended.id, ended.looked_at, ended.changed) == (stopped.id, 5, 5)
        assert [len(await changes_told(routing, code)) for code in codes] == [1] * 5
        _, rows, _ = await rows_of(routing.mongo, ended.id, None, 100)
        assert [row["code"] for row in rows] == codes
        with pytest.raises(Conflict) as caught:
            await job.resume(stopped.id)
        assert caught.value.slug == "recomputation-ended"

    async def test_a_calendar_that_changes_under_it_is_followed_to_the_end(self, routing: Service) -> None:
        codes = await open_cases(routing, 2)
        first = (await case(routing, codes[0])).due_at
        await close(routing, first)
        fragile = Fragile(routing.mongo, "/routing", now, of=EndRecomputation)
        with pytest.raises(Dies):
            await Recompute(routing.mongo, fragile).run("van.hanh", "Nghỉ bão")
        second = (await case(routing, codes[0])).due_at
        await close(routing, first, second)
        [stopped] = await latest(routing.mongo, 1)
        ended = await Recompute(routing.mongo, committer(routing)).resume(stopped.id)
        assert (ended.calendar_version, ended.looked_at, ended.changed) == (2, 2, 4)
        _, rows, _ = await rows_of(routing.mongo, ended.id, None, 100)
        assert [(row["before"], row["after"] > row["before"]) for row in rows] == [(first, True), (second, True)] * 2
        assert (await case(routing, codes[0])).due_at > second

    async def test_one_dossier_that_cannot_be_counted_stops_no_other(self, routing: Service) -> None:
        codes = await open_cases(routing, 3)
        await close(routing, (await case(routing, codes[0])).due_at)
        await routing.mongo.collection("cases").update_one({"_id": codes[1]}, {"$set": {"limit.value": 90_000.0}})
        told = Pages()
        job = await Recompute(routing.mongo, committer(routing)).run("van.hanh", "Nghỉ bão", told)
        assert (job.looked_at, job.changed, job.failed) == (3, 2, 1)
        [failed] = [row for row in told.rows if "error" in row]
        _, rows, _ = await rows_of(routing.mongo, job.id, None, 100)
        assert [(row["code"], row["error"]) for row in rows if "error" in row] == [(codes[1], failed["error"])]

    async def test_who_and_why_are_asked_for_before_anything_changes(self, routing: Service) -> None:
        [code] = await open_cases(routing, 1)
        await close(routing, (await case(routing, code)).due_at)
        job = Recompute(routing.mongo, committer(routing))
        for by, reason, expected in (("", "Nghỉ bão", "account-malformed"), ("van.hanh", " ", "reason-missing")):
            with pytest.raises(Invalid) as caught:
                await job.run(by, reason)
            assert caught.value.slug == expected
        assert await changes_told(routing, code) == []

    async def test_pages_hold_every_open_case_once(self, routing: Service) -> None:
        codes = await open_cases(routing, 7)
        await act(routing, said.AcceptTransfer(code=codes[3], agency=OFFICE, step=1))
        await act(routing, said.CompleteStep(code=codes[3], agency=OFFICE, step=1))
        for at_once in (1, 2, 3, 6, 100):
            found = [place.code async for page in pages(routing.mongo, at_once=at_once) for place in page]
            assert found == [code for code in codes if code != codes[3]]
        assert await count_open(routing.mongo) == 6
