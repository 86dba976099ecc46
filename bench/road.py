"""Dossiers that go the whole road by the bulk doors: registered, worked on and handed over by other people's software
over Kafka, told of by the gateways."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from bench.clerks import PROCEDURE
from contracts.events import agency, counter
from contracts.events.counter import ChecklistLine
from contracts.events.routing import AgencyTransferOpened
from contracts.topics import AGENCY_ACTIONS, AGENCY_TRANSFERS, COUNTER_INTAKE, DOSSIER_EVENTS
from contracts.types import NoticeKind
from local.demo.partners import record
from local.notices_told import Ledger
from local.samples.load import handed_in_by_code, read_samples
from local.stack import Stack
from services.intake.domain.status import Status
from services.intake.store import DOSSIERS
from services.kit.kafka import Producer, Record, follow
from services.kit.mongo import Mongo
from services.kit.sealing import Sealer
from services.kit.settings import KafkaSettings
from services.notify.domain.transitions import State
from services.notify.store import NOTICES

SOURCE = "/bench-software"
TOGETHER = 250
LOOK_S = 0.2
QUIET_S = 60.0
RESOLVED = b"vn.motcua.dossier.resolved.v1"
_people = itertools.count(1)
FIRST_PHONE = 84_902_000_000
"""Fictitious."""


def phones(number: int) -> list[str]:
    """`84…`, each of a citizen of its own."""
    return [str(FIRST_PHONE + next(_people)) for _ in range(number)]


def applicant(phone: str) -> dict[str, Any]:
    return {
        "full_name": f"Người nộp {phone}",
        "id_number": f"096{int(phone) % 1_000_000_000:09d}",
        "phone": f"0{phone[2:]}",
    }


@dataclass
class Road:
    """Everybody around the system while a number of dossiers go through it."""

    stack: Stack
    intake: Mongo
    producer: Producer
    bytes_said: int = 0
    records_said: int = 0
    _told: int = 0
    """Dossiers of earlier rounds."""
    _resolved: list[str] = field(default_factory=list)

    @classmethod
    async def into(cls, stack: Stack) -> Road:
        """Connect."""
        endpoints = stack.endpoints
        settings = KafkaSettings(bootstrap=endpoints.kafka_bootstrap, idempotence=endpoints.kafka_idempotence)
        producer = Producer(settings, "bench")
        await producer.start()
        notify = stack.mongo("notify")
        told = await notify.collection(NOTICES.collection).count_documents({"kind": NoticeKind.RETURNED.value})
        await notify.close()
        return cls(stack, stack.mongo("intake"), producer, _told=told)

    async def close(self) -> None:
        await self.producer.stop()
        await self.intake.close()

    async def send(self, number: int) -> float:
        """Let so many go through. Returns: dossiers per second, until the last hand-over was told.

        Raises: TimeoutError: nothing moved for a minute.
        """
        todo = phones(number)
        helpers = [asyncio.create_task(part) for part in (self._answer(), self._collect())]
        await asyncio.sleep(1.0)  # who follows the log must have found its place
        started = time.time()
        try:
            await self._register(todo)
            await self._all_told(number)
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
        ledger = Ledger(self.stack)
        await ledger.read()
        ended: float = max(message["accepted_at"] for phone in todo for message in ledger.by_phone[phone]) / 1000
        return number / (ended - started)

    async def _register(self, todo: Sequence[str]) -> None:
        sealer, counters = Sealer(self.stack.identity.intake_public_key), read_samples().counter_codes
        checklist = tuple(ChecklistLine.model_validate(line) for line in handed_in_by_code(PROCEDURE))
        for start in range(0, len(todo), TOGETHER):
            commands = [
                counter.RegisterDossier(
                    counter=counters[n % len(counters)],
                    external_ref=f"bench-{phone}",
                    procedure_code=PROCEDURE,
                    applicant=sealer.seal(orjson.dumps(applicant(phone))),
                    checklist=checklist,
                )
                for n, phone in enumerate(todo[start : start + TOGETHER])
            ]
            await self._say([(COUNTER_INTAKE.name, command.counter, command) for command in commands])

    async def _answer(self) -> None:
        """Agencies take and finish what they are handed."""
        topics = [AGENCY_TRANSFERS.name, DOSSIER_EVENTS.name]
        since = time.time() * 1000
        waiting: list[tuple[str, str, Any]] = []

        async def speak() -> None:
            while True:
                said, waiting[:] = list(waiting), []
                await self._say(said)
                await asyncio.sleep(LOOK_S / 4)

        speaking = asyncio.create_task(speak())
        try:
            async for one in follow(self.stack.endpoints.kafka_bootstrap, topics):
                if one.timestamp_ms >= since:
                    self._hear(one, waiting)
        finally:
            speaking.cancel()

    def _hear(self, one: Record, waiting: list[tuple[str, str, Any]]) -> None:
        if one.topic == DOSSIER_EVENTS.name:
            if dict(one.headers).get("ce_type") == RESOLVED:
                self._resolved.append((one.key or b"").decode())
            return
        opened = AgencyTransferOpened.parse(one.value or b"")
        assert isinstance(opened, AgencyTransferOpened)
        step: dict[str, Any] = {"code": opened.code, "agency": opened.agency, "step": opened.step}
        for action in (agency.AcceptTransfer(**step), agency.CompleteStep(**step)):
            waiting.append((AGENCY_ACTIONS.name, opened.code, action))

    async def _collect(self) -> None:
        """Citizens come for their results once the desk has them."""
        while True:
            asked = self._resolved[:TOGETHER]
            if asked:
                query = {"_id": {"$in": asked}, "status": Status.RESOLVED.value}
                cursor = self.intake.collection(DOSSIERS.collection).find(query, {"counter": 1})
                found = {document["_id"]: document["counter"] async for document in cursor}
                self._resolved = [code for code in self._resolved if code not in found]
                commands = [counter.HandOverResult(counter=desk, code=code) for code, desk in found.items()]
                await self._say([(COUNTER_INTAKE.name, command.counter, command) for command in commands])
            await asyncio.sleep(LOOK_S)

    async def _say(self, said: Sequence[tuple[str, str, Any]]) -> None:
        now = self.stack.clock.now
        records = [record(topic, key, SOURCE, message, now) for topic, key, message in said]
        for error in await self.producer.publish(records):
            if error is not None:
                raise RuntimeError(f"the broker did not take a message: {type(error).__name__}")
        self.records_said += len(records)
        self.bytes_said += sum(weight(one) for one in records)

    async def _all_told(self, number: int) -> None:
        """What of the messages before was overtaken (a result that is collected already) is never sent: the last one
        counts."""
        notify = self.stack.mongo("notify")
        gone = {"kind": NoticeKind.RETURNED.value, "state": {"$in": [State.SENT.value, State.DELIVERED.value]}}
        told, since = -1, time.monotonic()
        while told < number:
            found = await notify.collection(NOTICES.collection).count_documents(gone) - self._told
            if found > told:
                told, since = found, time.monotonic()
            elif time.monotonic() - since > QUIET_S:
                raise TimeoutError(f"{told} of {number} dossiers, nothing new")
            await asyncio.sleep(2 * LOOK_S)
        self._told += number
        await notify.close()


def weight(event: Mapping[str, Any]) -> int:
    """Bytes of a record with its key and headers."""
    headers = sum(len(name) + len(value or b"") for name, value in event["headers"])
    return len(event["body"] or b"") + len(event["key"] or b"") + headers
