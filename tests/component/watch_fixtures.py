"""A group member with its look at itself, on real engines, impatient where a test would wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from contracts.topics import DOSSIER_EVENTS
from services.kit.health import Check
from services.kit.kafka import Producer, Record, Subscription
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.kit.settings import HealthSettings, KafkaSettings, Settings
from services.kit.watch import Watch
from tests.component.ledger import Rules, consumer, record, steps_of

CODES = [f"H12.970.00-261123-{n:04d}" for n in range(1, 21)]
Handle = Callable[[Sequence[Record]], Awaitable[None]]


@dataclass
class Member:
    """One member under test."""

    watch: Watch
    mongo: Mongo

    async def wrong(self, check: Check) -> str:
        """What a check says, empty when all is well."""
        try:
            await check()
        except RuntimeError as error:
            return str(error)
        return ""

    async def ill(self, check: Check, words: str) -> bool:
        return words in await self.wrong(check)

    async def well(self, check: Check) -> bool:
        return not await self.wrong(check)

    async def have(self, *steps: int) -> bool:
        return all([await steps_of(self.mongo, code) == steps for code in CODES])

    @property
    def lag(self) -> int | None:
        known = [lag for lag in self.watch.lags.values() if lag is not None]
        return sum(known) if known else None


def impatient(kafka: KafkaSettings, **seconds: float) -> Settings:
    limits = {
        "stuck_s": 1.0,
        "batch_s": 1.0,
        "outbox_s": 1.0,
        "commits_s": 1.0,
        "log_s": 0.5,
        "rejoin_s": 17.0,
    } | seconds
    return Settings(kafka=kafka, health=HealthSettings(**limits))


@asynccontextmanager
async def member(
    kafka: KafkaSettings,
    mongo: Mongo,
    *,
    handle: Callable[[Handle], Handle] = lambda apply: apply,
    rules: Rules | None = None,
    epoch: str = "0",
    **seconds: float,
) -> AsyncIterator[Member]:
    """Join the group, and look every 0.2 s.

    Args:
        handle: what stands between Kafka and the consumer.
    """
    settings = impatient(kafka, **seconds)
    subject = await consumer(mongo, rules, epoch=epoch)
    subscription = Subscription(kafka, subject.group, [DOSSIER_EVENTS], handle(subject.handle))
    subject.log_ends = subscription.ends if kafka.tells_ends else None
    lease = Lease(mongo, "worker")
    watch = Watch("test-worker", mongo, subject, subscription, lease, settings, every_s=0.2, pause_every_s=0.1)
    stop = asyncio.Event()
    await watch.look_for_pause()
    await subscription.start()
    looking = asyncio.create_task(watch.run(stop))
    try:
        yield Member(watch, mongo)
    finally:
        stop.set()
        await asyncio.wait_for(looking, 60)
        await subscription.stop()


async def produce(kafka: KafkaSettings, step: int, codes: Sequence[str] = CODES) -> None:
    """One event for each dossier."""
    producer = Producer(kafka, "test")
    await producer.start()
    records = [record(code, step, offset=0) for code in codes]
    rows: list[dict[str, Any]] = [
        {"topic": r.topic, "key": r.key, "body": r.value, "headers": [list(header) for header in r.headers]}
        for r in records
    ]
    try:
        assert await producer.publish(rows) == [None] * len(rows)
    finally:
        await producer.stop()


@dataclass
class Gate:
    """Lets batches through, or holds the one that comes, or fails all of them."""

    opened: asyncio.Event
    failing: bool = False
    inside: int = 0
    seen: int = 0

    def __call__(self, apply: Handle) -> Handle:
        async def handle(records: Sequence[Record]) -> None:
            self.seen += len(records)
            if self.failing:
                raise OSError("as if an engine was away")
            self.inside += 1
            await self.opened.wait()
            await apply(records)
            self.inside -= 1

        return handle


def gate(*, opened: bool = True) -> Gate:
    made = Gate(asyncio.Event())
    if opened:
        made.opened.set()
    return made
