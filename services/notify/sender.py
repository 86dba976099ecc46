"""The sender: claims due notices in bulk, calls the gateways side by side, records what they said in bulk.

A crash at any line leaves a claim with its attempt: when its time is over the notice is looked at again, and the
ladder knows what may be repeated. Contact and secret are opened for the call and forgotten with it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from services.kit import logs, metrics, points
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.kit.mongo.driver import PyMongoError
from services.kit.sealing import Opener
from services.kit.work import Cause, Item
from services.notify.batches import run_isolated
from services.notify.calls import Answered, Caller
from services.notify.commands.cancel_waiting import CancelWaiting
from services.notify.commands.claim_notice import Busy, Call, ClaimNotice, Doubt
from services.notify.commands.record_result import RecordResult
from services.notify.contact import Contact, open_contact
from services.notify.domain.ladder import Ladder
from services.notify.domain.notice import Notice
from services.notify.due import Due, DueNotices
from services.notify.preferences import LearnRefusal
from services.notify.preferences.preference import REFUSAL_HOLDS
from services.notify.receipts import ReceiptLoop
from services.notify.secret import open_secret
from services.notify.store import RECIPIENTS

log = logs.get("notify.sender")
BUSY_PAUSE_S = 0.1
IDLE_PAUSE_S = 0.3
GATHER_S = 0.03
"""After the first result of a round, wait this long for others to share its transaction."""
CLAIM_BATCH = 100
RECORD_BATCH = 200
SWEEP_BATCH = 50


Refresh = Callable[[], Awaitable[None]]


@dataclass
class Sender:
    """One per deployment, under the worker's lease. Two at once cannot double a call: claims carry a version."""

    mongo: Mongo
    committer: Committer
    lease: Lease
    due: DueNotices
    receipts: ReceiptLoop
    caller: Caller
    opener: Opener
    ladder: Ladder
    concurrency: int
    refresh: Sequence[Refresh] = ()
    """What looks at the database now and then: each decides by itself when."""
    _calls: set[asyncio.Task[None]] = field(default_factory=set)
    _answered: list[Answered] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, stop: asyncio.Event) -> None:
        """Until stop; then what is under way is finished and recorded."""
        leading = False
        while not stop.is_set():
            led, leading = leading, self.lease.held
            if leading and not led:
                self.due.forget()
                for gateway in self.caller.desk.gateways.values():
                    await gateway.open()
            busy = await self.once() if leading else await self.record()
            await self._pause(stop, BUSY_PAUSE_S if busy or self._calls else IDLE_PAUSE_S)
        if self._calls:
            await asyncio.wait(self._calls)
        while self._answered:
            await self.record()
        for gateway in self.caller.desk.gateways.values():
            await gateway.close()

    async def once(self) -> int:
        """One round. Returns: notices claimed and results recorded."""
        recorded = await self.record()
        await self.receipts.catch_up()
        await self._sweep()
        await self._refresh()
        room = self.concurrency - len(self._calls) - len(self._answered)
        due = await self.due.take(min(CLAIM_BATCH, room))
        metrics.gauge("notices_waiting", self.due.waiting + len(self._calls))
        return recorded + (await self._claim(due) if due else 0)

    async def _refresh(self) -> None:
        """What one of them cannot read must not keep notices from phones: it goes on with what it knew."""
        for refresh in self.refresh:
            try:
                await refresh()
            except PyMongoError:
                raise  # the database is away for all
            except Exception as error:  # noqa: BLE001 - one bad document, or a bug
                log.error("sender.refresh_failed", refresh=refresh.__qualname__, error=type(error).__name__)
                metrics.count("loop_failures_total", loop="sender-refresh")

    async def record(self) -> int:
        """Store what came back, all in one transaction. Results stay here until they are stored."""
        batch = self._answered[:RECORD_BATCH]
        if not batch:
            return 0
        items = [
            Item(
                RecordResult(a.notice.id, a.attempt.id, a.result, self.ladder, a.jitter, a.template_version, a.parts),
                _cause(a.notice.correlation_id, a.notice.event_id),
            )
            for a in batch
        ]
        now = self.due.now()
        learned = [LearnRefusal(a.refused_by, now + REFUSAL_HOLDS) for a in batch if a.refused_by]
        items += [Item(one, Cause(new_id())) for one in learned]
        results = (await run_isolated(self.committer, items))[: len(batch)]
        del self._answered[: len(batch)]
        for answered, result in zip(batch, results, strict=True):
            if isinstance(result, Exception):
                await self.due.set_aside(answered.notice.id)
            _count_ended(result)
        return len(batch)

    async def _claim(self, due: list[Due]) -> int:
        items = [
            Item(
                self._claim_of(d, random.random(), random.random()),  # noqa: S311 - jitter and weights, no secret
                _cause(d.correlation_id, d.event_id),
            )
            for d in due
        ]
        self.caller.desk.begin_round()
        calls = await run_isolated(self.committer, items)
        for one, call in zip(due, calls, strict=True):
            if isinstance(call, Busy):
                self.due.put_back(one)
            if isinstance(call, Exception):
                await self.due.set_aside(one.id)
            _count_ended(call)
            if isinstance(call, Call | Doubt):
                coming = self.caller.call(call) if isinstance(call, Call) else self.caller.ask(call)
                task = asyncio.create_task(self._finish(coming))
                self._calls.add(task)
                task.add_done_callback(self._calls.discard)
        return len(due)

    def _claim_of(self, due: Due, dice: float, jitter: float) -> ClaimNotice:
        return ClaimNotice(
            due.id,
            due.code,
            self.ladder,
            self._open,
            self._open_secret,
            lambda notice: self.caller.desk.routes(notice, dice),
            self.caller.preferences.of,
            self.caller.desk.takes,
            lambda: self.due.crowded,
            jitter,
        )

    async def _finish(self, coming: Awaitable[Answered]) -> None:
        await points.reached("notice-before-call")
        answered = await coming
        await points.reached("notice-after-call")
        self._answered.append(answered)
        self._news.set()

    async def _sweep(self) -> None:
        """Cancel what is no longer true; usually nothing is marked."""
        marked = self.mongo.collection(RECIPIENTS.collection).find({"sweeping": True}, {"notices": 1})
        found = [document async for document in marked.limit(SWEEP_BATCH)]
        items = [Item(CancelWaiting(d["_id"], tuple(d["notices"])), Cause(d["_id"])) for d in found]
        await run_isolated(self.committer, items)

    def _open(self, sealed: str) -> Contact:
        return open_contact(self.opener, sealed)

    def _open_secret(self, notice: Notice) -> str:
        return open_secret(self.opener, notice)

    async def _pause(self, stop: asyncio.Event, seconds: float) -> None:
        """Until a result comes, stop is asked for, or the time is over."""
        if self._answered:
            return
        waits = [asyncio.ensure_future(self._news.wait()), asyncio.ensure_future(stop.wait())]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        if self._news.is_set():
            self._news.clear()
            if not stop.is_set():
                await asyncio.sleep(GATHER_S)


def _count_ended(result: object) -> None:
    if isinstance(result, Notice) and result.is_final:
        metrics.count("notices_ended_total", kind=result.kind, state=result.state)


def _cause(correlation_id: str, event_id: str) -> Cause:
    """The events of a notice continue the story of the event it tells of."""
    return Cause(correlation_id, event_id)
