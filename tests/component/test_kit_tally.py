"""Sums on a real database: nothing lost, nothing twice, whoever adds at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.events.routing import DossierTransferred
from contracts.problems import Invalid
from services.kit import schema
from services.kit.commit import Committer
from services.kit.consumer import Consumer
from services.kit.mongo import Mongo
from services.kit.store import Ref
from services.kit.tally import id_of_part
from services.kit.work import Cause, Item, Work
from tests.component.ledger import now, record

A, B = "H12.970.00-261123-0001", "H12.970.00-261123-0002"
SUMS = "sums"


@dataclass(frozen=True)
class Add:
    """Add one to a sum."""

    id: str = "a"
    refused: bool = False

    def needs(self) -> Iterable[Ref]:
        return ()

    def decide(self, work: Work, now: datetime) -> None:
        work.add(SUMS, self.id, {"of": self.id}, {"total.n": 1, "days.23.n": 1})
        if self.refused:
            raise Invalid("rule-says-no", "Không được.")


async def parts(mongo: Mongo) -> list[dict[str, Any]]:
    return [document async for document in mongo.collection(SUMS).find({})]


async def total(mongo: Mongo, id: str = "a") -> int:
    mine = [part for part in await parts(mongo) if part["of"] == id]
    assert all(part["total"] == part["days"]["23"] and id_of_part(part["_id"]) == id for part in mine)
    return sum(part["total"]["n"] for part in mine)


async def counter(mongo: Mongo, refused: frozenset[str] = frozenset()) -> Consumer:
    await schema.ensure(mongo, (), {SUMS: ()})
    handlers = {DossierTransferred: lambda message, _: Add(refused=message.code in refused)}
    return Consumer("test", mongo, "/test", now, handlers)


async def test_decisions_that_meet_at_a_sum_are_all_in_it(mongo: Mongo) -> None:
    """Several processes, a new sum, no lanes: the transactions conflict, and are begun anew."""
    await schema.ensure(mongo, (), {SUMS: ()})
    processes = [Committer(mongo, "/test", now) for _ in range(4)]
    for _ in range(5):
        await asyncio.gather(*(process.run(Add(), cause=Cause("c")) for process in processes))
    assert await total(mongo) == 20
    assert len(await parts(mongo)) == 1


async def test_a_refused_decision_adds_nothing_and_its_neighbours_do(mongo: Mongo) -> None:
    await schema.ensure(mongo, (), {SUMS: ()})
    items = [Item(Add(refused=number % 3 == 0), Cause("c")) for number in range(9)]
    await Committer(mongo, "/test", now).run_all(items)
    assert await total(mongo) == 6


async def test_records_that_come_again_are_counted_once(mongo: Mongo) -> None:
    subject = await counter(mongo)
    batch = [record(A, 1, offset=0), record(B, 1, offset=1), record(A, 2, offset=2)]
    await subject.handle(batch)
    await subject.handle(batch)  # below the fence
    await subject.handle([record(A, 2, offset=3), record(B, 2, offset=4)])  # one known by its id, one new
    assert await total(mongo) == 4


async def test_a_record_that_is_parked_is_not_counted(mongo: Mongo) -> None:
    subject = await counter(mongo, frozenset({B}))
    await subject.handle([record(A, 1, offset=0), record(B, 1, offset=1)])
    assert await total(mongo) == 1


async def test_consumers_of_different_partitions_never_meet_at_a_document(mongo: Mongo) -> None:
    one, other = await counter(mongo), await counter(mongo)
    for offset in range(5):
        await asyncio.gather(
            one.handle([record(A, offset + 1, offset=offset, partition=3)]),
            other.handle([record(B, offset + 1, offset=offset, partition=7)]),
        )
    assert await total(mongo) == 10
    assert {part["_id"] for part in await parts(mongo)} == {"a#dossier.events.v1/3", "a#dossier.events.v1/7"}
