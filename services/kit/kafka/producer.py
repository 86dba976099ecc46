"""Outbox events into Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, OutOfOrderSequenceNumber, ProducerFenced

from services.kit.errors import FailStop
from services.kit.settings import KafkaSettings


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
