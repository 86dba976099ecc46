"""One broker for all traps, a topic for each: they are about the client libraries, not about the broker."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest

from contracts.topics import Topic
from local.engines import Endpoints
from services.kit.kafka import create_topics
from services.kit.settings import KafkaSettings
from tests.component.conftest import mongo as mongo
from tests.component.conftest import mongodb_url as mongodb_url
from tests.component.conftest import prefix as prefix
from tests.component.conftest import started_broker
from tests.upgrade.kafka_side import Side


@pytest.fixture(scope="session")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Endpoints]:
    async with started_broker(tmp_path_factory.mktemp("broker")) as endpoints:
        yield endpoints


@pytest.fixture
async def kafka(broker: Endpoints) -> Side:
    """A topic of the test's own with four partitions, and our settings."""
    settings = KafkaSettings(
        bootstrap=broker.kafka_bootstrap, idempotence=broker.kafka_idempotence, fetch_max_wait_ms=20,
        session_timeout_ms=10_000, drain_s=30, batch_records=100,
    )  # fmt: skip
    topic = Topic(f"trap-{uuid.uuid4().hex[:8]}", "any", 4, (), (), ())
    await create_topics(settings.bootstrap, [topic], broker.kafka_replication)
    return Side(settings, topic)
