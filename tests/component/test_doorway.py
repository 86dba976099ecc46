"""Clients built on librdkafka (kcat and most others) use the embedded broker through a door of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer

from contracts.topics import AGENCY_ACTIONS, AGENCY_TRANSFERS, all_topics
from local.doorway import Doorway
from local.engines import Endpoints
from local.engines.ports import choose_port
from services.kit import kafka as kit
from services.kit.settings import KafkaSettings
from tests.eventually import eventually


@pytest.fixture
async def door(broker: Endpoints) -> AsyncIterator[str]:
    """The address a stock client uses: the door where the broker needs one, else the broker itself."""
    await kit.create_topics(broker.kafka_bootstrap, all_topics(), broker.kafka_replication)
    if not broker.kafka_memory_only:
        yield broker.kafka_bootstrap
        return
    doorway = Doorway(int(broker.kafka_bootstrap.rpartition(":")[2]), choose_port(0))
    await doorway.start()
    yield f"127.0.0.1:{doorway.port}"
    await doorway.stop()


def read_one(bootstrap: str, topic: str) -> Any:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "stock", "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        for _ in range(60):
            message = consumer.poll(0.5)
            if message is not None and message.error() is None:
                return message
        return None
    finally:
        consumer.close()


async def test_a_stock_client_consumes_transfers_with_key_headers_and_body(kafka: KafkaSettings, door: str) -> None:
    producer = kit.Producer(kafka, "test")
    await producer.start()
    event = {"topic": AGENCY_TRANSFERS.name, "key": b"H12.970.02", "body": b"{}", "headers": [["ce_type", b"t"]]}
    assert await producer.publish([event]) == [None]
    await producer.stop()
    message = await asyncio.to_thread(read_one, door, AGENCY_TRANSFERS.name)
    assert (message.key(), message.value(), message.headers()) == (b"H12.970.02", b"{}", [("ce_type", b"t")])


async def test_a_stock_client_produces_commands_that_our_consumers_read(kafka: KafkaSettings, door: str) -> None:
    producer = Producer({"bootstrap.servers": door})
    producer.produce(AGENCY_ACTIONS.name, key=b"k", value=b"v", headers={"ce_type": b"t"})
    assert await asyncio.to_thread(producer.flush, 20) == 0

    async def arrived() -> bool:
        async with kit.read_log(kafka.bootstrap, [AGENCY_ACTIONS.name]) as records:
            return [(found.key, found.value) async for found in records] == [(b"k", b"v")]

    await eventually(arrived)
