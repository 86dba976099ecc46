"""What partners write to Kafka: counters' own software, the national portal; and the answers they read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from contracts.envelope import Envelope
from contracts.events import BY_TYPE
from contracts.events import counter as commands
from contracts.events.counter import ChecklistLine, CommandAnswer, CommandRejected, CounterCommand
from contracts.topics import COUNTER_INTAKE, COUNTER_REPLIES
from contracts.types import Channel, HandOverMethod
from local.demo.calls import Refused, applicant, application
from local.demo.measure import Measures
from local.demo.visit import Visit
from services.kit.clock import VIETNAM, Now
from services.kit.ids import new_id
from services.kit.kafka import Producer, follow
from services.kit.sealing import Sealer

LONGEST_WAIT_S = 120.0
SOFTWARE, PORTAL = "/counter-software", "/national-portal"
PORTAL_UNIT = "H12.000.00"
"""Fictitious: the series in which the portal numbers its dossiers."""


def record(topic: str, key: str, source: str, message: Any, now: Now, id: str | None = None) -> dict[str, Any]:
    """A message as a partner's software would put it on a topic."""
    envelope = Envelope(id=id or new_id(), source=source, type=message.TYPE, time=now(), subject=key)
    headers = [(name, value.encode()) for name, value in envelope.headers().items()]
    return {"topic": topic, "key": key.encode(), "headers": headers, "body": message.to_json()}


@dataclass
class Partners:
    """Commands on `counter.intake.v1` and their answers on `counter.replies.v1`."""

    producer: Producer
    sealer: Sealer
    now: Now
    measures: Measures
    waiting: dict[str, asyncio.Future[CommandAnswer]] = field(default_factory=dict)
    """By id of the command."""

    async def listen(self, bootstrap: str) -> None:
        """Read the answers; runs until cancelled."""
        async for found in follow(bootstrap, [COUNTER_REPLIES.name]):
            model = BY_TYPE[(dict(found.headers)["ce_type"] or b"").decode()]
            answer = model.parse(found.value or b"")
            assert isinstance(answer, CommandAnswer)
            future = self.waiting.pop(answer.command_id, None)
            if future is not None and not future.done():
                future.set_result(answer)

    async def ask(self, command: CounterCommand, source: str = SOFTWARE) -> str:
        """Send a command and wait for its answer. Returns: the dossier's code. Raises: Refused, TimeoutError."""
        id, what = new_id(), command.TYPE.split(".")[-2]
        future = self.waiting[id] = asyncio.get_running_loop().create_future()
        started = time.monotonic()
        await self.producer.publish([record(COUNTER_INTAKE.name, command.counter, source, command, self.now, id)])
        answer = await asyncio.wait_for(future, LONGEST_WAIT_S)
        self.measures.command_answered.append(time.monotonic() - started)
        if isinstance(answer, CommandRejected):
            raise Refused(what, answer.slug)
        code: str | None = answer.code
        if code is None:
            raise Refused(what, "answered-without-code")
        return code

    async def register(self, visit: Visit) -> str:
        """A complete dossier, from a counter's own software."""
        return await self.ask(commands.RegisterDossier(external_ref=visit.reference, **self._of(visit, complete=True)))

    async def file(self, visit: Visit) -> str:
        """An incomplete one, left at such a counter."""
        return await self.ask(commands.FileDossier(external_ref=visit.reference, **self._of(visit, complete=False)))

    async def tell_of_filing(
        self, visit: Visit, *, complete: bool, status: int = 1, filed_at: datetime | None = None
    ) -> str:
        """The portal tells of a filing under its own code and status."""
        what = self._of(visit, complete=complete) | {"channel": Channel.ONLINE}
        code = f"{PORTAL_UNIT}-{self.now().astimezone(VIETNAM):%y%m%d}-15{visit.number:04d}"
        filing = commands.FileDossier(code=code, portal_status=status, occurred_at=filed_at, **what)
        return await self.ask(filing, PORTAL)

    def _of(self, visit: Visit, *, complete: bool) -> dict[str, Any]:
        said = application(visit, complete=complete)
        address = said.get("return_address")
        return {
            "counter": visit.counter,
            "procedure_code": visit.procedure.code,
            "channel": Channel.COUNTER,
            "applicant": self._sealed(applicant(visit)),
            "others": None if address is None else self._sealed({"return_address": address}),
            "checklist": lines(said["checklist"]),
            "return_by": HandOverMethod(said.get("return_by", "counter")),
        }

    def _sealed(self, content: Any) -> str:
        return self.sealer.seal(orjson.dumps(content))


def lines(checklist: Sequence[dict[str, Any]]) -> tuple[ChecklistLine, ...]:
    return tuple(ChecklistLine.model_validate(line) for line in checklist)
