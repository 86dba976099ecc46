"""The detector against real collections: everything that is stuck is found, by index, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from prometheus_client import REGISTRY

from contracts.events import agency as said
from services.kit.lease import Lease
from services.kit.outbox import OUTBOX
from services.routing.commands.import_policy import ImportPolicy
from services.routing.domain.policy import Policy
from services.routing.domain.recomputation import Place
from services.routing.domain.stuck import Finding, StuckKind
from services.routing.open_cases import behind, reschedule
from services.routing.policies import read_policy
from services.routing.store import CASES
from services.routing.stuck import StuckLoop, find_stuck, looks
from tests.component.operator_fixtures import act, case, committer, open_cases
from tests.component.service_fixtures import (
    DISTRICT,
    OFFICE,
    PROCEDURE,
    Service,
    dossier,
    now,
    published,
    submitted,
)

WAITING = f"rules: [{{name: waiting, when: waiting, after_hours: 8, agencies: [{OFFICE}]}}]"


class TestStuck:
    async def _found(self, routing: Service, later: timedelta = timedelta(0)) -> list[tuple[str, str]]:
        return [(f.kind.value, f.key) for f in await find_stuck(routing.mongo, now() + later) if self._counts(f)]

    def _counts(self, finding: Finding) -> bool:
        """No worker sends events in these tests, nor fires timers."""
        return finding.kind not in {StuckKind.NOT_SENT, StuckKind.TIMER_LATE}

    async def test_nothing_is_stuck_that_goes_on(self, routing: Service) -> None:
        codes = await open_cases(routing, 2)
        await act(routing, said.AcceptTransfer(code=codes[0], agency=OFFICE, step=1))
        assert await find_stuck(routing.mongo, now()) == []

    async def test_what_all_agencies_declined(self, routing: Service) -> None:
        [code] = await open_cases(routing, 1)
        for agency in (OFFICE, DISTRICT):
            await act(routing, said.DeclineTransfer(code=code, agency=agency, step=1, reason="not-ours"))
        reply = await routing.http.get("/v1/stuck", headers=await routing.key("operator"))
        [finding] = reply.json()["findings"]
        assert (finding["kind"], finding["key"], reply.json()["counts"]) == ("unplaced", code, {"unplaced": 1})
        assert f"/v1/cases/{code}/place" in finding["cure"]

    async def test_a_case_without_owner_or_timer(self, routing: Service) -> None:
        """As a fault of the software would leave it."""
        [lost, bare] = await open_cases(routing, 2)
        cases = routing.mongo.collection("cases")
        received = (await case(routing, lost)).received_at
        waits = {"steps.0.state": "waiting", "neglected_since": received}
        await cases.update_one({"_id": lost}, {"$set": waits, "$unset": {"accept_by": ""}})
        await cases.update_one({"_id": bare}, {"$set": {"timers": [], "neglected_since": received}})
        assert await self._found(routing) == [("without-owner", lost), ("without-timer", bare)]
        await reschedule(routing.mongo, committer(routing))
        assert await self._found(routing) == [("without-owner", lost)], "the named cure cures"

    async def test_a_case_that_cannot_be_read_is_named_and_hides_no_other(self, routing: Service) -> None:
        [broken, bare] = await open_cases(routing, 2)
        cases = routing.mongo.collection("cases")
        waits = {"timers": [], "neglected_since": (await case(routing, bare)).received_at}
        await cases.update_one({"_id": bare}, {"$set": waits})
        await cases.update_one({"_id": broken}, {"$set": {**waits, "steps": [{"state": "lost"}]}})
        reply = await routing.http.get("/v1/stuck", headers=await routing.key("operator"))
        assert reply.status_code == 200
        found = {(finding["kind"], finding["key"]) for finding in reply.json()["findings"]}
        assert found == {("unreadable", broken), ("without-timer", bare)}

    async def test_timers_that_nobody_fires_and_silence(self, routing: Service) -> None:
        [code] = await open_cases(routing, 1)
        found = {finding.kind for finding in await find_stuck(routing.mongo, now() + timedelta(days=15))}
        assert found >= {StuckKind.TIMER_LATE, StuckKind.NOT_ACCEPTED}
        await act(routing, said.AcceptTransfer(code=code, agency=OFFICE, step=1))
        assert await self._found(routing, timedelta(days=15)) == []

    async def test_a_wait_that_is_longer_than_the_policy_says(self, routing: Service) -> None:
        [code] = await open_cases(routing, 1)
        await act(routing, said.AcceptTransfer(code=code, agency=OFFICE, step=1))
        wanted = {"reason": "missing", "items": ("Giấy chứng sinh",)}
        await act(routing, said.RequestSupplement(code=code, agency=OFFICE, step=1, **wanted))
        assert await self._found(routing, timedelta(days=15)) == []
        await committer(routing).run(ImportPolicy(read_policy(WAITING.encode())))
        assert await self._found(routing, timedelta(days=15)) == [("waiting", code)]
        assert await self._found(routing, timedelta(hours=7)) == []

    async def test_backfilled_cases_are_looked_at_for_an_owner_alone(self, routing: Service) -> None:
        await routing.take(published(PROCEDURE), topic="catalogue.procedures.v1")
        past = now() - timedelta(days=400)
        await routing.take(
            submitted(dossier(), backfill=True, received_at=past, occurred_at=past, due_at=past + timedelta(days=5))
        )
        assert await self._found(routing) == []
        for agency in (OFFICE, DISTRICT):
            await act(routing, said.DeclineTransfer(code=dossier(), agency=agency, step=1, reason="not-ours"))
        assert await self._found(routing) == [("unplaced", dossier())]

    async def test_messages_set_aside_given_up_and_not_sent(self, routing: Service) -> None:
        await routing.take(submitted(dossier(7)))
        action = said.AcceptTransfer(code=(await open_cases(routing, 1))[0], agency=DISTRICT, step=1)
        await routing.take(action, topic="agency.actions.v1")
        soon = [finding.kind for finding in await find_stuck(routing.mongo, now())]
        assert soon == [StuckKind.DEAD_LETTER], "what is fresh is given time"
        found = await find_stuck(routing.mongo, now() + timedelta(minutes=6))
        parked, unsent, letter = found
        assert (parked.kind, parked.key) == (StuckKind.PARKED, dossier(7))
        assert "workflow-unknown" in parked.cause
        assert "motcua republish intake" in parked.cure
        assert unsent.kind is StuckKind.NOT_SENT
        assert (letter.kind, "wrong-agency" in letter.cause) == (StuckKind.DEAD_LETTER, True)
        await routing.mongo.collection(OUTBOX).update_many({}, {"$unset": {"pending": ""}})
        left = await find_stuck(routing.mongo, now() + timedelta(minutes=6))
        assert [finding.kind for finding in left] == [StuckKind.PARKED, StuckKind.DEAD_LETTER]

    async def test_the_loop_sets_the_gauge_for_every_kind_and_takes_it_back(self, routing: Service) -> None:
        def gauge(kind: StuckKind) -> float | None:
            return REGISTRY.get_sample_value("motcua_stuck_cases", {"kind": kind.value})

        [code] = await open_cases(routing, 1)
        for agency in (OFFICE, DISTRICT):
            await act(routing, said.DeclineTransfer(code=code, agency=agency, step=1, reason="not-ours"))
        loop = StuckLoop(routing.mongo, Lease(routing.mongo, "worker"), now)
        assert await loop.once() == 1
        assert (gauge(StuckKind.UNPLACED), gauge(StuckKind.PARKED)) == (1.0, 0.0)
        headers = await routing.key("operator")
        placed = await routing.http.post(f"/v1/cases/{code}/place", json={"agency": OFFICE}, headers=headers)
        assert placed.status_code == 200
        assert await loop.once() == 0
        assert gauge(StuckKind.UNPLACED) == 0.0

    async def test_every_look_is_answered_by_an_index(self, routing: Service) -> None:
        """The embedded engine scans where a real one uses a partial index; then the index is there for the field."""
        leading = {index.document["name"]: next(iter(index.document["key"])) for index in CASES.indexes}
        queries = [behind(None), behind(Place(now(), dossier()))]
        queries += [{name: condition} for name, condition in looks(Policy(), now()).items()]
        assert len(queries) == 7
        for query in queries:
            first = next(iter(query))
            assert first in leading.values()
            index = await index_of(routing, query)
            assert first in {"open_since", "timer_at", "unplaced_since"} if index is None else leading[index] == first


async def index_of(routing: Service, query: Mapping[str, Any]) -> str | None:
    """Name of the index that finds the cases of a query."""
    stage = (await routing.mongo.collection("cases").find(query).explain())["queryPlanner"]["winningPlan"]
    while "indexName" not in stage and "inputStage" in stage:
        stage = stage["inputStage"]
    name: str | None = stage.get("indexName")
    return name
