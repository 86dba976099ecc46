"""What is late is not lost, to the full check and to the incremental one: what waits for a consumer or behind a key,
and what hosts with wrong clocks have sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts.topics import DOSSIER_EVENTS
from motcua.check import Options, Sources, check, incremental_check
from motcua.check.facts import Facts
from motcua.check.reading import Reader
from services.kit.mongo import Mongo
from tests.component.check_fixtures import PARTITIONS, Days, Town, partition_of
from tests.component.check_run_fixtures import both, findings, history
from tests.component.check_run_fixtures import databases as databases
from tests.component.check_run_fixtures import no_recount as no_recount


async def test_what_a_consumer_has_not_come_to_is_not_lost_and_costs_no_run_anything_until_it_goes_on(
    databases: dict[str, Mongo],
) -> None:
    town, days = await history(databases, 14)
    places = [(DOSSIER_EVENTS.name, number) for number in range(PARTITIONS)]
    town.standing = {("routing", place) for place in places}
    waiting: set[str] = set()
    for _ in range(6):
        town.now += timedelta(minutes=30)
        waiting |= {days.register(opened=False) for _ in range(4)}
        new, whole = await both(town)
        assert (findings(new), findings(whole)) == ([], [])
    town.now += timedelta(hours=1)
    assert {partition_of(code) for code in waiting} == set(places)
    new, whole = await both(town)
    assert (findings(new), findings(whole)) == ([], [])
    new, _ = await both(town)
    assert new.seen["dossiers"] < len(waiting) / 2, "nothing moved: those of the last minutes, in case clocks differ"
    assert any("records wait for routing" in note for note in new.notes)
    assert any("records wait for routing" in note for note in whole.notes)
    for moved in range(PARTITIONS):
        town.standing.discard(("routing", places[moved]))
        new, whole = await both(town)
        assert findings(new) == findings(whole)
        passed = {code for code in waiting if partition_of(code) in places[: moved + 1]}
        assert {f.subject for f in new.findings if f.rule == "dossier-without-case"} == passed
    assert not any("wait for routing" in note for note in new.notes)


async def test_a_key_that_is_let_go_while_states_are_read_makes_nothing_lost(
    databases: dict[str, Mongo], monkeypatch: pytest.MonkeyPatch
) -> None:
    town, days = await history(databases, 19)
    town.now += timedelta(hours=1)
    code, read = days.register(opened=False), Reader.states
    key = {"_id": f"routing|{code}", "slug": "bug", "parked_at": town.now}
    keys, cases = databases["routing"].collection("parked_keys"), databases["routing"].collection("cases")

    async def states(self: Reader, facts: Facts, service: str, collection: str, *what: Any, **more: Any) -> None:
        await read(self, facts, service, collection, *what, **more)
        if collection == "cases":
            await keys.delete_many({})

    monkeypatch.setattr(Reader, "states", states)
    await town.save()
    for run in (incremental_check(town.sources, town.now, Options()), check(town.sources, town.now)):
        await keys.insert_one(key)
        assert findings(await run) == []
        assert await keys.count_documents({}) == 0
    assert await cases.count_documents({"_id": code}) == 0
    new, whole = await both(town)
    assert findings(new) == findings(whole) != []


async def test_without_grace_and_without_the_log_no_consumer_is_waited_for(databases: dict[str, Mongo]) -> None:
    town, days = await history(databases, 15)
    town.standing = {(group, (DOSSIER_EVENTS.name, n)) for group in ("routing", "notify") for n in range(PARTITIONS)}
    town.now += timedelta(hours=1)
    days.register(opened=False)
    for _ in range(2):  # so that it is no news any more
        new, whole = await both(town)
        assert (findings(new), findings(whole)) == ([], [])
        town.now += timedelta(hours=1)
        days.register()
    new = await incremental_check(town.sources, town.now, Options(timedelta(0)))
    whole = await check(town.sources, town.now, grace=timedelta(0))
    assert findings(new) == findings(whole)
    assert "dossier-without-case" in new.as_dict()["rules"]
    new, whole = await both(town)
    assert (findings(new), findings(whole)) == ([], [])
    blind = Sources(databases)
    new, whole = await incremental_check(blind, town.now, Options()), await check(blind, town.now)
    assert findings(new) == findings(whole)
    assert "dossier-without-case" in new.as_dict()["rules"]
    new, whole = await both(town)
    assert (findings(new), findings(whole)) == ([], [])


@pytest.mark.parametrize("minutes", [-9, 9])
async def test_relays_whose_clocks_are_apart_take_turns(databases: dict[str, Mongo], minutes: int) -> None:
    town = Town.open(databases, 17, damage=0.0)
    days = Days(town)
    for step in range(6):
        town.relay_ahead = timedelta(minutes=minutes) * (step % 2)
        days.go_on()
        for _ in range(2):
            new, whole = await both(town)
            assert (findings(new), findings(whole)) == ([], [])
            town.now += timedelta(minutes=1)


async def test_what_a_relay_sends_that_is_further_behind_is_seen_when_everything_is_read(
    databases: dict[str, Mongo],
) -> None:
    """The limit that docs/guarantees.md states."""
    town, days = await history(databases, 18)
    town.relay_ahead = timedelta(hours=-3)
    town.now += timedelta(minutes=30)
    code = days.register()
    new, whole = await both(town)
    assert "record-without-journal" in new.as_dict()["rules"]
    assert {code} == {finding.about or finding.subject for finding in new.findings}
    assert findings(whole) == []
    new, _ = await both(town, Options(from_start=True))
    assert findings(new) == []
    new, _ = await both(town)
    assert findings(new) == []
