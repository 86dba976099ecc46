"""A consumer group member that gives batches of records to one handler."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any

from aiokafka import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError
from faststream import AckPolicy, BaseMiddleware
from faststream.kafka import KafkaBroker

from contracts.topics import Topic
from services.kit import logs, metrics
from services.kit.kafka.pulse import Pulse, WatchedConsumer
from services.kit.kafka.record import KafkaUnreachable, LogLost, Partition, Record
from services.kit.settings import KafkaSettings

log = logs.get("kit.kafka")
BatchHandler = Callable[[Sequence[Record]], Awaitable[None]]


async def _tolerant_parser(raw: Any, original: Callable[[Any], Awaitable[Any]]) -> Any:
    """A null or non-UTF-8 header breaks FastStream's parser before any handler, and the record is skipped silently.
    Parse a stub; the handler reads the true records. One stands for the batch: nobody asks FastStream for the others,
    and it would look at every header of each."""
    stub = dataclasses.replace(raw[0] if isinstance(raw, tuple) else raw, headers=())
    message = await original((stub,) if isinstance(raw, tuple) else stub)
    message.raw_message = raw
    return message


class _RawCodec:
    """Bodies stay bytes: one bad JSON would fail its whole batch, and decoding record by record is ours."""

    async def decode(self, msg: Any) -> Any:
        return msg.body

    async def decode_batch(self, msg: Any) -> list[Any]:
        return list(msg.raw_message)

    async def encode(self, msg: Any, serializer: Any = None) -> tuple[Any, None]:
        return msg, None

    async def encode_batch(self, msgs: Any, serializer: Any = None) -> list[tuple[Any, None]]:
        return [(msg, None) for msg in msgs]


class _HotLoopGuard(BaseMiddleware):
    """NACK_ON_ERROR redelivers at once (1,400 times a second): wait before letting an error out, longer each time."""

    pause_s = 0.5

    async def consume_scope(self, call_next: Any, msg: Any) -> Any:
        try:
            result = await call_next(msg)
        except Exception as error:
            log.error("kafka.batch_failed", error=type(error).__name__, pause_s=type(self).pause_s, exc_info=True)
            await asyncio.sleep(type(self).pause_s)
            type(self).pause_s = min(10.0, type(self).pause_s * 2)
            raise
        type(self).pause_s = 0.5
        return result


class _DrainOnRevoke(ConsumerRebalanceListener):  # type: ignore[misc]
    """On rebalance FastStream does not wait for the running batch: two members would apply it at once. Wait for it."""

    def __init__(self, drain_s: float, pulse: Pulse) -> None:
        self.drain_s, self.pulse = drain_s, pulse
        self.subscriber: Any = None
        self.assigned: frozenset[Partition] = frozenset()

    async def on_partitions_revoked(self, revoked: Any) -> None:
        self.pulse.rebalances += 1
        metrics.count("rebalances_total")
        lock = getattr(self.subscriber, "lock", None)
        if lock is not None and hasattr(lock, "wait_release"):
            await lock.wait_release(timeout=self.drain_s)

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self.assigned = frozenset((tp.topic, tp.partition) for tp in assigned)
        if self.subscriber.consumer is not None:
            self.subscriber.consumer.hold_if_paused()
        log.info("kafka.assigned", partitions=len(self.assigned))


class Subscription:
    """One consumer group member over some topics, giving batches of records to one handler."""

    def __init__(self, settings: KafkaSettings, group: str, topics: Sequence[Topic], handler: BatchHandler) -> None:
        self.topics = tuple(topics)
        self.joined = False
        self.pulse = Pulse()
        self._listener = _DrainOnRevoke(settings.drain_s, self.pulse)
        self.broker = KafkaBroker(
            settings.bootstrap.split(","),  # FastStream takes a text with commas for one host
            client_id=f"motcua-{group}",
            # The default commits before the handler has finished: a record in work at shutdown is lost.
            ack_policy=AckPolicy.NACK_ON_ERROR,
            graceful_timeout=settings.drain_s,
            parser=_tolerant_parser,
            codec=_RawCodec(),
            allow_auto_create_topics=False,
            middlewares=(_HotLoopGuard,),
            logger=None,
        )
        subscriber = self.broker.subscriber(
            *(topic.name for topic in topics),
            group_id=group,
            batch=True,
            max_records=settings.batch_records,
            batch_timeout_ms=settings.fetch_max_wait_ms,
            fetch_max_wait_ms=settings.fetch_max_wait_ms,
            auto_offset_reset="earliest",  # the default "latest" makes a new group miss what is there
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=settings.session_timeout_ms // 10,
            max_poll_interval_ms=300_000,
            rebalance_timeout_ms=int(settings.rebalance_timeout_s * 1000),
            partition_assignment_strategy=(StickyPartitionAssignor,),
            listener=self._listener,
            no_reply=True,  # else a `reply_to` header makes us publish wherever the sender says
        )

        @subscriber
        async def consume(batch: list[Any]) -> None:
            self.pulse.batch_since = time.monotonic()
            try:
                await handler([Record.of(raw) for raw in batch])
            except LogLost as lost:
                self.leave_alone(lost.places)
                raise  # the others of this batch are delivered again, without these
            finally:
                self.pulse.batch_since = None

        self._listener.subscriber = self._subscriber = subscriber

    @property
    def assigned(self) -> frozenset[Partition]:
        return self._listener.assigned

    @property
    def rejoining(self) -> bool:
        """Whether this member is out of its group and on the way back."""
        consumer = self._subscriber.consumer
        return consumer is not None and consumer.rejoining

    def pause(self, paused: bool) -> None:
        """Take no further records, or take them again. A batch under way is finished; the member stays in its group."""
        self.pulse.paused = paused
        if self._subscriber.consumer is not None:
            self._subscriber.consumer.hold_if_paused()

    def leave_alone(self, places: Iterable[Partition]) -> None:
        """Take nothing more of these partitions, as long as this process runs."""
        self.pulse.lost.update(places)
        self.pause(self.pulse.paused)

    def positions(self) -> dict[Partition, int]:
        """Offsets that are read next, of assigned partitions; those of a batch under way are behind them."""
        consumer = self._subscriber.consumer
        known = consumer.positions() if consumer is not None else {}
        return {(place.topic, place.partition): position for place, position in known.items()}

    async def ends(self, seconds: float = 3.0) -> dict[Partition, int]:
        """The offset after the last record of each assigned partition.

        Raises: KafkaUnreachable.
        """
        consumer = self._subscriber.consumer
        if consumer is None or not consumer.assignment():
            return {}
        places = list(consumer.assignment())
        try:
            # A paused partition is not fetched from, so its high-water mark stands still: ask.
            ends = await asyncio.wait_for(consumer.end_offsets(places), seconds)
        except (KafkaError, TimeoutError) as error:
            raise KafkaUnreachable(f"end offsets: {type(error).__name__}") from error
        seen = {place: consumer.highwater(place) or 0 for place in places if place in consumer.assignment()}
        return {(place.topic, place.partition): max(end, seen.get(place, 0)) for place, end in ends.items()}

    async def start(self) -> None:
        """Join the group. Raises: KafkaError or OSError while no broker answers."""
        await self.broker.connect()
        config = self.broker.config.broker_config
        config.builder = partial(WatchedConsumer, self.pulse, **config.builder.keywords)  # type: ignore[attr-defined]
        await self.broker.start()
        self.pulse.polled_at = time.monotonic()  # to join may have taken an outage
        self.joined = True

    async def stop(self) -> None:
        """Finish the running batch, commit, leave the group."""
        await self.broker.stop()

    async def reachable(self) -> bool:
        return bool(await self.broker.ping(timeout=2.0))
