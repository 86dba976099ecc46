"""The read model of the statistics: counted once whatever is delivered, recounted, mended, rebuilt."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from contracts.events.intake import DossierRefused
from services.kit.batch import INBOX
from services.kit.consumer import Consumer
from services.kit.kafka import Record
from services.routing.consumers import COMMAND_TOPICS, HANDLERS
from services.routing.recount import recount
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
