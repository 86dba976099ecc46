"""The replay: registers and agencies' answers over Kafka, as fast as the services take them.

What was done before a stop is read from intake's database; what is said again after it is known by its id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.events.intake import DossierReturned, DossierSubmitted
from contracts.events.routing import AgencyTransferOpened, DossierResolved
from contracts.topics import AGENCY_TRANSFERS, DOSSIER_EVENTS
from local.stack import Stack
from local.year import messages
from local.year.plan import Life, Year
from services.intake.domain.status import Status
from services.intake.store import DOSSIERS
from services.kit.kafka import Producer, Record, follow
from services.kit.mongo import Mongo
from services.kit.sealing import Sealer

AHEAD = 4_000
"""Registrations under way: enough to keep the services busy, few enough to be said again after a stop."""
TOGETHER = 250
LOOK_S = 0.25
QUIET_WITHIN_S = 180.0
"""Longer than what a process that was killed in a transaction can hold."""
SUBMITTED, RESOLVED, RETURNED = DossierSubmitted.TYPE, DossierResolved.TYPE, DossierReturned.TYPE


class StoodStill(RuntimeError):
    """Nothing has moved for a long time."""


@dataclass
class Replay:
    """Everybody outside the system, in the year."""

    year: Year
    stack: Stack
    intake: Mongo
    producer: Producer
    on_progress: Callable[[int], None]
    """Told how many more dossiers came to their end."""
    submitted: set[str] = field(default_factory=set)
    over: set[str] = field(default_factory=set)
    """Those of which nothing more will come."""
    _ready: dict[str, Life] = field(default_factory=dict)
    """Interlinked ones with a result for which the citizen will come."""
    _heard: asyncio.Event = field(default_factory=asyncio.Event)
    """Something was registered."""
    _answers: list[dict[str, Any]] = field(default_factory=list)
    """What agencies are about to say."""

    async def run(self) -> None:
        """Until nothing more will come. Raises: StoodStill, RuntimeError: the broker did not take a message."""
        await self._look_back()
        parts = (self._register(), self._listen(), self._speak(), self._finished())
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            pending = set(tasks)
            while tasks[-1] in pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_back(self) -> None:
        """What an earlier run came to."""
        async for document in self.intake.collection(DOSSIERS.collection).find({}, {"status": 1}):
            life = self.year.by_code.get(document["_id"])
            if life is None:
                continue
            self._note(life, SUBMITTED)
            if document["status"] in (Status.RESOLVED, Status.RETURNED):
                self._note(life, RESOLVED)
            if document["status"] == Status.RETURNED:
                self._note(life, RETURNED)

    def _note(self, life: Life, type: str) -> None:
        if type == SUBMITTED:
            self.submitted.add(life.code)
            self._heard.set()
        elif type == RESOLVED and life.procedure.interlinked and life.returned_at is not None:
            self._ready[life.code] = life
        elif type == RETURNED:
            self._ready.pop(life.code, None)
        last = RETURNED if life.returned_at is not None else RESOLVED if life.resolved_at is not None else SUBMITTED
        if type == last and life.code not in self.over:
            self.over.add(life.code)
            self.on_progress(1)

    async def _finished(self) -> None:
        loop = asyncio.get_running_loop()
        before, since = (-1, -1), loop.time()
        while len(self.over) < len(self.year.lives):
            now = len(self.submitted), len(self.over)
            if now != before:
                before, since = now, loop.time()
            elif loop.time() - since > QUIET_WITHIN_S:
                raise StoodStill(f"{len(self.over)} trên {len(self.year.lives)} hồ sơ, không có gì mới")
            await asyncio.sleep(LOOK_S)

    async def _register(self) -> None:
        """In the order of receipt, never too far ahead."""
        sealer, now = Sealer(self.stack.identity.intake_public_key), self.stack.clock.now
        known = frozenset(self.submitted)
        todo = [life for life in self.year.lives if life.code not in known]
        for start in range(0, len(todo), TOGETHER):
            await self._not_too_far(start + len(known))
            await self._publish([messages.registration(life, sealer, now) for life in todo[start : start + TOGETHER]])

    async def _not_too_far(self, said: int) -> None:
        while said - len(self.submitted) > AHEAD:
            self._heard.clear()
            await self._heard.wait()

    async def _listen(self) -> None:
        """What becomes of each dossier, and what is handed to agencies. From the beginning: what had been handed to
        them before a stop may not have been answered."""
        topics = [DOSSIER_EVENTS.name, AGENCY_TRANSFERS.name]
        async for record in follow(self.stack.endpoints.kafka_bootstrap, topics):
            if record.topic == AGENCY_TRANSFERS.name:
                self._hand_to_agency(record)
            elif (life := self.year.by_code.get((record.key or b"").decode())) is not None:
                self._note(life, (dict(record.headers).get("ce_type") or b"").decode())

    def _hand_to_agency(self, record: Record) -> None:
        opened = AgencyTransferOpened.parse(record.value or b"")
        assert isinstance(opened, AgencyTransferOpened)
        life = self.year.by_code.get(opened.code)
        if life is not None and life.resolved_at is not None and life.code not in self.over:
            self._answers += messages.answer(life, opened, self.stack.clock.now)

    async def _speak(self) -> None:
        """What agencies answer, and results that are collected once the desk has them."""
        while True:
            answers, self._answers = self._answers, []
            asked = list(self._ready)[:TOGETHER]
            query = {"_id": {"$in": asked}, "status": Status.RESOLVED.value}
            cursor = self.intake.collection(DOSSIERS.collection).find(query, {"_id": 1})
            collected = [document["_id"] async for document in cursor] if asked else []
            answers += [messages.hand_over(self._ready.pop(code), self.stack.clock.now) for code in collected]
            await self._publish(answers)
            await asyncio.sleep(LOOK_S)

    async def _publish(self, records: Sequence[dict[str, Any]]) -> None:
        for error in await self.producer.publish(records):
            if error is not None:
                raise RuntimeError(f"Kafka không nhận một bản tin: {type(error).__name__}")
