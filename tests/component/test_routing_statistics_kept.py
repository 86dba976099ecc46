"""The read model of the statistics: counted once whatever is delivered, recounted, mended, rebuilt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts.events.intake import DossierRefused
from services.kit import outbox
from services.kit.batch import INBOX
from services.kit.consumer import Consumer
from services.kit.kafka import Record
from services.kit.mongo import Mongo
from services.kit.operations.operation import account_acting
from services.kit.outbox import OUTBOX
from services.kit.pauses import pause
from services.routing.consumers import COMMAND_TOPICS, HANDLERS
from services.routing.domain.case import ENDED
from services.routing.recount import _Reading, recount
from services.routing.tallies import TALLIES
from tests.component.service_fixtures import (
    COUNTER,
    DISTRICT,
    OFFICE,
    PROCEDURE,
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
    withdrawn,
)
from tests.component.statistics_fixtures import loop as loop


class TestOnce:
    async def test_everything_delivered_twice_counts_once(self, loop: Loop) -> None:
        routing = loop.routing
        batch = [routing.record(submitted(dossier(number))) for number in (1, 2)]
        batch.append(routing.record(withdrawn(2)))
        batch.append(
            routing.record(DossierRefused(code=dossier(9), occurred_at=now(), counter=COUNTER, reasons=("x",)))
        )
        await routing.consumer.handle(batch)
        await routing.take(accept(1), complete(1), topic=ACTIONS)
        back = await loop.come_back()
        expected = await ask(routing)
        assert (expected["resolved"]["early"], expected["withdrawn"], expected["refused"]) == (1, 1, 1)
        await routing.consumer.handle([*batch, *back])  # below the fence
        await routing.consumer.handle([loop.again(record) for record in (*batch, *back)])  # known by id
        await routing.take(submitted(dossier(1)), withdrawn(2))  # the same news under other ids
        assert await ask(routing) == expected
        assert await agrees(routing) == 0

    async def test_two_consumers_at_once(self, loop: Loop) -> None:
        """Two workers, each with partitions of its own, at the same units and procedures."""
        routing = loop.routing
        other = Consumer("routing", routing.mongo, "/routing", now, HANDLERS, command_topics=COMMAND_TOPICS)
        workers = (routing.consumer, other)
        batches: tuple[list[Record], ...] = ([], [])
        for number in range(40):
            record = routing.record(submitted(dossier(number + 1)))
            batches[number % 2].append(replace(record, partition=number % 2, offset=number))
        for start in range(0, 20, 4):
            parts = [batch[start : start + 4] for batch in batches]
            await asyncio.gather(*(worker.handle(part) for worker, part in zip(workers, parts, strict=True)))
        assert (await ask(routing))["received"]["one_stop"] == 40
        assert await agrees(routing) == 0

    async def test_a_journal_that_is_sent_again_after_the_inbox_forgot_does_not_count_again(self, loop: Loop) -> None:
        """`motcua republish`, or an embedded broker that starts empty, months later."""
        routing = loop.routing
        await routing.take(submitted(dossier(1)))
        await routing.take(accept(1), complete(1), topic=ACTIONS)
        back = await loop.come_back()
        await routing.mongo.collection(INBOX).delete_many({})
        later = Consumer("routing", routing.mongo, "/routing", lambda: now() + timedelta(days=46), HANDLERS, epoch="2")
        await later.handle([loop.again(record) for record in back])
        assert (await ask(routing))["resolved"]["early"] == 1


class TestRecount:
    async def test_a_lost_and_a_doubled_count_are_named_and_mended_once(self, loop: Loop) -> None:
        await busy_day(loop)
        await loop.come_back()
        expected = await ask(loop.routing, by="unit")
        routing = loop.routing
        tallies = routing.mongo.collection(TALLIES)
        await tallies.delete_many({"unit": OFFICE})
        damaged = await tallies.find_one({"unit": DISTRICT, "procedure": PROCEDURE, "period": {"$ne": "all"}})
        assert damaged is not None
        await tallies.update_one({"_id": damaged["_id"]}, {"$inc": {"total.early": 5}})
        found = await recount(routing.mongo, now())
        assert {(one.path, one.counted - one.recounted) for one in found.differences} >= {("total.early", 5)}
        assert any(f"|{OFFICE}|" in one.sum for one in found.differences)
        await recount(routing.mongo, now(), mend=True)
        assert await agrees(routing) == 0
        assert await ask(routing, by="unit") == expected
        before = await routing.documents(TALLIES)
        assert (await recount(routing.mongo, now(), mend=True)).differences == ()
        assert await routing.documents(TALLIES) == before

    async def test_the_whole_read_model_is_rebuilt_from_cases_and_journal(self, loop: Loop) -> None:
        await busy_day(loop)
        await loop.come_back()
        expected = await ask(loop.routing)
        await loop.routing.mongo.collection(TALLIES).delete_many({})
        assert (await ask(loop.routing))["open"] == 0
        await recount(loop.routing.mongo, now(), mend=True)
        rebuilt = await ask(loop.routing)
        assert (expected.pop("refused"), rebuilt.pop("refused")) == (1, 0)  # told by intake alone
        assert rebuilt == expected

    async def test_what_is_on_its_way_while_mending_is_counted_once_when_it_comes(self, loop: Loop) -> None:
        await busy_day(loop)
        await loop.routing.mongo.collection(TALLIES).delete_many({})
        await recount(loop.routing.mongo, now(), mend=True)
        await loop.come_back()
        assert await agrees(loop.routing) == 0
        assert (await ask(loop.routing))["resolved"] == {"early": 2, "on_time": 1, "late": 0}

    async def test_an_event_that_waits_with_its_parked_key_is_on_its_way(self, loop: Loop) -> None:
        routing = loop.routing
        await routing.take(submitted(dossier(1)))
        await routing.take(accept(1), complete(1), topic=ACTIONS)
        await routing.mongo.collection("parked_keys").insert_one(
            {"_id": f"routing|{dossier(1)}", "group": "routing", "tail": 1, "count": 1, "attempts": 0, "slug": "bug",
             "detail": "", "parked_at": now(), "next_at": now()}
        )  # fmt: skip
        await loop.come_back()
        assert len(await routing.parked()) == 4  # partners may have subscribed to any of them
        assert await agrees(routing) == 2
        await routing.mongo.collection(OUTBOX).update_many({}, {"$set": {"sent_at": now()}, "$unset": {"pending": ""}})
        later = await recount(routing.mongo, now() + timedelta(days=9))
        assert (later.on_the_way, later.differences) == (2, ()), "however long it waits"

    async def test_while_the_consumer_is_held_everything_it_has_not_read_is_on_its_way(self, loop: Loop) -> None:
        routing = loop.routing
        await pause(routing.mongo, "routing", account_acting("operator-1", "moving house"), now())
        await routing.take(submitted(dossier(1)))
        await routing.take(accept(1), complete(1), topic=ACTIONS)
        await routing.mongo.collection(OUTBOX).update_many({}, {"$set": {"sent_at": now()}, "$unset": {"pending": ""}})
        later = await recount(routing.mongo, now() + timedelta(days=9))
        assert (later.on_the_way, later.differences) == (2, ())

    async def test_only_what_still_moves_is_read_in_the_transaction(
        self, loop: Loop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A server ends a transaction after a minute; the past of a province takes longer to read."""
        await busy_day(loop)
        await loop.come_back()
        routing, read, at_begin = loop.routing, list[int](), list[int]()
        await routing.mongo.collection(OUTBOX).update_many({}, {"$set": {"sent_at": now()}, "$unset": {"pending": ""}})
        whole = len(await routing.documents("cases")) + len(await routing.documents(OUTBOX))
        begin, find, moving = Mongo.begin, _Reading._find, list[tuple[str, str]]()

        async def begins(self: Mongo, session: Any) -> None:
            at_begin.append(sum(read))
            await begin(self, session)

        async def finds(self: _Reading, collection: str, *what: Any) -> AsyncIterator[dict[str, Any]]:
            async for document in find(self, collection, *what):
                moving.append((collection, document["_id"]))
                yield document

        monkeypatch.setattr(Mongo, "begin", begins)
        monkeypatch.setattr(_Reading, "_find", finds)
        later = now() + timedelta(days=3)
        assert (await recount(routing.mongo, later, progress=read.append)).differences == ()
        assert at_begin == [whole], "cases and journal were read before"
        running = [case["_id"] for case in await routing.documents("cases") if case["state"] not in ENDED]
        assert sorted(id for collection, id in moving if collection == "cases") == running
        assert {collection for collection, _ in moving} == {"cases", TALLIES}

    async def test_what_happens_between_the_past_and_the_snapshot_is_counted_once(
        self, loop: Loop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await busy_day(loop)
        await loop.come_back()
        routing, begin, begun = loop.routing, Mongo.begin, False

        async def begins(self: Mongo, session: Any) -> None:
            nonlocal begun
            if not begun:
                begun = True
                await routing.take(submitted(dossier(21)), submitted(dossier(22)), withdrawn(8))
                await routing.take(accept(21), complete(21), accept(9), complete(9), topic=ACTIONS)
                await loop.come_back()
                await routing.take(accept(22), complete(22), topic=ACTIONS)  # these are on their way
                await outbox.republish(routing.mongo)
            await begin(self, session)

        with monkeypatch.context() as patched:
            patched.setattr(Mongo, "begin", begins)
            found = await recount(routing.mongo, now())
        assert begun
        assert found.differences == ()
        assert found.on_the_way > 0
        await loop.come_back()
        assert await agrees(routing) == 0

    async def test_old_events_that_are_sent_anew_meanwhile_are_told_once(
        self, loop: Loop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await busy_day(loop)
        await loop.come_back()
        routing, begin, begun = loop.routing, Mongo.begin, False
        await routing.mongo.collection(OUTBOX).update_many({}, {"$set": {"sent_at": now()}, "$unset": {"pending": ""}})

        async def begins(self: Mongo, session: Any) -> None:
            nonlocal begun
            if not begun:
                begun = True
                await outbox.republish(routing.mongo)
            await begin(self, session)

        monkeypatch.setattr(Mongo, "begin", begins)
        assert (await recount(routing.mongo, now() + timedelta(days=3))).differences == ()
        assert begun
