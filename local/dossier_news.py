"""News of dossiers at a steady rate, as intake would tell them, for notify without intake.

The journal is written afterwards, so that the checker finds a cause for every notice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson

from contracts.envelope import Envelope
from contracts.events.intake import DossierSubmitted
from contracts.topics import DOSSIER_EVENTS
from contracts.types import Channel, Mechanism
from local.samples.load import read_samples
from local.stack import Stack
from services.kit.clock import VIETNAM
from services.kit.ids import new_id
from services.kit.kafka import Producer
from services.kit.outbox import OUTBOX, Event, documents, row
from services.kit.sealing import Sealer
from services.kit.settings import KafkaSettings

SOURCE = "/intake"
TICK_S = 0.05
"""How often what has happened is published: about as often as intake's relay looks."""
PROMISED = timedelta(days=3)
FIRST_PHONE = 84_901_000_000
"""Fictitious. Each dossier has a phone of its own, so what a phone shows can be counted."""
Wish = Callable[[int], str | None]
"""By number of the dossier: the channel its citizen asks for."""


@dataclass(frozen=True)
class News:
    """One dossier that was received."""

    code: str
    phone: str
    """`84…`"""
    at: float
    """When, epoch seconds: when it was due, not when its turn came, so that a publisher that stalls hides nothing."""


@dataclass
class DossierNews:
    """Tells of received dossiers, each with a citizen of its own."""

    stack: Stack
    _number: int = 0
    _journal: list[Event] = field(default_factory=list)
    _counters: tuple[str, ...] = field(default_factory=lambda: read_samples().counter_codes)

    async def tell(self, number: int, rate: float, wish: Wish = lambda n: None) -> list[News]:
        """Publish so many at so many a second. Returns: them, in order, when the last one is acknowledged.

        Raises: RuntimeError: the broker did not take one.
        """
        settings = KafkaSettings(
            bootstrap=self.stack.endpoints.kafka_bootstrap, idempotence=self.stack.endpoints.kafka_idempotence
        )
        # Sealing is intake's work: it must not be measured here.
        phones = [str(FIRST_PHONE + self._number + n) for n in range(number)]
        contacts = self._sealed(phones, wish)
        producer = Producer(settings, "news")
        await producer.start()
        try:
            return await self._publish(producer, phones, contacts, rate)
        finally:
            await producer.stop()

    async def journal(self) -> None:
        """Write down what was told, as sent, where intake would have it."""
        mongo = self.stack.mongo("intake")
        found = documents(self._journal, None, self.stack.clock.now())
        for document in found:
            del document["pending"]
            document["sent_at"] = document["created_at"]
        if found:
            await mongo.collection(OUTBOX).insert_many(found)
        self._journal.clear()
        await mongo.close()

    def _sealed(self, phones: Sequence[str], wish: Wish) -> list[str]:
        sealer = Sealer(self.stack.identity.notify_public_key)
        wishes = [{"phone": phone, "channel": wish(n)} for n, phone in enumerate(phones)]
        return [sealer.seal(orjson.dumps({key: value for key, value in one.items() if value})) for one in wishes]

    async def _publish(
        self, producer: Producer, phones: Sequence[str], contacts: Sequence[str], rate: float
    ) -> list[News]:
        told: list[News] = []
        begin = time.time() + TICK_S
        while len(told) < len(phones):
            due = min(len(phones), int((time.time() - begin) * rate) + 1)
            batch = []
            for n in range(len(told), due):
                news, event = self._event(phones[n], contacts[n], begin + n / rate)
                told.append(news)
                batch.append(event)
            failures = [error for error in await producer.publish(batch) if error is not None]
            if failures:
                raise RuntimeError(f"the broker did not take {len(failures)} events: {type(failures[0]).__name__}")
            self._journal += batch
            await asyncio.sleep(TICK_S)
        return told

    def _event(self, phone: str, contact: str, at: float) -> tuple[News, Event]:
        self._number += 1
        moment = datetime.fromtimestamp(at, UTC)
        counter = self._counters[self._number % len(self._counters)]
        code = f"{counter}-{moment.astimezone(VIETNAM):%y%m%d}-{self._number:06d}"
        event = DossierSubmitted(
            code=code,
            occurred_at=moment,
            procedure_code="1.014466.H12",
            procedure_version=1,
            procedure_name="Đăng ký khai sinh",
            mechanism=Mechanism.ONE_STOP,
            channel=Channel.COUNTER,
            counter=counter,
            received_at=moment,
            due_at=moment + PROMISED,
            contact=contact,
        )
        envelope = Envelope(new_id(), SOURCE, event.TYPE, moment, code, sequence=1, correlation_id=new_id())
        return News(code, phone, at), row(DOSSIER_EVENTS.name, code, envelope, event.to_json(), f"dossiers/{code}")
