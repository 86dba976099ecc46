"""The log read from outside any group."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.kit.kafka.record import KafkaUnreachable, Partition, Record


@asynccontextmanager
async def _reader(
    bootstrap: str, topics: Sequence[str], wait_ms: int
) -> AsyncIterator[tuple[Any, set[TopicPartition]]]:
    """A consumer outside any group at the beginning of all partitions of some topics. Raises: KafkaUnreachable."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False, fetch_max_wait_ms=wait_ms
    )
    try:
        await consumer.start()
    except (KafkaError, OSError) as error:
        await consumer.stop()
        raise KafkaUnreachable(f"không kết nối được Kafka tại {bootstrap}") from error
    try:
        partitions = {TopicPartition(topic, p) for topic in topics for p in await _partitions(consumer, topic)}
        consumer.assign(partitions)
        yield consumer, partitions
    finally:
        await consumer.stop()


async def _partitions(consumer: Any, topic: str) -> set[int]:
    await consumer._client.add_topic(topic)  # metadata of topics outside a subscription must be asked for
    found: set[int] = consumer.partitions_for_topic(topic) or set()
    return found


@asynccontextmanager
async def read_log(
    bootstrap: str, topics: Sequence[str], start: Mapping[Partition, int] | None = None
) -> AsyncIterator[AsyncIterator[Record]]:
    """Read topics from the beginning, up to what was written when the reading began; a partition's records in order.

    Args:
        start: where to begin instead, by partition. Where the log does not reach that far, Apache Kafka gives all of
            it, the embedded broker nothing.

    Raises: KafkaUnreachable.
    """
    async with _reader(bootstrap, topics, wait_ms=200) as (consumer, partitions):
        for place in partitions:
            if offset := (start or {}).get(_place(place)):
                consumer.seek(place, offset)

        async def records() -> AsyncIterator[Record]:
            firsts, ends = await _ends(consumer, partitions, bootstrap)
            next_ = {place: max((start or {}).get(_place(place), 0), firsts[place]) for place in partitions}
            silent, looks_past, past_since = 0, 0, time.monotonic()
            while True:
                behind = any(next_[place] < ends[place] for place in partitions)
                if behind:
                    looks_past, past_since = 0, time.monotonic()
                past_s = time.monotonic() - past_since
                enough = looks_past >= _LOOKS_PAST and past_s >= _LOOKS_PAST * _LOOK_MS / 1000
                if enough or silent in (_SILENT_BEHIND, 2 * _SILENT_BEHIND):
                    # Compaction and expiry leave ends that nobody can read; a broker that is away is another thing.
                    await _ends(consumer, partitions, bootstrap)
                    if enough or silent > _SILENT_BEHIND:  # it may have come back with the first of these answers
                        return
                batch = await consumer.getmany(timeout_ms=_LOOK_MS, max_records=5000)
                silent, looks_past = 0 if batch else silent + 1, looks_past + 1
                for place, raws in batch.items():
                    for raw in raws:
                        yield Record.of(raw)
                    next_[place] = raws[-1].offset + 1

        yield records()


_LOOK_MS = 1500
_LOOKS_PAST = 2
"""Looks, of full length, past the ends that were named at the beginning: the embedded broker has a batch more than it
says. Whatever else comes was written meanwhile; what the records are stamped with says nothing, clocks differ."""
_SILENT_BEHIND = 8
"""Empty looks in a row while the ends say that there is more; twice, with an answer of the broker between."""


async def _ends(
    consumer: Any, partitions: set[TopicPartition], bootstrap: str
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """Raises: KafkaUnreachable."""
    if not partitions:
        return {}, {}
    try:
        return await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    except KafkaError as error:
        raise KafkaUnreachable(f"không đọc được nhật ký Kafka tại {bootstrap}") from error


async def follow(bootstrap: str, topics: Sequence[str]) -> AsyncIterator[Record]:
    """Read topics from the beginning and go on with what comes, until the caller stops. Raises: KafkaUnreachable."""
    async with _reader(bootstrap, topics, wait_ms=50) as (consumer, _):
        while True:
            for raws in (await consumer.getmany(timeout_ms=200, max_records=500)).values():
                for raw in raws:
                    yield Record.of(raw)


@dataclass(frozen=True)
class LogEnds:
    """Where the log of one partition begins and ends, and how old the first record from a given offset on is."""

    first: int
    end: int
    """The offset the next record will get. The embedded broker may name one batch less than can be read."""
    unread_since_ms: int | None = None


async def log_ends(
    bootstrap: str, topics: Sequence[str], read_to: Mapping[Partition, int], seconds: float = 3.0
) -> dict[Partition, LogEnds]:
    """The ends of all partitions of some topics.

    Args:
        read_to: the next offset by partition; where the log goes on from there, its first record is looked at.
        seconds: the longest wait for those records.

    Raises: KafkaUnreachable.
    """
    async with _reader(bootstrap, topics, wait_ms=50) as (consumer, partitions):
        try:
            firsts, ends = await _ends(consumer, partitions, bootstrap)
            behind = {p: max(read_to.get(_place(p), 0), firsts[p]) for p in partitions}
            behind = {p: offset for p, offset in behind.items() if offset < ends[p]}
            since = await _first_records(consumer, partitions, behind, seconds)
        except KafkaError as error:
            raise KafkaUnreachable(f"không đọc được nhật ký Kafka tại {bootstrap}") from error
        return {_place(p): LogEnds(firsts[p], ends[p], since.get(p)) for p in partitions}


async def _first_records(
    consumer: Any, partitions: set[TopicPartition], behind: Mapping[TopicPartition, int], seconds: float
) -> dict[TopicPartition, int]:
    """Timestamps of the first record of each partition from an offset on."""
    consumer.pause(*(partitions - behind.keys()))
    for place, offset in behind.items():
        consumer.seek(place, offset)
    found: dict[TopicPartition, int] = {}
    until = time.monotonic() + seconds
    while len(found) < len(behind) and time.monotonic() < until:
        # Asked for one by one, those not yet seen: a busy partition would fill every answer.
        left = [place for place in behind if place not in found]
        for place, raws in (await consumer.getmany(*left, timeout_ms=300, max_records=1)).items():
            found[place] = raws[0].timestamp
            consumer.pause(place)
    return found


def _place(partition: TopicPartition) -> Partition:
    return partition.topic, partition.partition
