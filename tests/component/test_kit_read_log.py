"""The log read from outside any group, from where a reader stopped; and how it is told from another one."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaProducer

from contracts.topics import DOSSIER_EVENTS
from motcua.check.marks import Read
from motcua.check.news import LogBeganAnew, follow
from motcua.check.reading import KafkaLog
from services.kit.kafka import Partition, Producer, Record, create_topics, read_log
from services.kit.settings import KafkaSettings
from tests.component.ledger import record

CODES = [f"H12.970.00-261123-{n:04d}" for n in range(1, 13)]


async def write(kafka: KafkaSettings, *steps: int) -> None:
    await create_topics(kafka.bootstrap, [DOSSIER_EVENTS], kafka.replication)
    producer = Producer(kafka, "test")
    await producer.start()
    try:
        for step in steps:
            made = [record(code, step, offset=0) for code in CODES]
            events = [{"topic": one.topic, "key": one.key, "body": one.value, "headers": one.headers} for one in made]
            assert await producer.publish(events) == [None] * len(CODES)
    finally:
        await producer.stop()


async def whole(kafka: KafkaSettings, start: dict[Partition, int] | None = None) -> list[Record]:
    async with read_log(kafka.bootstrap, [DOSSIER_EVENTS.name], start) as records:
        return [found async for found in records]


def after(records: list[Record]) -> dict[Partition, int]:
    """The next offset of each partition."""
    return {(one.topic, one.partition): one.offset + 1 for one in records}


async def test_reading_goes_on_where_it_stopped_partition_by_partition(kafka: KafkaSettings) -> None:
    await write(kafka, 1, 2)
    first = await whole(kafka)
    assert len(first) == 2 * len(CODES)
    assert await whole(kafka, after(first)) == []
    await write(kafka, 3)
    news = await whole(kafka, after(first))
    assert sorted(one.key or b"" for one in news) == sorted(code.encode() for code in CODES)
    assert after(first + news) == after(await whole(kafka))


async def begins_anew(kafka: KafkaSettings, marks: dict[Partition, Read]) -> bool:
    log = KafkaLog(kafka.bootstrap)
    try:
        async with log.read({place: read.offset for place, read in marks.items()}) as records:
            async for _ in follow(records, marks, log):
                pass
    except LogBeganAnew:
        return True
    return False


async def test_the_checker_tells_another_log_from_the_one_it_read_before(kafka: KafkaSettings) -> None:
    await write(kafka, 1)
    marks: dict[Partition, Read] = {}
    assert not await begins_anew(kafka, marks)
    assert len(marks) == len(after(await whole(kafka)))
    await write(kafka, 2)
    assert not await begins_anew(kafka, marks), "more of the same log"
    place, read = next(iter(marks.items()))
    for other in (Read(read.offset, "another", read.written_ms), Read(read.offset + 1_000, read.id, read.written_ms)):
        assert await begins_anew(kafka, {place: other})
    assert not await begins_anew(kafka, marks)


AT_ONCE = 5000
"""Records that are taken in one go."""
AHEAD_MS = 1_800_000
"""Apache Kafka refuses stamps an hour ahead."""


async def stamped(kafka: KafkaSettings, topic: str, number: int, *, ahead_ms: int) -> None:
    """Records in the first partition, by a host whose clock is wrong."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, max_batch_size=200_000, linger_ms=50)
    await producer.start()
    at = int(time.time() * 1000) + ahead_ms
    try:
        await asyncio.gather(*[await producer.send(topic, b"{}", partition=0, timestamp_ms=at) for _ in range(number)])
    finally:
        await producer.stop()


async def test_a_producer_whose_clock_is_ahead_hides_nothing_that_lies_behind_its_records(kafka: KafkaSettings) -> None:
    topic = replace(DOSSIER_EVENTS, partitions=1)
    await create_topics(kafka.bootstrap, [topic], kafka.replication)
    await stamped(kafka, topic.name, AT_ONCE + 10, ahead_ms=AHEAD_MS)
    assert [one.offset for one in await whole(kafka)] == list(range(AT_ONCE + 10))


@pytest.mark.parametrize("ahead_ms", [-AHEAD_MS, 0, AHEAD_MS])
async def test_reading_ends_though_others_go_on_writing_whatever_their_clocks_say(
    kafka: KafkaSettings, ahead_ms: int
) -> None:
    await write(kafka, 1)

    async def go_on() -> None:
        while True:
            await stamped(kafka, DOSSIER_EVENTS.name, 1, ahead_ms=ahead_ms)

    writing = asyncio.create_task(go_on())
    try:
        found = await asyncio.wait_for(whole(kafka), 90)
        assert not writing.done()
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    assert {one.key for one in found} >= {code.encode() for code in CODES}
