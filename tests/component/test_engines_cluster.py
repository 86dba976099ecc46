"""Three nodes of Apache Kafka: what the loss of one of them, whichever, means to our producer and our consumers."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from contracts.topics import DOSSIER_EVENTS, Topic
from local.engines import KafkaCluster
from services.kit.errors import FailStop
from services.kit.kafka import Producer, Record, Subscription, create_topics, read_log
from services.kit.settings import KafkaSettings
from tests.eventually import eventually

pytestmark = [pytest.mark.native, pytest.mark.timeout(420)]

KEYS = [f"H12.970.00-261123-{number:04d}" for number in range(1, 25)]
# Half of the usual: how long a dead node is waited for. A live one that a busy machine takes for dead comes back.
IMPATIENT = {"broker.session.timeout.ms": "4500", "broker.heartbeat.interval.ms": "500"}


@pytest.fixture(scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KafkaCluster]:
    nodes = KafkaCluster(tmp_path_factory.mktemp("cluster"), overrides=IMPATIENT)
    await nodes.start()
    await nodes.wait_ready()
    yield nodes
    await nodes.kill()


@pytest.fixture
async def topic(cluster: KafkaCluster, request: pytest.FixtureRequest) -> Topic:
    await cluster.start()  # what a test before this one left dead
    await cluster.wait_ready()
    own = dataclasses.replace(DOSSIER_EVENTS, name=request.node.name, partitions=6)
    await create_topics(cluster.bootstrap, [own], replication=3)
    await eventually(partial(in_sync, cluster, own))  # a node that was not asked hears of it a moment later
    return own


@pytest.fixture
def kafka(cluster: KafkaCluster) -> KafkaSettings:
    return KafkaSettings(bootstrap=cluster.bootstrap, fetch_max_wait_ms=20, session_timeout_ms=6000, drain_s=5)


@asynccontextmanager
async def administrator(cluster: KafkaCluster) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def partitions_of(cluster: KafkaCluster, topic: Topic) -> Sequence[Mapping[str, Any]]:
    async with administrator(cluster) as admin:
        [described] = await admin.describe_topics([topic.name])
    found: Sequence[Mapping[str, Any]] = described["partitions"]
    return found


async def in_sync(cluster: KafkaCluster, topic: Topic) -> bool:
    partitions = await partitions_of(cluster, topic)
    return len(partitions) == topic.partitions and all(len(one["isr"]) == 3 for one in partitions)


class Flow:
    """Every key counts up, sent as the relay sends: a number until it is acknowledged, then the next."""

    def __init__(self, kafka: KafkaSettings, topic: Topic) -> None:
        self.kafka, self.topic = kafka, topic
        self.acknowledged = dict.fromkeys(KEYS, 0)
        self.seen: dict[str, list[int]] = defaultdict(list)
        self.ending = False

    async def send(self) -> None:
        while not self.ending:
            producer = Producer(self.kafka, "flow")
            try:
                await producer.start()
                while not self.ending:
                    await self._next(producer)
            except FailStop:
                pass  # a worker would end here and be started again
            finally:
                await producer.stop()

    async def _next(self, producer: Producer) -> None:
        events = [self._event(key, self.acknowledged[key] + ahead) for key in KEYS for ahead in (1, 2)]
        refused: set[str] = set()
        for event, error in zip(events, await producer.publish(events), strict=True):
            key = event["key"].decode()
            if error is not None:
                refused.add(key)
            elif key not in refused:
                self.acknowledged[key] += 1
        await asyncio.sleep(0.02)

    def _event(self, key: str, number: int) -> dict[str, Any]:
        return {"topic": self.topic.name, "key": key.encode(), "body": str(number).encode(), "headers": []}

    async def take(self, records: Sequence[Record]) -> None:
        """The handler of the consumer: what it has seen before it drops, as fence and inbox would."""
        first_time(self.seen, records)

    def all_are_further_than(self, before: Mapping[str, int]) -> bool:
        return all(self.acknowledged[key] >= before[key] + 10 for key in KEYS)

    def all_arrived(self) -> bool:
        return all(len(self.seen[key]) >= self.acknowledged[key] for key in KEYS)


def first_time(seen: dict[str, list[int]], records: Sequence[Record]) -> None:
    for record in records:
        assert record.key is not None
        assert record.value is not None
        key, number = record.key.decode(), int(record.value)
        if number not in seen[key]:
            seen[key].append(number)


@asynccontextmanager
async def flowing(kafka: KafkaSettings, topic: Topic) -> AsyncIterator[Flow]:
    flow = Flow(kafka, topic)
    subscription = Subscription(kafka, f"readers-of-{topic.name}", [topic], flow.take)
    await subscription.start()
    sending = asyncio.create_task(flow.send())
    try:
        yield flow
        flow.ending = True
        await asyncio.wait_for(sending, 60)
        await eventually(flow.all_arrived, timeout=60)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await subscription.stop()


def in_order(numbers: Mapping[str, list[int]], acknowledged: Mapping[str, int]) -> bool:
    """Each key whole and in order; what was sent and never acknowledged may follow at the end."""
    return all(
        numbers[key] == list(range(1, len(numbers[key]) + 1)) and len(numbers[key]) >= acknowledged[key] for key in KEYS
    )


async def log_of(cluster: KafkaCluster, topic: Topic) -> dict[str, list[int]]:
    seen: dict[str, list[int]] = defaultdict(list)
    async with read_log(cluster.bootstrap, [topic.name]) as records:
        first_time(seen, [found async for found in records])
    return seen


async def test_topics_have_three_copies_of_which_two_must_be_written(cluster: KafkaCluster, topic: Topic) -> None:
    partitions = await partitions_of(cluster, topic)
    assert {len(one["replicas"]) for one in partitions} == {3}
    assert {one["leader"] for one in partitions} == {1, 2, 3}, "each node leads some"
    wanted = ConfigResource(ConfigResourceType.TOPIC, topic.name, {"min.insync.replicas": None})
    async with administrator(cluster) as admin:
        [answer] = await admin.describe_configs([wanted])
    [(_, _, _, _, [(name, value, *_)])] = answer.resources
    assert (name, value) == ("min.insync.replicas", "2")


async def test_each_node_is_killed_in_turn_under_load_and_nothing_is_lost_or_out_of_order(
    cluster: KafkaCluster, topic: Topic, kafka: KafkaSettings
) -> None:
    """Whoever led a partition, the group or the controllers is among them."""
    async with flowing(kafka, topic) as flow:
        await eventually(lambda: flow.all_are_further_than(dict.fromkeys(KEYS, 0)), timeout=60)
        for node in cluster.nodes:
            await node.kill()
            before = dict(flow.acknowledged)
            await eventually(lambda before=before: flow.all_are_further_than(before), timeout=90)  # type: ignore[misc]
            assert not node.running
            if node is not cluster.nodes[-1]:
                await node.start()
                await node.wait_ready()
                await eventually(lambda: in_sync(cluster, topic), timeout=60, every=0.5)
    assert in_order(flow.seen, flow.acknowledged)
    assert in_order(await log_of(cluster, topic), flow.acknowledged)


async def test_all_nodes_killed_at_once_keep_what_they_acknowledged(
    cluster: KafkaCluster, topic: Topic, kafka: KafkaSettings
) -> None:
    async with flowing(kafka, topic) as flow:
        await eventually(lambda: flow.all_are_further_than(dict.fromkeys(KEYS, 0)), timeout=60)
        await cluster.kill()
        before = dict(flow.acknowledged)
        await cluster.start()
        await cluster.wait_ready()
        await eventually(lambda: flow.all_are_further_than(before), timeout=90)
    assert in_order(flow.seen, flow.acknowledged)
    assert in_order(await log_of(cluster, topic), flow.acknowledged)
