"""The limit of the engines for the whole road: as many records and bytes produced, consumed by three groups, and
written in bulk, with nothing decided, decoded or guarded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import InsertOne

from bench.house import House
from bench.road import weight
from contracts.topics import Topic
from motcua.install import SERVICES
from services.kit.kafka import create_topics
from services.kit.outbox import OUTBOX

GROUPS = 3
TOGETHER = 500


@dataclass(frozen=True)
class Volume:
    """What was moved and kept."""

    records: float
    record_bytes: float
    documents: float
    document_bytes: float

    def since(self, before: Volume) -> Volume:
        return Volume(*(getattr(self, name) - getattr(before, name) for name in Volume.__dataclass_fields__))

    def plus(self, records: int, bytes: int) -> Volume:
        """With what other people's software wrote to Kafka."""
        return Volume(self.records + records, self.record_bytes + bytes, self.documents, self.document_bytes)

    def per(self, dossiers: int) -> Volume:
        return Volume(*(getattr(self, name) / dossiers for name in Volume.__dataclass_fields__))


async def volume(house: House) -> Volume:
    """What the services have written so far: events of their outboxes, and every document they keep."""
    records = record_bytes = documents = document_bytes = 0
    client: Any = AsyncIOMotorClient(house.endpoints.mongodb_url, document_class=RawBSONDocument)
    for service in SERVICES:
        database = client[f"{house.prefix}_{service}"]
        for name in await database.list_collection_names():
            async for document in database[name].find({}):
                documents += 1
                document_bytes += len(document.raw)
                if name == OUTBOX:
                    events: list[Mapping[str, Any]] = list(document["events"])
                    records += len(events)
                    record_bytes += sum(weight(event) for event in events)
    client.close()
    return Volume(records, record_bytes, documents, document_bytes)


class RawRoad:
    """Producer, consumers and writer at the same time, as the house works."""

    def __init__(self, house: House, each: Volume) -> None:
        self._house, self._each = house, each
        self._topic = f"raw.{time.time_ns()}"

    async def run(self, dossiers: int) -> float:
        """Returns: dossiers per second."""
        records = int(self._each.records * dossiers)
        topic = Topic(self._topic, "dossier code", 12, (), ("bench",), ())
        await create_topics(self._house.endpoints.kafka_bootstrap, [topic], self._house.endpoints.kafka_replication)
        client: Any = AsyncIOMotorClient(self._house.endpoints.mongodb_url, w="majority")
        await client.drop_database("bench_raw")
        started = time.monotonic()
        await asyncio.gather(
            self._produce(records), *(self._consume(records) for _ in range(GROUPS)), self._write(client, dossiers)
        )
        took = time.monotonic() - started
        await client.drop_database("bench_raw")
        client.close()
        return dossiers / took

    async def _produce(self, records: int) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._house.endpoints.kafka_bootstrap, acks="all", linger_ms=5, compression_type="lz4",
            max_batch_size=256 * 1024, enable_idempotence=self._house.endpoints.kafka_idempotence,
        )  # fmt: skip
        await producer.start()
        body = b"x" * int(self._each.record_bytes / self._each.records)
        for start in range(0, records, TOGETHER):
            numbers = range(start, min(records, start + TOGETHER))
            sent = [await producer.send(self._topic, body, key=b"%d" % number) for number in numbers]
            await asyncio.gather(*sent)
        await producer.stop()

    async def _consume(self, records: int) -> None:
        consumer = AIOKafkaConsumer(
            self._topic, bootstrap_servers=self._house.endpoints.kafka_bootstrap, auto_offset_reset="earliest",
            enable_auto_commit=False, group_id=None,
        )  # fmt: skip
        await consumer.start()
        found = 0
        while found < records:
            found += sum(map(len, (await consumer.getmany(timeout_ms=200, max_records=TOGETHER)).values()))
        await consumer.stop()

    async def _write(self, client: Any, dossiers: int) -> None:
        body = b"x" * max(1, int(self._each.document_bytes / self._each.documents) - 40)
        number, collection = int(self._each.documents * dossiers), client["bench_raw"]["documents"]
        for start in range(0, number, TOGETHER):
            rows = [InsertOne({"_id": n, "body": body}) for n in range(start, min(number, start + TOGETHER))]
            await collection.bulk_write(rows, ordered=False)
