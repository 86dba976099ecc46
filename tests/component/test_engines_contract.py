"""What the system may rely on with any engine set: `make test` and `make test-native` run the same suite."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import AutoReconnect, DuplicateKeyError, OperationFailure
from pymongo.write_concern import WriteConcern

from local.engines import Endpoints, EngineSet
from tests.eventually import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engines(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EngineSet]:
    """Never those of somebody else: they are killed here."""
    own = {name: os.environ[name] for name in ("ENGINES", "KAFKA_NODES") if name in os.environ}
    running = EngineSet.from_environment(tmp_path_factory.mktemp("engines"), environ=own)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
def endpoints(engines: EngineSet) -> Endpoints:
    return engines.endpoints


@pytest_asyncio.fixture(loop_scope="module")
async def database(engines: EngineSet) -> AsyncIterator[Any]:
    assert engines.mongo is not None
    if not engines.mongo.running:
        await engines.mongo.restart()
    client: Any = AsyncIOMotorClient(engines.endpoints.mongodb_url, serverSelectionTimeoutMS=5000)
    await client.drop_database("engines_test")
    yield client["engines_test"]
    client.close()


async def create_topic(endpoints: Endpoints, name: str, partitions: int = 1) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=endpoints.kafka_bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, partitions, endpoints.kafka_replication)])
    finally:
        await admin.close()


async def read_all(endpoints: Endpoints, topic: str, expected: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=endpoints.kafka_bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=endpoints.fetch_max_wait_ms,
    )
    await consumer.start()
    seen: list[bytes] = []

    async def enough() -> bool:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            seen.extend(record.value for record in records)
        return len(seen) >= expected

    try:
        consumer.assign([TopicPartition(topic, 0)])
        await eventually(enough)
    finally:
        await consumer.stop()
    return seen


async def test_a_record_that_was_acknowledged_is_read_back_in_order(endpoints: Endpoints) -> None:
    await create_topic(endpoints, "round-trip")
    sent = [f"hồ sơ {number}".encode() for number in range(500)]
    async with AIOKafkaProducer(
        bootstrap_servers=endpoints.kafka_bootstrap, acks="all", enable_idempotence=endpoints.kafka_idempotence
    ) as producer:
        await asyncio.gather(*[await producer.send("round-trip", value) for value in sent])
    assert await read_all(endpoints, "round-trip", len(sent)) == sent


async def test_a_group_goes_on_where_it_committed(endpoints: Endpoints) -> None:
    await create_topic(endpoints, "group-trip")
    async with AIOKafkaProducer(bootstrap_servers=endpoints.kafka_bootstrap, acks="all") as producer:
        await producer.send_and_wait("group-trip", b"first")
        await producer.send_and_wait("group-trip", b"second")
    for expected in (b"first", b"second"):
        async with AIOKafkaConsumer(
            "group-trip",
            bootstrap_servers=endpoints.kafka_bootstrap,
            group_id="readers",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=endpoints.fetch_max_wait_ms,
        ) as consumer:
            record = await asyncio.wait_for(consumer.getone(), 30)
            assert record.value == expected
            await consumer.commit({TopicPartition("group-trip", 0): record.offset + 1})


async def test_a_transaction_shows_all_its_documents_or_none(database: Any) -> None:
    await database.dossiers.insert_one({"_id": "D1", "state": "received"})
    async with await database.client.start_session() as session:
        async with session.start_transaction(write_concern=WriteConcern("majority", j=True)):
            await database.dossiers.update_one({"_id": "D1"}, {"$set": {"state": "accepted"}}, session=session)
            await database.outbox.insert_one({"_id": "E1"}, session=session)
            assert await database.outbox.find_one({"_id": "E1"}) is None, "seen from outside before the commit"
        session.start_transaction()
        await database.dossiers.update_one({"_id": "D1"}, {"$set": {"state": "lost"}}, session=session)
        await database.outbox.insert_one({"_id": "E2"}, session=session)
        await session.abort_transaction()
    assert (await database.dossiers.find_one({"_id": "D1"}))["state"] == "accepted"
    assert [row["_id"] async for row in database.outbox.find({})] == ["E1"]


async def test_two_transactions_on_one_document_conflict(database: Any) -> None:
    await database.dossiers.insert_one({"_id": "D1", "version": 1})
    async with await database.client.start_session() as one, await database.client.start_session() as two:
        one.start_transaction()
        two.start_transaction()
        await database.dossiers.update_one({"_id": "D1"}, {"$inc": {"version": 1}}, session=one)
        with pytest.raises(OperationFailure) as caught:
            await database.dossiers.update_one({"_id": "D1"}, {"$inc": {"version": 1}}, session=two)
        assert caught.value.has_error_label("TransientTransactionError")
        await one.commit_transaction()
    assert (await database.dossiers.find_one({"_id": "D1"}))["version"] == 2


async def test_a_unique_index_refuses_the_second_document(database: Any) -> None:
    await database.dossiers.create_index("code", unique=True)
    await database.dossiers.insert_one({"code": "H29.01-1"})
    with pytest.raises(DuplicateKeyError):
        await database.dossiers.insert_one({"code": "H29.01-1"})


async def test_data_and_indexes_are_kept_over_a_stop_and_start_of_the_database(
    engines: EngineSet, database: Any
) -> None:
    assert engines.mongo is not None
    await database.dossiers.create_index("code", unique=True)
    await database.dossiers.insert_many([{"_id": number, "code": f"H{number}"} for number in range(200)])
    port, before = engines.mongo.port, engines.mongo.pid
    await engines.mongo.restart()
    assert engines.mongo.port == port
    assert engines.mongo.pid != before
    assert await database.dossiers.count_documents({}) == 200
    with pytest.raises(DuplicateKeyError):
        await database.dossiers.insert_one({"_id": "again", "code": "H1"})


async def test_writes_acknowledged_before_a_sigkill_of_the_database_are_there(
    engines: EngineSet, database: Any
) -> None:
    """Single writes and transactions, killed in the middle of both."""
    assert engines.mongo is not None
    acknowledged: list[int] = []
    pairs: list[int] = []

    async def write_singles() -> None:
        for number in range(100_000):
            await database.singles.insert_one({"_id": number})
            acknowledged.append(number)

    async def write_pairs() -> None:
        async with await database.client.start_session() as session:
            for number in range(100_000):
                async with session.start_transaction():
                    await database.left.insert_one({"_id": number}, session=session)
                    await database.right.insert_one({"_id": number}, session=session)
                pairs.append(number)

    writers = [asyncio.create_task(write_singles()), asyncio.create_task(write_pairs())]
    await eventually(lambda: len(acknowledged) >= 100 and len(pairs) >= 30)
    await engines.mongo.kill()
    for outcome in await asyncio.gather(*writers, return_exceptions=True):
        assert isinstance(outcome, AutoReconnect), repr(outcome)
    await engines.mongo.restart()
    kept = {row["_id"] async for row in database.singles.find({})}
    assert set(acknowledged) <= kept
    left = {row["_id"] async for row in database.left.find({})}
    assert left == {row["_id"] async for row in database.right.find({})}, "half a transaction"
    assert set(pairs) <= left


async def test_the_broker_keeps_or_forgets_as_its_endpoints_say(engines: EngineSet) -> None:
    """The memory-only broker is empty after a restart; Kafka still has what it acknowledged, also after SIGKILL."""
    endpoints = engines.endpoints
    await create_topic(endpoints, "survivor")
    async with AIOKafkaProducer(bootstrap_servers=endpoints.kafka_bootstrap, acks="all") as producer:
        await producer.send_and_wait("survivor", b"kept?")
    await asyncio.gather(*(node.kill() for node in engines.brokers))
    await engines.start()
    admin = AIOKafkaAdminClient(bootstrap_servers=endpoints.kafka_bootstrap)
    await admin.start()
    try:
        topics = await admin.list_topics()
    finally:
        await admin.close()
    assert ("survivor" in topics) is not endpoints.kafka_memory_only
    if not endpoints.kafka_memory_only:
        assert await read_all(endpoints, "survivor", 1) == [b"kept?"]


async def test_engines_listen_on_the_loopback_address_only(engines: EngineSet) -> None:
    for engine in (*engines.brokers, engines.mongo):
        assert engine is not None
        assert engine.address.startswith("127.0.0.1:")
        port = f"{engine.port:04X}"
        tables = [Path(f"/proc/net/{table}").read_text().splitlines()[1:] for table in ("tcp", "tcp6")]
        listening = {line.split()[1] for table in tables for line in table if line.split()[3] == "0A"}
        mine = {address for address in listening if address.endswith(f":{port}")}
        assert mine <= {f"0100007F:{port}", f"0000000000000000FFFF00000100007F:{port}"}, mine
        assert mine
