"""What the producers of FastStream and aiokafka do: traps 6 and 12."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from aiokafka import TopicPartition
from faststream.kafka import KafkaBroker, KafkaPublishMessage

from services.kit.errors import FailStop
from services.kit.kafka import Producer, read_log
from tests.upgrade.kafka_side import Side, gone

PRODUCER = "services/kit/kafka/producer.py"
KEYS = [f"H12.970.00-261123-{number:04d}".encode() for number in range(30)]


async def partitions_of_keys(kafka: Side) -> dict[bytes | None, set[int]]:
    found: dict[bytes | None, set[int]] = defaultdict(set)
    async with read_log(kafka.settings.bootstrap, [kafka.topic.name]) as records:
        async for record in records:
            found[record.key].add(record.partition)
    return found


def event(kafka: Side, key: bytes) -> dict[str, Any]:
    return {"topic": kafka.topic.name, "key": key, "body": b"{}", "headers": []}


async def test_trap_6_a_published_batch_goes_to_any_partition_whatever_its_keys(kafka: Side) -> None:
    why = gone(6, "the ban on `publish_batch`", PRODUCER)
    async with KafkaBroker(kafka.settings.bootstrap, logger=None) as broker:
        for _ in range(8):
            messages = [KafkaPublishMessage(b"{}", key=key) for key in KEYS]
            await broker.publish_batch(*messages, topic=kafka.topic.name)
    assert any(len(partitions) > 1 for partitions in (await partitions_of_keys(kafka)).values()), why


async def test_remedy_6_a_key_has_one_partition_and_keys_are_spread(kafka: Side) -> None:
    producer = Producer(kafka.settings, "trap")
    await producer.start()
    try:
        for _ in range(8):
            assert await producer.publish([event(kafka, key) for key in KEYS]) == [None] * len(KEYS)
    finally:
        await producer.stop()
    partitions = await partitions_of_keys(kafka)
    assert all(len(found) == 1 for found in partitions.values())
    assert len(set.union(*partitions.values())) > 1


async def test_trap_12_a_producer_never_recovers_from_a_sequence_error(kafka: Side) -> None:
    if not kafka.settings.idempotence:
        pytest.skip("the embedded broker refuses idempotent producers; `ENGINES=native make upgrade-gate` shows it")
    producer = Producer(kafka.settings, "trap")
    await producer.start()
    try:
        assert await producer.publish([event(kafka, KEYS[0])]) == [None]
        transactions = producer._producer._txn_manager
        [place] = [place for place in transactions._sequence_numbers if place.topic == kafka.topic.name]
        assert isinstance(place, TopicPartition)
        transactions.increment_sequence_number(place, 5)  # as after a batch that was given up
        for _ in range(3):
            with pytest.raises(FailStop, match="OutOfOrderSequenceNumber"):
                await producer.publish([event(kafka, KEYS[0])])
                pytest.fail(gone(12, "the `FailStop` after a sequence error", PRODUCER))
    finally:
        await producer.stop()
    after = Producer(kafka.settings, "trap")  # what a restart of the process comes to
    await after.start()
    try:
        assert await after.publish([event(kafka, KEYS[0])]) == [None]
    finally:
        await after.stop()
