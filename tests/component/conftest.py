"""Real engines for component tests: one MongoDB server a session, a fresh broker a test."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from local.engines import Endpoints, EngineSet
from services.kit.mongo import Mongo
from services.kit.settings import KafkaSettings
from tests.component.routing_fixtures import timed as timed
from tests.component.service_fixtures import intake as intake
from tests.component.service_fixtures import routing as routing


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
    driver = "pymongo" if os.environ.get("MONGO_DRIVER") == "pymongo" else "motor"
    client = Mongo(mongodb_url, f"{prefix}_kit", driver=driver)
    yield client
    await client.drop()
    await client.close()


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Endpoints]:
    """An empty broker of the test's own."""
    environ = {**os.environ, "MONGODB_URL": "unused"}
    engines = EngineSet.from_environment(tmp_path / "broker", environ=environ)
    assert engines.broker is not None
    await engines.broker.start()
    await engines.broker.wait_ready()
    yield engines.endpoints
    await engines.broker.stop()


@pytest.fixture
def kafka(broker: Endpoints) -> KafkaSettings:
    """Settings for that broker, impatient where a test would wait."""
    return KafkaSettings(
        bootstrap=broker.kafka_bootstrap,
        idempotence=broker.kafka_idempotence,
        fetch_max_wait_ms=20,
        session_timeout_ms=6000,
        drain_s=5,
        batch_records=100,
    )
