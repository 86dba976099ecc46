"""Counters with software of their own: commands on Kafka, sent again with the same id until they are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from contracts.events import BY_TYPE
from contracts.events import counter as commands
from contracts.events.counter import ChecklistLine, CommandAnswer, CommandRejected
from contracts.topics import COUNTER_INTAKE, COUNTER_REPLIES
from local.chaos.crowd import Citizen, NotTaken
from local.demo.partners import SOFTWARE, record
from local.samples.load import handed_in_by_code
from local.stack import Stack
from services.kit.errors import FailStop, Unavailable
from services.kit.ids import new_id
from services.kit.kafka import Producer, follow
from services.kit.sealing import Sealer
from services.kit.settings import KafkaSettings

AGAIN_AFTER_S = 12.0
LOOK_EVERY_S = 1.0


@dataclass
class Wire:
    """A partner's own producer, made anew when it cannot go on."""

    stack: Stack
    client: str
    _producer: Producer | None = None
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def put(self, records: Sequence[Mapping[str, Any]]) -> bool:
        """Returns: whether the broker has all of them for sure."""
        try:
            results = await (await self._ready()).publish(records)
        except (FailStop, Unavailable):
            await self.close()
            return False
        return results == [None] * len(records)

    async def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def _ready(self) -> Producer:
        async with self._making:
            if self._producer is None:
                found = self.stack.endpoints
                settings = KafkaSettings(bootstrap=found.kafka_bootstrap, idempotence=found.kafka_idempotence)
                producer = Producer(settings, self.client)
                try:
                    await producer.start()
                except Exception as error:  # whatever a client says of a broker that is away
                    raise Unavailable(type(error).__name__) from error
                self._producer = producer
            return self._producer


@dataclass
class Software:
    """The Kafka door of counters."""

    stack: Stack
    wire: Wire
    repeats: int = 0
    _waiting: dict[str, asyncio.Future[CommandAnswer]] = field(default_factory=dict)
    """By id of the command."""

    def __post_init__(self) -> None:
        self._sealer = Sealer(self.stack.identity.intake_public_key)

    async def listen(self) -> None:
        """Read the answers; runs until cancelled. An emptied or restarted log is read from its beginning again."""
        broker = self.stack.engines.broker
        while True:
            reading, pid = asyncio.create_task(self._read()), broker.pid if broker else None
            try:
                while not reading.done() and (broker is None or broker.pid in (pid, None)):
                    await asyncio.wait({reading}, timeout=LOOK_EVERY_S)
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _read(self) -> None:
        try:
            async for found in follow(self.stack.endpoints.kafka_bootstrap, [COUNTER_REPLIES.name]):
                model = BY_TYPE.get((dict(found.headers).get("ce_type") or b"").decode())
                answer = model.parse(found.value or b"") if model is not None else None
                if isinstance(answer, CommandAnswer):
                    future = self._waiting.get(answer.command_id)
                    if future is not None and not future.done():
                        future.set_result(answer)
        except Unavailable:
            return

    async def register(self, citizen: Citizen) -> str:
        """Until it is answered. Returns: the code. Raises: NotTaken."""
        applicant = self._sealer.seal(orjson.dumps(citizen.applicant))
        checklist = tuple(ChecklistLine.model_validate(line) for line in handed_in_by_code(citizen.procedure))
        command = commands.RegisterDossier(
            counter=citizen.counter,
            external_ref=citizen.reference,
            procedure_code=citizen.procedure,
            applicant=applicant,
            checklist=checklist,
        )
        id = new_id()
        what = record(COUNTER_INTAKE.name, command.counter, SOFTWARE, command, self.stack.clock.now, id)
        future = self._waiting[id] = asyncio.get_running_loop().create_future()
        try:
            answer = await self._until_answered(what, future)
        finally:
            del self._waiting[id]
        if isinstance(answer, CommandRejected) or answer.code is None:
            raise NotTaken(getattr(answer, "slug", "answered-without-code"))
        return answer.code

    async def _until_answered(self, what: Mapping[str, Any], future: asyncio.Future[CommandAnswer]) -> CommandAnswer:
        while True:
            await self.wire.put([what])
            with suppress(TimeoutError):
                return await asyncio.wait_for(asyncio.shield(future), AGAIN_AFTER_S)
            self.repeats += 1
