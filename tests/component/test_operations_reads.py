"""What parked keys cost when there are many: everything reads what it needs, not all that waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from pymongo import monitoring

from services.kit.failures import PARKED, PARKED_KEYS
from services.kit.mongo import Mongo
from services.kit.operations import queries
from services.kit.operations.queries import Wish
from services.kit.retrier import MOST_DUE
from services.kit.trying import LOOK_AHEAD
from tests.component.ledger import Rules, count, now, record, steps_of
from tests.component.operations_fixtures import ACTING, A, B, Desk, desk
from tests.drivers import DRIVER

KEY = f"test|{A}"


class Reads(monitoring.CommandListener):
    """Counts the documents that one database hands out, and how often it is asked."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.documents: Counter[str] = Counter()
        self.finds: Counter[str] = Counter()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.database_name == self.database and event.command_name == "find":
            self.finds[event.command["find"]] += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        cursor: Any = event.reply.get("cursor", {})
        database, _, collection = cursor.get("ns", "").partition(".")
        if database == self.database:
            self.documents[collection] += len(cursor.get("firstBatch", cursor.get("nextBatch", ())))

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing was handed out."""


@pytest.fixture
async def watched(mongodb_url: str, prefix: str) -> AsyncIterator[tuple[Mongo, Reads]]:
    """A database whose answers are counted."""
    reads = Reads(f"{prefix}_kit")
    monitoring.register(reads)  # for clients that are made from now on
    mongo = Mongo(mongodb_url, reads.database, driver=DRIVER)
    yield mongo, reads
    await mongo.drop()
    await mongo.close()


async def many(subject: Desk, number: int, **fields: Any) -> None:
    """Other keys that wait, as an outage of what they wait for leaves them."""
    at = now()
    one = {"group": "test", "slug": "fact-missing", "detail": "", "tail": 1, "count": 1, "attempts": 12} | {
        "parked_at": at, "next_at": at + timedelta(hours=6),
        "head": {"id": "x", "topic": "dossier.events.v1", "type": None},
    }  # fmt: skip
    keys = [{"_id": f"test|{n:05d}", **one, **fields} for n in range(number)]
    await subject.mongo.collection(PARKED_KEYS).insert_many(keys)


async def test_a_round_reads_the_keys_that_are_due(watched: tuple[Mongo, Reads]) -> None:
    mongo, reads = watched
    subject = await desk(mongo, Rules(not_yet={A}))
    await many(subject, 300)
    await subject.consumer.handle([record(A, 1, offset=0)])
    await subject.parked.retry(KEY, ACTING)
    subject.rules.not_yet.clear()
    reads.documents.clear()
    assert await subject.retrier.once() == 1
    assert reads.documents[PARKED_KEYS] <= 4
    assert await count(mongo, PARKED_KEYS) == 300


async def test_a_round_after_an_outage_is_bounded_and_begins_with_what_was_due_first(
    watched: tuple[Mongo, Reads],
) -> None:
    mongo, _ = watched
    subject = await desk(mongo, Rules(not_yet={A}))
    await subject.consumer.handle([record(A, 1, offset=0)])
    await many(subject, MOST_DUE + 50, next_at=now() - timedelta(minutes=5))
    await mongo.collection(PARKED_KEYS).update_one({"_id": KEY}, {"$set": {"next_at": now() - timedelta(hours=1)}})
    subject.rules.not_yet.clear()
    assert await subject.retrier.once() == 1
    assert await count(mongo, PARKED_KEYS) == 51
    await subject.retrier.once()
    assert await count(mongo, PARKED_KEYS) == 0, "those without records are done"


async def test_a_batch_reads_the_keys_of_its_own_records(watched: tuple[Mongo, Reads]) -> None:
    mongo, reads = watched
    subject = await desk(mongo, Rules(not_yet={A}))
    await many(subject, 300)
    await subject.consumer.handle([record(A, 1, offset=0)])
    reads.documents.clear()
    await subject.consumer.handle([record(A, 2, offset=1), record(B, 1, offset=2)])
    assert reads.documents[PARKED_KEYS] == 1
    assert await steps_of(mongo, B) == (1,)
    assert [key["count"] for key in await subject.rows(PARKED_KEYS) if key["_id"] == KEY] == [2]


async def test_a_long_key_is_settled_without_reading_all_of_it_for_each_record(watched: tuple[Mongo, Reads]) -> None:
    mongo, reads = watched
    subject = await desk(mongo, Rules(not_yet={A}))
    await subject.consumer.handle([record(A, step, offset=step) for step in range(1, 10)])
    await subject.consumer.handle(
        [record(A, 9, offset=offset, id=f"again-{offset}") for offset in range(10, 10 + 4 * LOOK_AHEAD)]
    )
    waiting = await count(mongo, PARKED)
    assert waiting == 9 + 4 * LOOK_AHEAD
    subject.rules.not_yet.clear()
    reads.documents.clear()
    assert await subject.retrier.replay(KEY, now()) == waiting
    assert reads.documents[PARKED] <= waiting * (LOOK_AHEAD + 1)
    assert len(await steps_of(mongo, A)) == waiting


async def test_a_page_of_keys_is_one_question(watched: tuple[Mongo, Reads]) -> None:
    mongo, reads = watched
    subject = await desk(mongo, Rules(not_yet={A}))
    await many(subject, 150, head={"id": "x", "topic": "notice.events.v1", "type": None})
    await subject.consumer.handle([record(A, 1, offset=0)])
    for wish, most in ((Wish(limit=50), 101), (Wish(limit=50, topic="dossier.events.v1"), 1)):
        reads.finds.clear()
        reads.documents.clear()
        page = await queries.parked_keys(mongo, wish)
        assert len(page.rows) in (50, 1)
        assert reads.finds[PARKED] == 0
        assert reads.documents[PARKED_KEYS] <= most
