"""The service of the model test on a real broker: its members come and go, the relay dies after it has published, the
database is away for single calls. The same expectation as of the small log."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from contracts.topics import AGENCY_ACTIONS, COUNTER_REPLIES, DOSSIER_EVENTS, NOTICE_EVENTS, dead_letter_topic
from services.kit import schema
from services.kit.kafka import Producer, Record, Subscription, create_topics, read_log
from services.kit.mongo import Mongo
from services.kit.settings import KafkaSettings
from tests.component.model_actions import ClerkTells, ParkedKeysAreTried, PartnerCommands, SomebodyWritesGarbage
from tests.component.model_engines import Fault, GatedMongo
from tests.component.model_expectation import Seen, check, check_at_rest
from tests.component.model_log import Publishing
from tests.component.model_service import BOOKS, CODES, COMMANDS, FACTS, OBSTACLES, Obstacles, SetObstacles
from tests.component.model_world import GROUP, Time, Worker, World
from tests.drivers import DRIVER
from tests.eventually import eventually

TOPICS = (DOSSIER_EVENTS, AGENCY_ACTIONS, NOTICE_EVENTS, COUNTER_REPLIES)
ROUNDS = 12


class Town:
    """The world over a broker: what the small log would be given is produced, and what it would hold is read."""

    def __init__(self, world: World, kafka: KafkaSettings, producer: Producer) -> None:
        self.world, self.kafka, self.producer = world, kafka, producer
        self.leader = world.workers[0]
        self.leader.relay.publisher = producer

    async def produce_what_was_written(self) -> None:
        """The partner's records, which the actions put into the small log."""
        written = [record for records in self.world.log.records.values() for record in records]
        self.world.log.records.clear()
        await self.produce(written)

    async def produce(self, records: Sequence[Record]) -> None:
        events = [{"topic": r.topic, "key": r.key, "body": r.value, "headers": r.headers} for r in records]
        assert await self.producer.publish(events) == [None] * len(events)

    async def relay(self, fault: Fault | None) -> None:
        await self.leader.do(lambda: self.leader.publish(Publishing()), fault)
        self.leader.relay.publisher = self.producer  # of the new process, if it died

    async def read_so_far(self) -> int:
        return sum(fence["next"] for fence in await self.world.all("fences"))

    async def look(self) -> Seen:
        """Read the log and compare."""
        found: dict[tuple[str, int], list[Record]] = {}
        async with read_log(self.kafka.bootstrap, [topic.name for topic in TOPICS]) as records:
            async for record in records:
                found.setdefault((record.topic, record.partition), []).append(record)
        self.world.log.records = found
        try:
            seen = await Seen.of(self.world)
            check(self.world, seen)
            check_at_rest(self.world, seen, set())
            return seen
        finally:
            self.world.log.records = {}


@asynccontextmanager
async def member(kafka: KafkaSettings, worker: Worker) -> AsyncIterator[None]:
    subscription = Subscription(kafka, GROUP, [DOSSIER_EVENTS, AGENCY_ACTIONS], worker.consumer.handle)
    joining = asyncio.create_task(subscription.start())
    try:
        yield
        await joining
    finally:
        await asyncio.gather(joining, return_exceptions=True)
        await subscription.stop()


@pytest.fixture
async def world(mongodb_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    time = Time()
    monkeypatch.setattr("services.kit.lease.time", time)
    monkeypatch.setattr("services.kit.kafka.subscription._HotLoopGuard.pause_s", 0.05)
    mongo = Mongo(mongodb_url, f"{prefix}_model", driver=DRIVER)
    await schema.ensure(mongo, [BOOKS, OBSTACLES])
    clients = [GatedMongo(mongodb_url, mongo.name, driver=DRIVER) for _ in range(4)]
    read = [(topic.name, number) for topic in (DOSSIER_EVENTS, AGENCY_ACTIONS) for number in range(topic.partitions)]
    yield World(mongo, time, clients, read=read)
    for client in (mongo, *clients):
        await client.close()


async def test_members_come_and_go_on_a_real_broker_and_every_record_takes_effect_once_and_in_order(
    world: World, kafka: KafkaSettings
) -> None:
    await create_topics(kafka.bootstrap, [*TOPICS, *(dead_letter_topic(name, GROUP) for name in (FACTS, COMMANDS))])
    producer = Producer(kafka, "model")
    await producer.start()
    town, chance = Town(world, kafka, producer), random.Random(7)
    try:
        async with AsyncExitStack() as first, AsyncExitStack() as second:
            await first.enter_async_context(member(kafka, world.workers[1]))
            for number in range(ROUNDS):
                before = await town.read_so_far()
                await _play_round(town, chance)
                await eventually(lambda before=before: _reads_on(town, before), timeout=60)  # type: ignore[misc]
                if number == ROUNDS // 3:
                    await second.enter_async_context(member(kafka, world.workers[2]))
                if number == 2 * ROUNDS // 3:
                    await first.aclose()
            for code in CODES:
                await world.api.do(lambda code=code: world.api.commit(SetObstacles(code, Obstacles())), None)  # type: ignore[misc]
            await eventually(lambda: _at_rest(town), timeout=90, every=0.5)
    finally:
        await producer.stop()


async def _play_round(town: Town, chance: random.Random) -> None:
    world = town.world
    for worker in world.workers[1:]:
        what = chance.choice(["is refused", "hears no answer"])
        worker.gate.arm(Fault(what, chance.randint(1, 12)))  # type: ignore[arg-type]
    for code in CODES:
        await ClerkTells(code, chance.randint(1, 4), None).happen(world)
        await PartnerCommands(code, chance.randint(0, 2)).happen(world)
        blocked = chance.random() < 0.3
        obstacles = Obstacles(fact_missing=blocked)
        await world.api.do(lambda code=code, new=obstacles: world.api.commit(SetObstacles(code, new)), None)  # type: ignore[misc]
    await SomebodyWritesGarbage(FACTS, chance.choice(CODES), chance.choice(["header", "body", "nothing"])).happen(world)
    await town.relay(Fault("dies", chance.randint(1, 4)) if chance.random() < 0.5 else None)
    await town.produce_what_was_written()
    await ParkedKeysAreTried(0, None).happen(world)
    town.leader.relay.publisher = town.producer


async def _reads_on(town: Town, before: int) -> bool:
    return await town.read_so_far() > before


async def _at_rest(town: Town) -> bool:
    await town.relay(None)
    await ParkedKeysAreTried(0, None).happen(town.world)
    await town.look()
    return True
