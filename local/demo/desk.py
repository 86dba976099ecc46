"""What clerks do over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from local.demo.book import Book
from local.demo.calls import Refused, applicant, application, said
from local.demo.measure import Measures
from local.demo.visit import Course, Visit

FLAGGED_WITHIN_S = 45.0


@dataclass
class Desk:
    """The clerks of all counters."""

    http: httpx.AsyncClient
    book: Book
    measures: Measures

    async def register(self, visit: Visit) -> str:
        """Everything is there: the receipt, or (on the spot) the result."""
        body = {"counter": visit.counter, "applicant": applicant(visit), **application(visit)}
        if visit.course is Course.ON_THE_SPOT:
            body["on_the_spot"] = {"identity_check": "citizen_card"}
        headers = {"Idempotency-Key": visit.reference}
        started = time.monotonic()
        answer = await self.http.post("/v1/dossiers", json=body, headers=headers)
        self.measures.intake_reply.append(time.monotonic() - started)
        known_person = visit.person != visit.number
        if known_person and answer.status_code == 409 and answer.json()["slug"] == "duplicate-suspected":
            self.measures.warned += 1  # the clerk asks; the citizen does want another one
            answer = await self.http.post("/v1/dossiers", json=body | {"duplicate_confirmed": True}, headers=headers)
        code: str = said(answer, 201, "register")["code"]
        self.book.came += 1
        self.book.receive(code, visit)
        return code

    async def batch(self, visits: Sequence[Visit]) -> None:
        """Several dossiers of one person in one go."""
        first = visits[0]
        body = {
            "counter": first.counter,
            "applicant": applicant(first),
            "dossiers": [application(visit) for visit in visits],
        }
        answer = await self.http.post("/v1/dossiers/batch", json=body, headers={"Idempotency-Key": first.reference})
        for visit, receipt in zip(visits, said(answer, 201, "batch")["dossiers"], strict=True):
            self.book.came += 1
            self.book.receive(receipt["code"], visit)

    async def file(self, visit: Visit) -> str:
        """A paper is missing: the dossier is left at the desk."""
        body = {"counter": visit.counter, "channel": "counter", "applicant": applicant(visit)}
        body |= application(visit, complete=False)
        answer = await self.http.post("/v1/filings", json=body, headers={"Idempotency-Key": visit.reference})
        code: str = said(answer, 201, "file")["code"]
        return code

    async def accept(self, code: str, visit: Visit) -> None:
        """The filing is complete."""
        await self.do(code, "accept", clerk="Cán bộ tiếp nhận")
        self.book.receive(code, visit)

    async def look_for(self, code: str, visit: Visit) -> None:
        """The list of what waits must show it at once, whatever Kafka does."""
        params: dict[str, Any] = {"counter": visit.counter, "status": "registered", "limit": 500}
        waiting = said(await self.http.get("/v1/dossiers", params=params), 200, "list")["dossiers"]
        if code not in {dossier["code"] for dossier in waiting}:
            raise Refused("list", "filing-not-on-it")

    async def overlook(self, code: str) -> None:
        """Nobody answers until the system says that the time is over."""
        until = time.monotonic() + FLAGGED_WITHIN_S
        while not said(await self.http.get(f"/v1/dossiers/{code}"), 200, "show")["answer_overdue"]:
            if time.monotonic() > until:
                raise Refused("overlook", "nobody-flags-it")
            await asyncio.sleep(1.0)

    async def results(self, counter: str) -> list[str]:
        """Codes of the dossiers whose results wait at a counter."""
        params: dict[str, Any] = {"counter": counter, "status": "resolved", "limit": 50}
        found = said(await self.http.get("/v1/dossiers", params=params), 200, "list")["dossiers"]
        return [dossier["code"] for dossier in found]

    async def send_code(self, code: str) -> None:
        """A one-time code goes to the citizen's phone."""
        said(await self.http.post(f"/v1/dossiers/{code}/one-time-codes"), 201, "one-time-code")

    async def do(self, code: str, action: str, **body: Any) -> None:
        """Raises: Refused."""
        said(await self.http.post(f"/v1/dossiers/{code}/{action}", json=body), 200, action)
