"""The incremental check says what a full check says, whatever was damaged and whenever it looked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts.events.intake import DossierPaid
from contracts.problems import Conflict
from contracts.types import NoticeKind
from motcua.check import Options, Report, Sources, check, full_check, incremental_check, last_verdict
from motcua.check.incremental import Run
from motcua.check.marks import MARKS, TRAILS, Marks
from motcua.check.reading import Reader
from motcua.check.session import NOT_KEPT
from motcua.check.tallies import tallies
from motcua.check.verdicts import CHECKS
from services.kit.errors import Unavailable
from services.kit.lease import LEASES, Lease
from services.kit.mongo import Mongo
from services.notify.domain.notice import Notice
from services.notify.domain.transitions import State
from services.notify.store import NOTICES
from services.routing.recount import Recount
from services.routing.store import CASES
from tests.component.check_fixtures import Days, Town
from tests.component.check_run_fixtures import both, findings, history, started_over
from tests.component.check_run_fixtures import databases as databases
from tests.component.check_run_fixtures import no_recount as no_recount
from tests.eventually import eventually


@pytest.mark.parametrize("seed", range(6))
async def test_after_every_step_of_a_damaged_history_it_finds_what_a_full_check_finds(
    databases: dict[str, Mongo], seed: int
) -> None:
    town = Town.open(databases, seed, damage=(0.02, 0.05, 0.15)[seed % 3])
    days, rules = Days(town), set[str]()
    for step in range(5):
        days.go_on()
        new, whole = await both(town, save=step != 2)  # a run that keeps nothing makes the next one read more
        assert findings(new) == findings(whole), town.done
        rules |= {finding.rule for finding in whole.findings}
    assert seed % 3 == 0 or len(rules) > 5, "the history was damaged"


async def test_it_reads_what_is_new_and_says_only_at_first_that_it_read_everything(databases: dict[str, Mongo]) -> None:
    town = Town.open(databases, 1, damage=0.0)
    days = Days(town)
    days.go_on()
    new, whole = await both(town)
    assert started_over(new) == ["everything was read: no incremental check of this release was here before"]
    assert (new.seen["events"], new.clean) == (whole.seen["events"], True)
    for _ in range(6):
        days.go_on()
        new, whole = await both(town)
        assert started_over(new) == []
        assert new.clean
    assert new.seen["records"] < whole.seen["records"] / 2
    town.now += timedelta(hours=1)
    new, whole = await both(town)
    assert new.seen["records"] == 0
    assert new.seen["dossiers"] < whole.seen["dossiers"] / 2, "those of the last minutes, in case clocks differ"


async def test_what_it_found_it_finds_again_until_it_is_mended(databases: dict[str, Mongo]) -> None:
    town, _ = await history(databases, 2)
    code = next(code for code, stage in town.stages.items() if stage == 1)
    await databases["routing"].collection("cases").delete_one({"_id": code})
    town.now += timedelta(hours=1)
    town.tell("intake", code, DossierPaid)  # news, so that it is looked at
    found = [("dossier-without-case", code)]
    for _ in range(2):
        town.now += timedelta(hours=1)
        new, whole = await both(town)
        assert findings(new) == findings(whole)
        assert [(f.rule, f.subject) for f in new.findings if f.rule == "dossier-without-case"] == found
    town.put("routing", "cases", code, CASES.to_document(town.cases[code]))
    new, _ = await both(town)
    assert "dossier-without-case" not in new.as_dict()["rules"]


async def test_time_alone_makes_findings_of_notices_without_end_and_filings_without_answer(
    databases: dict[str, Mongo],
) -> None:
    town, _ = await history(databases, 3, steps=1)
    town.now += timedelta(hours=1)
    code, filed = sorted(town.stages)[:2]
    notice = f"n-{next(iter(databases))}"
    made = Notice(
        id=notice, code=code, kind=NoticeKind.RECEIVED, event_id=town.tell("intake", code, DossierPaid),
        correlation_id="", happened_at=town.now, created_at=town.now, expires_at=town.now + timedelta(hours=5),
        next_at=None, state=State.SENT,
    )  # fmt: skip
    town.put("notify", "notices", notice, NOTICES.to_document(made))
    town.change("notify", "recipients", code, notices=[*town.notices_of(code), notice])
    waits = {"status": "registered", "answer_due_at": town.now + timedelta(hours=5)}
    town.change("intake", "dossiers", filed, **waits)
    town.tell("intake", filed, DossierPaid)
    await both(town)
    time_rules = {"notice-without-end", "answer-not-flagged"}
    for hours, expected in ((4, set()), (3, time_rules)):
        town.now += timedelta(hours=hours)
        new, whole = await both(town)
        assert findings(new) == findings(whole)
        assert new.as_dict()["rules"].keys() & time_rules == expected


@pytest.mark.parametrize("fresh_records", [1, 400], ids=["a shorter log", "a log that has grown past the old one"])
async def test_a_log_that_began_anew_is_noticed_and_everything_read_again(
    databases: dict[str, Mongo], fresh_records: int
) -> None:
    town, _ = await history(databases, 4)
    journal = [record for there in town.log.partitions.values() for record in there]
    town.log.partitions.clear()
    new, whole = await both(town)
    assert started_over(new) == ["everything was read: the event log began anew"]
    assert "event-not-in-log" in new.as_dict()["rules"]
    assert findings(new) == findings(whole)
    for record in journal[:fresh_records]:
        town.log.add(record)
    await both(town)
    town.log.partitions.clear()
    for record in [*journal[::-1], *journal, *journal]:
        town.log.add(record)
    new, whole = await both(town)
    assert started_over(new) == ["everything was read: the event log began anew"]
    assert findings(new) == findings(whole)


async def test_another_epoch_another_release_and_an_order_make_it_start_over(databases: dict[str, Mongo]) -> None:
    town, _ = await history(databases, 5, steps=1)
    new, _ = await both(town, Options(epoch="2"))
    assert started_over(new) == ["everything was read: the event log has a new epoch"]
    new, _ = await both(town, Options(epoch="2", from_start=True))
    assert started_over(new) == ["everything was read: as asked"]
    await databases["intake"].collection(MARKS).update_one({"_id": "incremental"}, {"$set": {"version": 0}})
    new, _ = await both(town, Options(epoch="2"))
    assert len(started_over(new)) == 1
    new, _ = await both(town, Options(epoch="2"))
    assert started_over(new) == []


async def test_statistics_that_cannot_be_recounted_are_a_finding_and_not_tried_again_at_each_run(
    databases: dict[str, Mongo], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[object] = []

    async def fails(*_: object, **__: object) -> Recount:
        tried.append(_)
        raise Unavailable("MongoDB: OperationFailure 290")

    async def counted(*_: object, **__: object) -> Recount:
        return Recount(0, 0, ())

    for place in ("run", "incremental"):
        monkeypatch.setattr(f"motcua.check.{place}.tallies", tallies)
    monkeypatch.setattr("motcua.check.tallies.recount", fails)
    town = Town.open(databases, 16, damage=0.0)
    for run in range(3):
        town.now += timedelta(minutes=5)
        new, whole = await both(town)
        assert findings(new) == findings(whole) == [("statistics", "not-recounted", "tallies", "Unavailable", "")]
        assert len(tried) == 2 + run, "the full check alone tries each time"
    town.now += timedelta(hours=6)
    monkeypatch.setattr("motcua.check.tallies.recount", counted)
    for _ in range(2):
        new, whole = await both(town)
        assert (findings(new), findings(whole)) == ([], [])


async def test_runs_without_the_log_lose_nothing_of_it(databases: dict[str, Mongo]) -> None:
    town = Town.open(databases, 6, damage=0.1)
    days, blind = Days(town), Sources(databases)
    days.go_on()
    await town.save()
    new = await incremental_check(blind, town.now, Options())
    assert findings(new) == findings(await check(blind, town.now))
    new, whole = await both(town)
    assert started_over(new) == ["everything was read: the event log was not read before"]
    for _ in range(2):
        days.go_on()
        await town.save()
        await incremental_check(blind, town.now, Options())
    new, whole = await both(town)
    assert (findings(new), started_over(new)) == (findings(whole), [])


async def test_a_run_that_died_before_its_marks_is_made_good_by_the_next(
    databases: dict[str, Mongo], monkeypatch: pytest.MonkeyPatch
) -> None:
    town, days = await history(databases, 7, damage=0.1)
    days.go_on()
    await town.save()
    with monkeypatch.context() as patched:
        patched.setattr(Marks, "to_document", _die)
        with pytest.raises(ZeroDivisionError):
            await incremental_check(town.sources, town.now, Options())
    for _ in range(2):
        new, whole = await both(town)
        assert (findings(new), started_over(new)) == (findings(whole), [])
        days.go_on()


def _die(_: object) -> None:
    raise ZeroDivisionError


async def test_without_saving_nothing_at_all_is_written(databases: dict[str, Mongo]) -> None:
    town = Town.open(databases, 8)
    Days(town).go_on()
    await town.save()
    before = await contents(databases)
    for compare in (full_check, incremental_check):
        await compare(town.sources, town.now, Options(), save=False)
    assert await contents(databases) == before
    await incremental_check(town.sources, town.now, Options())
    after = await contents(databases)
    assert {place for place in after if after[place] != before.get(place)} == {
        ("intake", name) for name in (MARKS, TRAILS, CHECKS, LEASES)
    }, "its own collections, and nothing else"


async def contents(databases: dict[str, Mongo]) -> dict[tuple[str, str], list[Any]]:
    found = {}
    for service, mongo in databases.items():
        for name in await mongo.client[mongo.name].list_collection_names():
            documents = [document async for document in mongo.collection(name).find({})]
            found[service, name] = sorted(documents, key=lambda document: str(document["_id"]))
    return {place: documents for place, documents in found.items() if documents}


async def test_one_run_at_a_time(databases: dict[str, Mongo], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motcua.check.session.TTL_S", 0.5)
    town, _ = await history(databases, 9, steps=1)
    running = Lease(databases["intake"], "check", ttl_s=60.0)
    await eventually(running.hold)
    beats = asyncio.create_task(_beat(running))
    with pytest.raises(Conflict) as refused:
        await incremental_check(town.sources, town.now, Options())
    assert refused.value.slug == "check-running"
    beats.cancel()
    new, _ = await both(town)  # the other died: its lease is over
    assert started_over(new) == []


async def test_a_run_that_lost_its_lease_keeps_nothing_though_the_lease_is_free_again(
    databases: dict[str, Mongo], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stood still; another run took over, ended, and what it left must stay."""
    monkeypatch.setattr("motcua.check.session.TTL_S", 0.5)
    town, days = await history(databases, 13)
    days.go_on()
    await town.save()
    compare, leases = Run.compare, databases["intake"].collection(LEASES)

    async def stands_still(self: Run) -> Report:
        report = await compare(self)
        held = await leases.find_one({"_id": "check"})
        await leases.update_one({"_id": "check"}, {"$set": {"holder": None, "epoch": held["epoch"] + 1}})

        async def noticed() -> bool:
            """Its beats have met that: they end, or take the lease back."""
            beats = any(task.get_name() == "check-lease" for task in asyncio.all_tasks())
            return not beats or (await leases.find_one({"_id": "check"}))["epoch"] > held["epoch"] + 1

        await eventually(noticed)
        return report

    before = await contents(databases)
    with monkeypatch.context() as patched:
        patched.setattr(Run, "compare", stands_still)
        report = await incremental_check(town.sources, town.now, Options())
    after = await contents(databases)
    assert NOT_KEPT in report.notes
    assert {place for place in after if after[place] != before.get(place)} == {("intake", LEASES), ("intake", CHECKS)}
    new, whole = await both(town)
    assert (findings(new), started_over(new)) == (findings(whole), [])


async def _beat(lease: Lease) -> None:
    while await lease.hold():
        await asyncio.sleep(0.05)


async def test_the_verdict_is_kept_for_whoever_asks_later_and_old_ones_go(
    databases: dict[str, Mongo], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("motcua.check.verdicts.KEPT", 2)
    town = Town.open(databases, 10, damage=0.2)
    Days(town).go_on()
    await town.save()
    assert await last_verdict(databases["intake"]) is None
    for compare in (full_check, full_check, incremental_check):
        report = await compare(town.sources, town.now, Options())
    kept = await last_verdict(databases["intake"])
    assert kept is not None
    assert (kept["mode"], kept["at"], kept["clean"]) == ("incremental", town.now, False)
    assert (kept["found"], kept["rules"]) == (len(report.findings), report.as_dict()["rules"])
    assert await databases["intake"].collection(CHECKS).count_documents({}) == 2


async def test_every_question_of_a_run_that_finds_little_new_is_answered_by_an_index(
    databases: dict[str, Mongo], monkeypatch: pytest.MonkeyPatch
) -> None:
    town, days = await history(databases, 11, damage=0.05)
    days.go_on()
    await town.save()
    asked: list[tuple[str, str, Mapping[str, Any]]] = []
    read = Reader.documents

    def documents(self: Reader, service: str, collection: str, query: Mapping[str, Any]) -> AsyncIterator[Any]:
        asked.append((service, collection, query))
        return read(self, service, collection, query)

    monkeypatch.setattr(Reader, "documents", documents)
    await incremental_check(town.sources, town.now, Options())
    asked.append(("intake", TRAILS, {"look_at": {"$lte": town.now}}))
    asked.append(("intake", TRAILS, {"waits": {"$in": ["routing/dossier.events.v1/0"]}}))
    assert {collection for _, collection, _ in asked} > {"outbox", "dossiers", "cases", "notices", "numbers"}
    for service, collection, query in asked:
        if "_id" not in query:
            plan = await databases[service].collection(collection).find(query).explain()
            assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"]), (collection, query)


async def test_it_rests_between_documents_when_asked_to(
    databases: dict[str, Mongo], monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    town, _ = await history(databases, 12, steps=1)
    monkeypatch.setattr("motcua.check.reading.AT_ONCE", 3)
    monkeypatch.setattr("motcua.check.reading.asyncio.sleep", rest)
    await check(town.sources, town.now)
    assert rests == []
    await check(replace(town.sources, pause_s=0.25), town.now)
    assert len(rests) >= len(town.stages) // 3
    assert set(rests) == {0.25}
