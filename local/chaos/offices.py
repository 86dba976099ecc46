"""The agencies and the counters that hand over: both look at their lists again and again and do what lies there.

What lies in a list is the truth, so a request whose answer was lost needs no memory here: the next look shows whether
it took effect.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from contracts.events.agency import AcceptTransfer, CompleteStep
from contracts.topics import AGENCY_ACTIONS
from local.chaos.crowd import TRY_AGAIN
from local.chaos.software import Wire
from local.demo.partners import record
from local.samples.load import Samples, read_samples
from services.kit.clock import Now

LOOK_EVERY_S = 1.0
ALL_EVERY = 8
"""So many looks at the busy ones to one look at everybody."""
AT_ONCE = 12
PAGE = 100
SOFTWARE_EVERY = 4
"""Every so many-th dossier is worked on in the agency's own software, over Kafka."""
BY_HAND_AFTER_S = 25.0
"""What the software sent and what had no effect by then, an officer does by hand."""
NAMES = uuid.UUID("6f1d7f8e-6a51-4b1e-9f43-5a1e0c7d2b10")


@dataclass
class Offices:
    """Everybody who works on dossiers, until cancelled."""

    agency: httpx.AsyncClient
    counter: httpx.AsyncClient
    wire: Wire
    now: Now
    samples: Samples = field(default_factory=read_samples)
    refused: Counter[str] = field(default_factory=Counter)
    _sent: dict[str, float] = field(default_factory=dict)
    """By transfer: when the agency's software sent its actions."""
    _hands: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def work(self) -> None:
        """Runs until cancelled."""
        await asyncio.gather(
            self._rounds(self.samples.agency_codes, self._at_agency),
            self._rounds(self.samples.counter_codes, self._at_counter),
        )

    async def _rounds(self, units: tuple[str, ...], look: Any) -> None:
        busy: set[str] = set()
        turn = 0
        while True:
            for unit in units if turn % ALL_EVERY == 0 else sorted(busy):
                found = False
                with suppress(httpx.TransportError):
                    found = await look(unit)
                (busy.add if found else busy.discard)(unit)
            turn += 1
            await asyncio.sleep(LOOK_EVERY_S)

    async def _at_agency(self, agency: str) -> bool:
        """Returns: whether there was anything to do."""
        offered = await self._listed(self.agency, f"/v1/agencies/{agency}/inbox", "transfers", box="to-accept")
        taken = await self._listed(self.agency, f"/v1/agencies/{agency}/inbox", "transfers", box="in-work")
        await asyncio.gather(*(self._accept(one) for one in offered), *(self._complete(one) for one in taken))
        return bool(offered or taken)

    async def _at_counter(self, counter: str) -> bool:
        path = "/v1/dossiers"
        waiting = await self._listed(self.counter, path, "dossiers", counter=counter, status="resolved")
        done = (self._post(self.counter, f"{path}/{one['code']}/hand-over", {}) for one in waiting)
        await asyncio.gather(*done)
        return bool(waiting)

    async def _listed(self, http: httpx.AsyncClient, path: str, name: str, **query: Any) -> list[dict[str, Any]]:
        answer = await http.get(path, params={"limit": PAGE, **query})
        found: list[dict[str, Any]] = answer.json()[name] if answer.status_code == 200 else []
        return found

    async def _accept(self, transfer: Mapping[str, Any]) -> None:
        if sum(transfer["code"].encode()) % SOFTWARE_EVERY == 0 and await self._by_software(transfer):
            return
        if await self._act(transfer, "accept"):
            await self._act(transfer, "complete")

    async def _complete(self, transfer: Mapping[str, Any]) -> None:
        if self._with_software(_name(transfer)):
            return
        await self._act(transfer, "complete")

    async def _act(self, transfer: Mapping[str, Any], action: str) -> bool:
        body = {"agency": transfer["agency"], "step": transfer["step"]}
        return await self._post(self.agency, f"/v1/cases/{transfer['code']}/{action}", body)

    async def _by_software(self, transfer: Mapping[str, Any]) -> bool:
        """Returns: whether it is the software's affair for now."""
        name = _name(transfer)
        if name in self._sent:
            return self._with_software(name)
        self._sent[name] = time.monotonic()
        code, agency, step = transfer["code"], transfer["agency"], transfer["step"]
        actions = [
            record(
                AGENCY_ACTIONS.name, code, "/agency-software", kind(code=code, agency=agency, step=step), self.now,
                str(uuid.uuid5(NAMES, f"{name}/{kind.TYPE}")),
            )
            for kind in (AcceptTransfer, CompleteStep)
        ]  # fmt: skip
        async with self._hands:
            await self.wire.put(actions)
        return True

    def _with_software(self, name: str) -> bool:
        sent = self._sent.get(name)
        return sent is not None and time.monotonic() - sent < BY_HAND_AFTER_S

    async def _post(self, http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> bool:
        """Returns: whether it was done. No answer, or a state that has moved on: the next look tells."""
        async with self._hands:
            try:
                answer = await http.post(path, json=body)
            except httpx.TransportError:
                return False
        if answer.status_code not in TRY_AGAIN | {200, 409}:
            self.refused[f"{path.rpartition('/')[2]}: {answer.status_code}"] += 1
        return answer.status_code == 200


def _name(transfer: Mapping[str, Any]) -> str:
    return f"{transfer['code']}/{transfer['step']}"
