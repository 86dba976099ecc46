"""The counters' day: each visit from the door to its receipt, and what comes later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from contracts.events import counter as commands
from contracts.events.counter import WantedPaper
from contracts.types import HandOverMethod, HandOverProof, IdentityCheck, ReceivedBy
from local.demo.agencies import AMOUNT_VND
from local.demo.book import Book
from local.demo.calls import Refused
from local.demo.citizens import Citizens
from local.demo.desk import Desk
from local.demo.measure import Measures
from local.demo.partners import Partners, lines
from local.demo.visit import Course, Door, Visit

GROUNDS = ("not-competent-agency", "not-eligible", "applicant-not-entitled", "already-resolved")
AT_ONCE = 12
"""Results that are handed over at the same time, over all counters."""
CODE_WAIT_S = 45.0
TRIES = 10
TAKEN_BACK = 7
"""The portal's status number."""


@dataclass
class Counters:
    """All counters of the district, and the doors by which filings reach them."""

    desk: Desk
    partners: Partners
    citizens: Citizens
    book: Book
    measures: Measures
    forgotten_since: datetime | None
    """When the filing was made that nobody answers in time; None: there is none today."""
    _begun: set[str] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _hands: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def receive(self, visits: Sequence[Visit], rate: float) -> None:
        """Receive the day's visits at a steady pace; clerks work beside each other."""
        started = time.monotonic()
        clerks: list[asyncio.Task[None]] = []
        for n, visit in enumerate(visits):
            await asyncio.sleep(max(0.0, started + n / rate - time.monotonic()))
            if visit.batch == visit.number:
                together = [one for one in visits[n:] if one.batch == visit.batch]
                clerks.append(asyncio.create_task(self._guarded(self.desk.batch(together), "batch")))
            elif visit.batch is None:  # else it came with the first of its batch
                before = clerks[-1] if visit.person != visit.number else None
                clerks.append(asyncio.create_task(self._guarded(self._visit(visit, before), visit.door.value)))
        await asyncio.gather(*clerks)

    async def _guarded(self, doing: Coroutine[Any, Any, None], what: str) -> None:
        """A clerk whom something went wrong for goes on with the next citizen; the report tells."""
        try:
            await doing
        except Refused as refused:
            self.measures.problems.append(str(refused))
        except (TimeoutError, httpx.HTTPError) as error:
            self.measures.problems.append(f"{what}: {type(error).__name__}")

    async def _visit(self, visit: Visit, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])  # nobody comes again before they have been there
        if visit.door is Door.DESK and visit.course is not Course.MISSING:
            code = await self.desk.register(visit)
        elif visit.door is Door.DESK:
            code = self._came(await self.desk.file(visit), visit)
            await self._complete(code, visit)
        elif visit.door is Door.SOFTWARE:
            code = await self._by_software(visit)
        else:
            code = await self._online(visit)
        await self.citizens.track(code, visit)

    def _came(self, code: str, visit: Visit) -> str:
        self.book.came += 1
        self.book.note(code, visit)
        return code

    async def _complete(self, code: str, visit: Visit) -> None:
        """The desk asks for the paper that is missing; the citizen hears of it, brings it, and has the receipt."""
        await self.desk.do(code, "request-completion", items=visit.wanted())
        await self.citizens.told(code, "supplement")
        if visit.door is Door.PORTAL:
            await self.partners.tell_of_filing(visit, complete=True)
        else:
            await self.desk.do(code, "supplement", checklist=visit.brought())
        await self.desk.accept(code, visit)

    async def _online(self, visit: Visit) -> str:
        forgotten = self.forgotten_since if visit.course is Course.FORGOTTEN else None
        complete = visit.course is not Course.MISSING
        if visit.door is Door.PORTAL:
            code = await self.partners.tell_of_filing(visit, complete=complete, filed_at=forgotten)
        else:
            code = await self.citizens.fill_in_form(visit, complete=complete)
        self._came(code, visit)
        if visit.course is Course.TAKEN_BACK:
            await self.partners.tell_of_filing(visit, complete=True, status=TAKEN_BACK)
            self.book.withdrawn.add(code)
            return code
        await self.desk.look_for(code, visit)
        if visit.course is Course.REFUSED:
            await self.desk.do(code, "refuse", grounds=[GROUNDS[visit.number % len(GROUNDS)]])
            self.book.refused.add(code)
        elif visit.course is Course.MISSING:
            await self._complete(code, visit)
        else:
            if forgotten is not None:
                await self.desk.overlook(code)
            await self.desk.accept(code, visit)
        return code

    async def _by_software(self, visit: Visit) -> str:
        if visit.course is not Course.MISSING:
            code = self._came(await self.partners.register(visit), visit)
        else:
            code = self._came(await self.partners.file(visit), visit)
            place: dict[str, Any] = {"counter": visit.counter, "code": code}
            wanted = tuple(WantedPaper.model_validate(item) for item in visit.wanted())
            await self.partners.ask(commands.RequestCompletion(**place, items=wanted))
            await self.citizens.told(code, "supplement")
            await self.partners.ask(commands.SupplementDossier(**place, checklist=lines(visit.brought())))
            await self.partners.ask(commands.AcceptFiling(**place))
        self.book.receive(code, visit)
        return code

    async def look_after(self, counters: Sequence[str], seen: set[str], stop: asyncio.Event) -> None:
        """Results, papers that agencies asked for, withdrawals: counter by counter, until stopped.

        Args:
            seen: dossiers that an agency has; who takes one back does so then.
        """
        try:
            while not stop.is_set():
                await self._look(counters, seen)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 1.0)
        finally:
            for task in self._tasks:
                task.cancel()

    async def _look(self, counters: Sequence[str], seen: set[str]) -> None:
        for found in await asyncio.gather(*(self.desk.results(counter) for counter in counters)):
            for code in found:
                if code in self.book.visits:  # else the answer to its registration has not been read yet
                    self._start("hand-over", code, self._hand_over)
        for code in list(self.book.waiting_for_papers):
            self._start("supplement", code, self._bring)
        for code in list(self.book.waiting_for_payment):
            self._start("payment", code, self._pay)
        for code in self.book.wants_withdrawal & seen:
            self._start("withdraw", code, self._withdraw)

    def _start(self, what: str, code: str, do: Callable[[str, Visit], Coroutine[Any, Any, None]]) -> None:
        """Once for each dossier and purpose."""
        if (name := f"{what}|{code}") not in self._begun:
            self._begun.add(name)
            task = asyncio.create_task(self._guarded(do(code, self.book.visits[code]), what))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _hand_over(self, code: str, visit: Visit) -> None:
        async with self._hands:
            how: dict[str, Any] = {"proof": visit.proof, "identity_check": IdentityCheck.CITIZEN_CARD}
            if visit.proof is HandOverProof.ONE_TIME_CODE:
                await self.desk.send_code(code)
                how["one_time_code"] = await self.citizens.told(code, "one_time_code", CODE_WAIT_S)
            elif visit.by_post:
                how |= {"method": HandOverMethod.POST, "received_by": ReceivedBy.POSTAL_SERVICE}
                how["identity_check"] = IdentityCheck.POSTAL_SERVICE
            if visit.door is Door.SOFTWARE:
                await self.partners.ask(commands.HandOverResult(counter=visit.counter, code=code, **how))
            else:
                await self.desk.do(code, "hand-over", **how)
        self.book.withdrawn.discard(code)  # the decision had come first
        self.book.returned.add(code)

    async def _bring(self, code: str, visit: Visit) -> None:
        """The papers that an agency asked for. The citizen may have heard of it before the desk has."""
        await self.citizens.told(code, "supplement")
        for tries_left in reversed(range(TRIES)):
            try:
                if visit.door is Door.SOFTWARE:
                    await self.partners.ask(commands.SupplementDossier(counter=visit.counter, code=code))
                else:
                    await self.desk.do(code, "supplement")
            except Refused as refused:
                if refused.slug != "supplement-not-expected" or not tries_left:
                    raise
                await asyncio.sleep(1.0)
            else:
                self.book.waiting_for_papers.discard(code)
                return

    async def _pay(self, code: str, visit: Visit) -> None:
        """What an agency asked for. The citizen may have heard of it before the desk has."""
        await self.citizens.told(code, "payment")
        for tries_left in reversed(range(TRIES)):
            try:
                await self.desk.do(code, "payment", amount_vnd=AMOUNT_VND, reference=f"BL-{visit.number:06d}")
            except Refused as refused:
                if refused.slug != "payment-not-expected" or not tries_left:
                    raise
                await asyncio.sleep(1.0)
            else:
                self.book.waiting_for_payment.discard(code)
                return

    async def _withdraw(self, code: str, visit: Visit) -> None:
        what: dict[str, Any] = {"reason": "no-longer-needed"}
        try:
            if visit.door is Door.SOFTWARE:
                await self.partners.ask(commands.WithdrawDossier(counter=visit.counter, code=code, **what))
            else:
                await self.desk.do(code, "withdraw", **what)
        except Refused as refused:
            if refused.slug != "withdrawal-not-possible":
                raise
            return  # the agency was faster: the result is handed over
        self.book.withdrawn.add(code)
