"""The agencies: each reads its transfers from Kafka and acts, over HTTP or over Kafka."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from contracts.events.agency import AcceptTransfer, CompleteStep
from contracts.events.routing import AgencyTransferOpened
from contracts.topics import AGENCY_ACTIONS, AGENCY_TRANSFERS
from local.demo.book import Book
from local.demo.measure import Measures
from local.demo.partners import record
from services.kit.clock import Now
from services.kit.kafka import Producer, follow

OFFICERS = 12
"""Officers at work at the same time, over all agencies."""


@dataclass
class Agencies:
    """All agencies, acting by themselves."""

    http: httpx.AsyncClient
    producer: Producer
    book: Book
    now: Now
    measures: Measures
    seen: set[str] = field(default_factory=set)
    """Dossiers whose first transfer was seen."""
    completed: int = 0
    _asked: set[str] = field(default_factory=set)

    async def work(self, bootstrap: str) -> None:
        """Follow the transfers and act on each; runs until cancelled."""
        queue: asyncio.Queue[AgencyTransferOpened] = asyncio.Queue()
        officers = [asyncio.create_task(self._officer(queue)) for _ in range(OFFICERS)]
        known: set[str] = set()
        try:
            async for found in follow(bootstrap, [AGENCY_TRANSFERS.name]):
                id = str(dict(found.headers)["ce_id"])
                if found.value is None or id in known:
                    continue  # a relay may send twice: partners look at the event id, as the guide says
                known.add(id)
                transfer = AgencyTransferOpened.model_validate_json(found.value)
                self._measure(transfer)
                queue.put_nowait(transfer)
        finally:
            for officer in officers:
                officer.cancel()
            await asyncio.gather(*officers, return_exceptions=True)

    def _measure(self, transfer: AgencyTransferOpened) -> None:
        if transfer.code not in self.seen:
            self.seen.add(transfer.code)
            receipt = self.book.received.get(transfer.code)
            if receipt is not None:
                self.measures.agency_sees.append(max(0.0, time.monotonic() - receipt))

    async def _officer(self, queue: asyncio.Queue[AgencyTransferOpened]) -> None:
        while True:
            transfer = await queue.get()
            try:
                await self._act(transfer)
            except httpx.HTTPError as error:
                self.measures.problems.append(f"agency: {type(error).__name__}")

    async def _act(self, transfer: AgencyTransferOpened) -> None:
        if transfer.code in self.book.wants_withdrawal:
            return  # not its turn yet; the citizen takes it back before
        who = {"agency": transfer.agency, "step": transfer.step}
        if sum(transfer.code.encode()) % 3 == 0:  # a third of the dossiers is worked on in agencies' own software
            for kind in (AcceptTransfer, CompleteStep):
                action = kind(code=transfer.code, agency=transfer.agency, step=transfer.step)
                await self.producer.publish(
                    [record(AGENCY_ACTIONS.name, transfer.code, "/agency-software", action, self.now)]
                )
            self.completed += 1
            return
        await self._post(transfer.code, "accept", who)
        if transfer.code in self.book.wants_supplement and transfer.code not in self._asked:
            self._asked.add(transfer.code)
            more = {"reason": "missing-papers", "items": ["Bản sao giấy tờ liên quan"]}
            await self._post(transfer.code, "request-supplement", who | more)
            self.book.waiting_for_papers.add(transfer.code)
            return
        await self._post(transfer.code, "complete", who)
        self.completed += 1

    async def _post(self, code: str, action: str, body: dict[str, Any]) -> None:
        answer = await self.http.post(f"/v1/cases/{code}/{action}", json=body)
        withdrawn = code in self.book.wants_withdrawal and answer.status_code == 409
        if answer.status_code != 200 and not withdrawn:
            self.measures.problems.append(f"{action}: {answer.json().get('slug')}")
