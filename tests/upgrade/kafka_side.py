"""The library as it comes, beside our `Subscription`, on the same topic."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaProducer
from faststream.kafka import KafkaBroker

from contracts.topics import Topic
from services.kit.kafka import Record, Subscription, committed_offsets
from services.kit.settings import KafkaSettings

DEADLINE_S = 60.0
"""For what surely happens; nothing is measured by it."""


def gone(trap: int, remedy: str, module: str) -> str:
    """What a failing test tells whoever has raised the version of a library."""
    return f"trap {trap} is gone from this release: {remedy} in {module} may go (docs/upgrading.md)"


async def side_by_side(*sides: Awaitable[None]) -> None:
    """The library's way and ours at once: to join a group takes seconds in which nothing happens."""
    for result in await asyncio.gather(*sides, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


@dataclass
class Gate:
    """A handler that stands in the middle of its work until it is let go."""

    entered: asyncio.Event = field(default_factory=asyncio.Event)
    leave: asyncio.Event = field(default_factory=asyncio.Event)

    async def through(self) -> None:
        self.entered.set()
        await self.leave.wait()


@dataclass(frozen=True)
class Side:
    settings: KafkaSettings
    topic: Topic

    async def produce(self, *values: bytes | None, partition: int = 0, headers: Sequence[tuple[str, Any]] = ()) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.settings.bootstrap, acks="all") as producer:
            for value in values:
                await producer.send_and_wait(
                    self.topic.name, value, key=b"k", partition=partition, headers=list(headers)
                )

    @asynccontextmanager
    async def library(self, subscribe: Callable[[KafkaBroker], object], **options: Any) -> AsyncIterator[KafkaBroker]:
        """A broker with the library's own settings but those given."""
        broker = KafkaBroker(self.settings.bootstrap, logger=None, **options)
        subscribe(broker)
        try:
            await asyncio.wait_for(broker.start(), DEADLINE_S)
            yield broker
        finally:
            await broker.stop()

    def subscription(
        self, group: str, handler: Callable[[Sequence[Record]], Awaitable[None]], **changes: Any
    ) -> Subscription:
        settings = self.settings.model_copy(update=changes)
        return Subscription(settings, self.group(group), [self.topic], handler)

    @asynccontextmanager
    async def ours(
        self, group: str, handler: Callable[[Sequence[Record]], Awaitable[None]], **changes: Any
    ) -> AsyncIterator[Subscription]:
        subscription = self.subscription(group, handler, **changes)
        try:
            await asyncio.wait_for(subscription.start(), DEADLINE_S)
            yield subscription
        finally:
            await subscription.stop()

    def group(self, name: str) -> str:
        return f"{self.topic.name}.{name}"

    async def committed(self, group: str, partition: int = 0) -> int:
        """What Kafka believes a group has read; 0: nothing."""
        name, place = self.group(group), (self.topic.name, partition)
        offsets = await committed_offsets(self.settings.bootstrap, {name: [place]})
        return max(0, offsets[name].get(place, 0))
