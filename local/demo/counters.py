"""The counters: register dossiers over HTTP or Kafka, take supplements, hand over results."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from contracts.envelope import Envelope
from contracts.events.counter import HandOverResult, RegisterDossier
from contracts.topics import COUNTER_INTAKE
from contracts.types import Channel
from local.demo.day import Visit
from local.demo.measure import Measures
from services.kit.clock import Now
from services.kit.ids import new_id
from services.kit.kafka import Producer
from services.kit.sealing import Sealer


@dataclass
class Counters:
    """All counters of the district."""

    http: httpx.AsyncClient
    producer: Producer
    sealer: Sealer
    now: Now
    measures: Measures
    registered: dict[str, float] = field(default_factory=dict)
    """Code -> monotonic time of the receipt, for those registered over HTTP."""
    wants_supplement: set[str] = field(default_factory=set)
    sent: int = 0
    returned: set[str] = field(default_factory=set)
    supplemented: set[str] = field(default_factory=set)

    async def receive(self, visits: Sequence[Visit], rate: float) -> None:
        """Receive the day's visits at a steady pace; clerks work beside each other."""
        started = time.monotonic()
        clerks: set[asyncio.Task[None]] = set()
        for n, visit in enumerate(visits):
            await asyncio.sleep(max(0.0, started + n / rate - time.monotonic()))
            clerk = asyncio.create_task(self._kafka(visit) if visit.by_kafka else self._http(visit))
            clerks.add(clerk)
            clerk.add_done_callback(clerks.discard)
        await asyncio.gather(*clerks)

    async def _http(self, visit: Visit) -> None:
        body = {
            "counter": visit.counter,
            "procedure_code": visit.procedure.code,
            "applicant": applicant(visit),
            "external_ref": visit.reference,
        }
        started = time.monotonic()
        answer = await self.http.post("/v1/dossiers", json=body, headers={"Idempotency-Key": visit.reference})
        done = time.monotonic()
        self.sent += 1
        if answer.status_code != 201:
            self.measures.problems.append(f"register: {answer.json().get('slug')}")
            return
        code = answer.json()["code"]
        self.measures.intake_reply.append(done - started)
        self.registered[code] = done
        if visit.needs_supplement:
            self.wants_supplement.add(code)

    async def _kafka(self, visit: Visit) -> None:
        command = RegisterDossier(
            counter=visit.counter,
            external_ref=visit.reference,
            procedure_code=visit.procedure.code,
            channel=Channel.COUNTER,
            applicant=self.sealer.seal(orjson.dumps(applicant(visit))),
        )
        await self._send(visit.counter, command)
        self.sent += 1

    async def hand_over_ready(self, counters: Sequence[str], stop: asyncio.Event) -> None:
        """Look for results and for dossiers waiting for papers, counter by counter, until stopped."""
        while not stop.is_set():
            await asyncio.gather(*(self._look(counter) for counter in counters))
            try:
                await asyncio.wait_for(stop.wait(), 1.0)
            except TimeoutError:
                continue

    async def _look(self, counter: str) -> None:
        for dossier in await self._list(counter, "supplement"):
            if dossier["code"] not in self.supplemented:
                await self._post(f"/v1/dossiers/{dossier['code']}/supplement", {}, self.supplemented, dossier["code"])
        for dossier in await self._list(counter, "resolved"):
            code = dossier["code"]
            if code in self.returned:
                continue
            if int(code[-1]) == 7:  # a tenth of the results are handed over in the counter's own software
                await self._send(counter, HandOverResult(counter=counter, code=code))
                self.returned.add(code)
            else:
                await self._post(f"/v1/dossiers/{code}/hand-over", {}, self.returned, code)

    async def _list(self, counter: str, status: str) -> list[dict[str, Any]]:
        answer = await self.http.get("/v1/dossiers", params={"counter": counter, "status": status, "limit": 50})
        found: list[dict[str, Any]] = answer.json()["dossiers"]
        return found

    async def _post(self, path: str, body: dict[str, Any], done: set[str], code: str) -> None:
        answer = await self.http.post(path, json=body)
        if answer.status_code == 200:
            done.add(code)
        else:
            self.measures.problems.append(f"{path.rpartition('/')[2]}: {answer.json().get('slug')}")

    async def _send(self, counter: str, message: RegisterDossier | HandOverResult) -> None:
        await self.producer.publish([record(COUNTER_INTAKE.name, counter, "/counter-software", message, self.now)])


def applicant(visit: Visit) -> dict[str, Any]:
    """An applicant without a person behind it."""
    return {
        "full_name": f"Người nộp hồ sơ số {visit.number}",
        "id_number": f"096{200_000_000 + visit.number:09d}",
        "phone": visit.phone,
    }


def record(topic: str, key: str, source: str, message: Any, now: Now) -> dict[str, Any]:
    """A message as a partner's software would put it on a topic."""
    envelope = Envelope(id=new_id(), source=source, type=message.TYPE, time=now(), subject=key)
    headers = [(name, value.encode()) for name, value in envelope.headers().items()]
    return {"topic": topic, "key": key.encode(), "headers": headers, "body": message.to_json()}
