"""Real engines for component tests: one MongoDB server a session, an empty broker a test."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from pymongo import IndexModel

from contracts.topics import BY_NAME
from local.engines import Endpoints, EngineSet
from services.kit import schema
from services.kit.mongo import Mongo
from services.kit.settings import KafkaSettings
from services.kit.store import Store
from tests.component.routing_fixtures import timed as timed
from tests.component.service_fixtures import intake as intake
from tests.component.service_fixtures import routing as routing
from tests.drivers import DRIVER
from tests.eventually import eventually
from tests.lanes import is_native

Indexes = Mapping[str, Sequence[IndexModel]]
EMBEDDED_BROKER = not is_native() and "KAFKA_BOOTSTRAP" not in os.environ


@pytest.fixture(scope="session")
async def mongodb_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A MongoDB-protocol server for the whole session; each test takes databases of its own."""
    environ = {**os.environ, "KAFKA_BOOTSTRAP": "unused"} if "MONGODB_URL" not in os.environ else dict(os.environ)
    engines = EngineSet.from_environment(tmp_path_factory.mktemp("mongo"), environ=environ)
    if engines.mongo is None:
        yield environ["MONGODB_URL"]
        return
    await engines.mongo.start()
    await engines.mongo.wait_ready()
    yield engines.endpoints.mongodb_url
    await engines.mongo.stop()


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reference data that a test changes through one connection is seen by the others at once."""
    monkeypatch.setattr("services.kit.references.FRESH_S", 0.0)


@pytest.fixture(autouse=True)
def prepared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a fixture has made is not made again by the application it starts: that was a tenth of the whole suite."""
    done, make = set[tuple[object, ...]](), schema.ensure

    async def ensure(mongo: Mongo, stores: Sequence[Store[Any]], more: Indexes | None = None) -> None:
        what = (mongo.name, *(store.collection for store in stores), *(more or ()))
        if what not in done:
            await make(mongo, stores, more)
            done.add(what)

    monkeypatch.setattr(schema, "ensure", ensure)


async def _stay(mongo: Mongo) -> None:
    """Leave the database where it is."""


@pytest.fixture(autouse=True)
def databases_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Databases go with the session's own server: it walks over all that was ever deleted to drop the next one, which
    in the end took longer than the tests. A server that was given is left clean."""
    if "MONGODB_URL" not in os.environ:
        monkeypatch.setattr(Mongo, "drop", _stay)


@pytest.fixture
def prefix() -> str:
    """A database prefix of the test's own."""
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture
async def mongo(mongodb_url: str, prefix: str) -> AsyncIterator[Mongo]:
    """An empty database, through the driver that `MONGO_DRIVER` names."""
    client = Mongo(mongodb_url, f"{prefix}_kit", driver=DRIVER)
    yield client
    await client.drop()
    await client.close()


@asynccontextmanager
async def started_broker(folder: Path) -> AsyncIterator[Endpoints]:
    engines = EngineSet.from_environment(folder, environ={**os.environ, "MONGODB_URL": "unused"})
    await asyncio.gather(*(node.start() for node in engines.brokers))
    await asyncio.gather(*(node.wait_ready() for node in engines.brokers))
    yield engines.endpoints
    await asyncio.gather(*(node.kill() for node in engines.brokers))


@pytest.fixture(scope="session")
async def lasting_broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Endpoints | None]:
    """Apache Kafka, or a cluster that was given: it takes seconds to start, so there is one for the whole session."""
    if EMBEDDED_BROKER:
        yield None
        return
    async with started_broker(tmp_path_factory.mktemp("broker")) as endpoints:
        yield endpoints


@pytest.fixture
async def broker(lasting_broker: Endpoints | None, tmp_path: Path) -> AsyncIterator[Endpoints]:
    """An empty broker."""
    if lasting_broker is not None:
        await no_topics(lasting_broker.kafka_bootstrap)
        yield lasting_broker
        return
    async with started_broker(tmp_path / "broker") as endpoints:
        yield endpoints


async def no_topics(bootstrap: str) -> None:
    """Delete what tests before this one made, and wait until each node says so; their groups end with their topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        ours = our_own(await admin.list_topics())
        if ours:
            await admin.delete_topics(sorted(ours))
    finally:
        await admin.close()
    for address in bootstrap.split(",") if ours else ():
        await eventually(lambda address=address: forgotten(address), timeout=30)  # type: ignore[misc]


def our_own(topics: Iterable[str]) -> set[str]:
    return {topic for topic in topics if topic.split(".dlq.")[0] in BY_NAME}


async def forgotten(address: str) -> bool:
    """Whether this node knows none of them any more: asked first, it answers for itself."""
    client = AIOKafkaClient(bootstrap_servers=address)
    try:
        await client.bootstrap()
        return not our_own(client.cluster.topics())
    finally:
        await client.close()


@pytest.fixture
def kafka(broker: Endpoints) -> KafkaSettings:
    """Settings for that broker, impatient where a test would wait."""
    return KafkaSettings(
        bootstrap=broker.kafka_bootstrap,
        idempotence=broker.kafka_idempotence,
        replication=broker.kafka_replication,
        fetch_max_wait_ms=20,
        session_timeout_ms=6000,
        drain_s=5,
        batch_records=100,
    )
