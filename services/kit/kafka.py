"""The only module that imports faststream and aiokafka.

FastStream's defaults lose messages; each setting below that differs says what it prevents. The rest of the house sees
`Record`, `subscribe`, `Producer`, `create_topics` and `read_log`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError, OutOfOrderSequenceNumber, ProducerFenced, TopicAlreadyExistsError, for_code
from faststream import AckPolicy, BaseMiddleware
from faststream.kafka import KafkaBroker

from contracts.topics import Topic
from services.kit import logs
from services.kit.errors import FailStop, Unavailable
from services.kit.settings import KafkaSettings

log = logs.get("kit.kafka")


class KafkaUnreachable(Unavailable):
    """No broker answers at the given address."""


BatchHandler = Callable[[Sequence["Record"]], Awaitable[None]]


@dataclasses.dataclass(frozen=True)
class Record:
    """A Kafka record as it lies in the log."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    timestamp_ms: int

    @classmethod
    def of(cls, raw: Any) -> Record:
        return cls(raw.topic, raw.partition, raw.offset, raw.key, raw.value, tuple(raw.headers), raw.timestamp)


def _clean(raw: Any) -> Any:
    headers = tuple((k, (v or b"").decode("utf-8", "replace").encode()) for k, v in raw.headers)
    return dataclasses.replace(raw, headers=headers)


async def _tolerant_parser(raw: Any, original: Callable[[Any], Awaitable[Any]]) -> Any:
    """A null or non-UTF-8 header breaks FastStream's parser before any handler, and the record is skipped silently.
    Parse a cleaned copy; the handler reads the true record."""
    message = await original(tuple(map(_clean, raw)) if isinstance(raw, tuple) else _clean(raw))
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

    def __init__(self, drain_s: float) -> None:
        self.drain_s = drain_s
        self.subscriber: Any = None
        self.assigned: frozenset[tuple[str, int]] = frozenset()

    async def on_partitions_revoked(self, revoked: Any) -> None:
        lock = getattr(self.subscriber, "lock", None)
        if lock is not None and hasattr(lock, "wait_release"):
            await lock.wait_release(timeout=self.drain_s)

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self.assigned = frozenset((tp.topic, tp.partition) for tp in assigned)
        log.info("kafka.assigned", partitions=len(self.assigned))


class Subscription:
    """One consumer group member over some topics, giving batches of records to one handler."""

    def __init__(self, settings: KafkaSettings, group: str, topics: Sequence[Topic], handler: BatchHandler) -> None:
        self._settings = settings
        self._listener = _DrainOnRevoke(settings.drain_s)
        self.broker = KafkaBroker(
            settings.bootstrap,
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
            rebalance_timeout_ms=int(settings.drain_s * 2000),
            partition_assignment_strategy=(StickyPartitionAssignor,),
            listener=self._listener,
            no_reply=True,  # else a `reply_to` header makes us publish wherever the sender says
        )

        @subscriber
        async def consume(batch: list[Any]) -> None:
            await handler([Record.of(raw) for raw in batch])

        self._listener.subscriber = subscriber

    @property
    def assigned(self) -> frozenset[tuple[str, int]]:
        return self._listener.assigned

    async def start(self) -> None:
        """Join the group. Raises: KafkaError or OSError while no broker answers."""
        await self.broker.start()

    async def stop(self) -> None:
        """Finish the running batch, commit, leave the group."""
        await self.broker.stop()

    async def reachable(self) -> bool:
        return bool(await self.broker.ping(timeout=2.0))


class Producer:
    """Publishes outbox events with their own bytes and headers; the key decides the partition.

    aiokafka itself, not FastStream's `publish_batch`, which ignores keys, nor `publish`, which cannot carry the null
    and non-UTF-8 headers of a dead letter.
    """

    def __init__(self, settings: KafkaSettings, client_id: str) -> None:
        self._settings = settings
        self._client_id = client_id
        self._producer: Any = None

    async def start(self) -> None:
        if self._producer is not None:
            return
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.bootstrap,
            client_id=f"motcua-{self._client_id}",
            acks="all",
            enable_idempotence=self._settings.idempotence,
            linger_ms=5,
            max_batch_size=256 * 1024,
            max_request_size=1024 * 1024,
            compression_type="lz4",
            request_timeout_ms=30_000,
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer

    async def stop(self) -> None:
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def publish(self, events: Sequence[Mapping[str, Any]]) -> list[BaseException | None]:
        """Send events in order; for each None or why it was not acknowledged.

        Raises: FailStop: the producer cannot recover (aiokafka never does from a sequence error, issue 1017).
        """
        futures: list[Any] = []
        not_taken: dict[tuple[str, bytes | None], KafkaError] = {}
        for event in events:
            headers = [(name, value) for name, value in event["headers"]]
            place = (event["topic"], event["key"])
            if place in not_taken:  # sent now, it would overtake the one of its key that is sent again later
                futures.append(_failed(not_taken[place]))
                continue
            try:
                sending = self._producer.send(event["topic"], event["body"], key=event["key"], headers=headers)
                futures.append(await sending)
            except KafkaError as error:
                not_taken[place] = error
                futures.append(_failed(error))
        results = await asyncio.gather(*futures, return_exceptions=True)
        # A sender task that ended is never started again; every later send would fail at once, for ever.
        sending = getattr(getattr(self._producer, "_sender", None), "sender_task", None)
        if sending is not None and sending.done():
            raise FailStop("producer: its sender task has ended")
        for result in results:
            if isinstance(result, OutOfOrderSequenceNumber | ProducerFenced):
                raise FailStop(f"producer: {type(result).__name__}")
        return [result if isinstance(result, BaseException) else None for result in results]


def _failed(error: BaseException) -> asyncio.Future[None]:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_exception(error)
    return future


async def cluster_answers(bootstrap: str, seconds: float = 2.0) -> bool:
    """Whether a broker answers Metadata and the cluster has a member."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=int(seconds * 1000))
    try:
        await asyncio.wait_for(admin.start(), seconds)
        cluster = await asyncio.wait_for(admin.describe_cluster(), seconds)
        return bool(cluster["brokers"])
    except (TimeoutError, KafkaError, OSError):
        return False
    finally:
        await admin.close()


async def create_topics(bootstrap: str, topics: Sequence[Topic], replication: int = 1) -> list[str]:
    """Create what is missing, with our own partitions and retention.

    Returns: the names created now. Raises: KafkaUnreachable.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="motcua-topics")
    try:
        await admin.start()
    except (KafkaError, OSError) as error:
        await admin.close()
        raise KafkaUnreachable(f"không kết nối được Kafka tại {bootstrap}") from error
    try:
        existing = set(await admin.list_topics())
        created = []
        for topic in topics:
            if topic.name in existing:
                continue
            new = NewTopic(topic.name, topic.partitions, replication, topic_configs=topic.config())
            answer = await admin.create_topics([new])
            # The client raises nothing for what the broker refuses: the codes stand in the answer.
            errors = [for_code(error[1]) for error in answer.topic_errors if error[1]]
            if any(error is not TopicAlreadyExistsError for error in errors):
                raise KafkaUnreachable(f"Kafka không tạo được topic {topic.name}: {errors[0].__name__}")
            if not errors:
                created.append(topic.name)
        return created
    finally:
        await admin.close()


@asynccontextmanager
async def _reader(
    bootstrap: str, topics: Sequence[str], wait_ms: int
) -> AsyncIterator[tuple[Any, set[TopicPartition]]]:
    """A consumer outside any group at the beginning of all partitions of some topics. Raises: KafkaUnreachable."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False, fetch_max_wait_ms=wait_ms
    )
    try:
        await consumer.start()
    except (KafkaError, OSError) as error:
        await consumer.stop()
        raise KafkaUnreachable(f"không kết nối được Kafka tại {bootstrap}") from error
    try:
        partitions = {TopicPartition(topic, p) for topic in topics for p in await _partitions(consumer, topic)}
        consumer.assign(partitions)
        yield consumer, partitions
    finally:
        await consumer.stop()


async def _partitions(consumer: Any, topic: str) -> set[int]:
    await consumer._client.add_topic(topic)  # metadata of topics outside a subscription must be asked for
    found: set[int] = consumer.partitions_for_topic(topic) or set()
    return found


@asynccontextmanager
async def read_log(bootstrap: str, topics: Sequence[str]) -> AsyncIterator[AsyncIterator[Record]]:
    """Read topics from the beginning, up to what was written when the reading began (or until nothing came for three
    seconds).

    Raises: KafkaUnreachable.
    """
    async with _reader(bootstrap, topics, wait_ms=200) as (consumer, partitions):
        started_ms = time.time() * 1000

        async def records() -> AsyncIterator[Record]:
            left, empty = set(partitions), 0
            while left and empty < 2:  # one empty answer may be a slow broker
                batch = await consumer.getmany(timeout_ms=1500, max_records=5000)
                empty = 0 if batch else empty + 1
                for place, raws in batch.items():
                    for raw in raws:
                        yield Record.of(raw)
                    if raws[-1].timestamp > started_ms:
                        left.discard(place)  # written while we read: enough of this partition

        yield records()


async def follow(bootstrap: str, topics: Sequence[str]) -> AsyncIterator[Record]:
    """Read topics from the beginning and go on with what comes, until the caller stops. Raises: KafkaUnreachable."""
    async with _reader(bootstrap, topics, wait_ms=50) as (consumer, _):
        while True:
            for raws in (await consumer.getmany(timeout_ms=200, max_records=500)).values():
                for raw in raws:
                    yield Record.of(raw)
