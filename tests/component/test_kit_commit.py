"""Decisions that share a transaction, beside a process that was killed with its own one open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.kit import schema
from services.kit.commit import Committer
from services.kit.errors import Stale
from services.kit.mongo import Mongo
from tests.component.ledger import LEDGERS, Append, Rules, events, now, steps_of, transferred

HELD, FREE = "H12.970.00-261123-0001", "H12.970.00-261123-0002"


@asynccontextmanager
async def held_by_a_killed_process(mongo: Mongo, code: str) -> AsyncIterator[None]:
    """A transaction that wrote the document and never ends, as the server sees a process that was killed."""
    async with mongo.session() as session:
        await mongo.begin(session)
        await mongo.collection(LEDGERS.collection).update_one({"_id": code}, {"$set": {"steps": [99]}}, session=session)
        try:
            yield
        finally:
            await session.abort_transaction()


def append(code: str, step: int) -> Append:
    return Append(transferred(code, step), Rules())


async def committer(mongo: Mongo, patience: float) -> Committer:
    await schema.ensure(mongo, [LEDGERS])
    subject = Committer(mongo, "/test", now, patience=patience)
    await asyncio.gather(*(subject.run(append(code, 1)) for code in (HELD, FREE)))
    return subject


async def test_what_a_killed_process_holds_makes_nobody_else_wait_or_fail(mongo: Mongo) -> None:
    subject = await committer(mongo, patience=30)
    async with held_by_a_killed_process(mongo, HELD):
        waiting = [asyncio.create_task(subject.run(append(HELD, step))) for step in (2, 3)]
        await asyncio.gather(*(subject.run(append(FREE, step)) for step in (2, 3)))  # came in together with them
        await subject.run(append(FREE, 4))  # came later
        assert not any(task.done() for task in waiting)
        assert sorted(await steps_of(mongo, FREE)) == [1, 2, 3, 4]
    await asyncio.gather(*waiting)
    assert sorted(await steps_of(mongo, HELD)) == [1, 2, 3]


async def test_what_is_held_for_too_long_is_given_up_with_nothing_stored(mongo: Mongo) -> None:
    subject = await committer(mongo, patience=0.5)
    async with held_by_a_killed_process(mongo, HELD):
        with pytest.raises(Stale):
            await subject.run(append(HELD, 2))
    assert await steps_of(mongo, HELD) == (1,)
    assert len(await events(mongo, subject=HELD)) == 1
    await subject.run(append(HELD, 2))
    assert await steps_of(mongo, HELD) == (1, 2)


async def test_two_processes_that_want_the_same_document_all_the_time_both_get_it(mongo: Mongo) -> None:
    """The one that lost a race must not lose the next ones too."""
    first = await committer(mongo, patience=30)
    second = Committer(mongo, "/test", now, patience=30)

    async def keep_on(subject: Committer, begin: int) -> None:
        for step in range(begin, begin + 40):
            await subject.run(append(HELD, step))

    await asyncio.gather(*(keep_on(subject, begin) for begin, subject in ((100, first), (200, second), (300, first))))
    assert sorted(await steps_of(mongo, HELD)) == [1, *range(100, 140), *range(200, 240), *range(300, 340)]
