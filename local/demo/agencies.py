"""The agencies: each reads its transfers from Kafka and acts, over HTTP or over Kafka."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from contracts.events.agency import AcceptTransfer, CompleteStep
from contracts.events.routing import AgencyTransferOpened
from contracts.topics import AGENCY_ACTIONS, AGENCY_TRANSFERS
from local.demo.book import Book
from local.demo.measure import Measures
from local.demo.partners import record
from local.demo.visit import Turn
from services.kit.clock import Now
from services.kit.kafka import Producer, follow

OFFICERS = 12
"""Officers at work at the same time, over all agencies."""
AMOUNT_VND = 150_000
BASIS = "Khoản 1 Điều 9 văn bản mẫu"
LATER = timedelta(days=7)
LOOK_EVERY_S = 1.0
LONGEST_WAIT_S = 120.0


@dataclass
class Agencies:
    """All agencies, acting by themselves."""

    http: httpx.AsyncClient
    producer: Producer
    book: Book
    now: Now
    measures: Measures
    branching: frozenset[str] = frozenset()
    """Procedures whose branches may be recalled while an agency is at them."""
    seen: set[str] = field(default_factory=set)
    """Dossiers whose first transfer was seen."""
    _turned: set[str] = field(default_factory=set)
    _waiting: set[asyncio.Task[None]] = field(default_factory=set)

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
            for task in (*officers, *self._waiting):
                task.cancel()
            await asyncio.gather(*officers, *self._waiting, return_exceptions=True)

    def _measure(self, transfer: AgencyTransferOpened) -> None:
        if transfer.code not in self.seen:
            self.seen.add(transfer.code)
            receipt = self.book.received.get(transfer.code)
            if receipt is not None:
                self.measures.agency_sees.append(max(0.0, time.monotonic() - receipt))

    async def _officer(self, queue: asyncio.Queue[AgencyTransferOpened]) -> None:
        while True:
            await self._guarded(self._act(await queue.get()))

    async def _guarded(self, doing: Coroutine[Any, Any, None]) -> None:
        try:
            await doing
        except httpx.HTTPError as error:
            self.measures.problems.append(f"agency: {type(error).__name__}")

    async def _act(self, transfer: AgencyTransferOpened) -> None:
        if transfer.code in self.book.wants_withdrawal:
            return  # not its turn yet; the citizen takes it back before
        turn, plain = self._turn(transfer), transfer.procedure_code not in self.branching
        if turn is Turn.PLAIN and plain and sum(transfer.code.encode()) % 3 == 0:
            await self._by_software(transfer)  # a third of the dossiers is worked on in agencies' own software
        elif await self._post(transfer, "accept") and await self._beside(transfer, turn):
            await self._post(transfer, "complete")

    async def _by_software(self, transfer: AgencyTransferOpened) -> None:
        for kind in (AcceptTransfer, CompleteStep):
            action = kind(code=transfer.code, agency=transfer.agency, step=transfer.step)
            what = record(AGENCY_ACTIONS.name, transfer.code, "/agency-software", action, self.now)
            await self.producer.publish([what])

    def _turn(self, transfer: AgencyTransferOpened) -> Turn:
        """What is to be done with this one beside the usual: once for each dossier."""
        turn = self.book.turns.get(transfer.code, Turn.PLAIN)
        done = transfer.code in self._turned
        # A branch that is recalled while it waits would leave the citizen with a question that nobody asks any more.
        simple = transfer.procedure_code not in self.branching or turn in {Turn.OPINION, Turn.NEW_DATE}
        too_early = turn is Turn.SENT_BACK and transfer.step == 1
        return Turn.PLAIN if done or too_early or not simple else turn

    async def _beside(self, transfer: AgencyTransferOpened, turn: Turn) -> bool:
        """Returns: whether the step can be finished now."""
        if turn is Turn.PLAIN:
            return True
        self._turned.add(transfer.code)
        done = await self._do(transfer, turn)
        self.measures.turns[turn.value] += done
        return done and turn in {Turn.OPINION, Turn.NEW_DATE}

    async def _do(self, transfer: AgencyTransferOpened, turn: Turn) -> bool:
        match turn:
            case Turn.PAPERS:
                items = ["Bản sao giấy tờ liên quan"]
                done = await self._post(transfer, "request-supplement", reason="missing-papers", items=items)
                self.book.waiting_for_papers |= {transfer.code} if done else set()
            case Turn.PAYMENT:
                done = await self._post(transfer, "request-payment", amount_vnd=AMOUNT_VND, legal_basis=BASIS)
                self.book.waiting_for_payment |= {transfer.code} if done else set()
                self._begin(self._finish_when_paid(transfer))
            case Turn.OPINION:
                done = await self._post(transfer, "halt", reason="opinion-asked", legal_basis=BASIS)
                done = done and await self._post(transfer, "resume")
            case Turn.NEW_DATE:
                later = (transfer.due_at + LATER).isoformat()
                done = await self._post(transfer, "extend", reason="field-check", due_at=later)
            case _:
                done = await self._post(transfer, "send-back", reason="wrong-information")
        return done

    def _begin(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._guarded(doing))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _finish_when_paid(self, transfer: AgencyTransferOpened) -> None:
        """No new transfer tells of it: the step is the agency's all the time."""
        until = time.monotonic() + LONGEST_WAIT_S
        while time.monotonic() < until:
            if (await self._case(transfer))["state"] != "payment":
                await self._post(transfer, "complete")
                return
            await asyncio.sleep(LOOK_EVERY_S)
        self.measures.problems.append("payment: not-made-in-time")

    async def _case(self, transfer: AgencyTransferOpened) -> dict[str, Any]:
        case: dict[str, Any] = (await self.http.get(f"/v1/cases/{transfer.code}")).json()
        return case

    async def _post(self, transfer: AgencyTransferOpened, action: str, **more: Any) -> bool:
        """Returns: whether it was done."""
        body = {"agency": transfer.agency, "step": transfer.step, **more}
        answer = await self.http.post(f"/v1/cases/{transfer.code}/{action}", json=body)
        if answer.status_code == 200:
            return True
        if answer.status_code == 409 and transfer.procedure_code in self.branching:
            state = (await self._case(transfer))["steps"][transfer.step - 1]["state"]
            if state == "recalled":
                self.measures.recalled += 1
                return False
        if not (transfer.code in self.book.wants_withdrawal and answer.status_code == 409):
            self.measures.problems.append(f"{action}: {answer.json().get('slug')}")
        return False
