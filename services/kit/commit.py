"""Group commit: decisions that arrive together share one transaction.

A transaction costs about the same for one decision as for twenty; concurrent clerks at one counter would otherwise
fight for its running number, one write conflict after another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from contracts.problems import Refused
from services.kit import metrics, telemetry
from services.kit.clock import Now
from services.kit.errors import Stale, Unavailable
from services.kit.mongo import Mongo, Session, transact
from services.kit.work import Cause, Decision, Item, Work, decide_all

R = TypeVar("R")
MOST_TOGETHER = 64
MOST_WAITING = 2000
"""Beyond it callers are told at once to come again later, rather than wait in a growing queue."""


@dataclass
class Committer:
    """Runs decisions of one service against its database."""

    mongo: Mongo
    source: str
    now: Now
    on_events: Callable[[], None] = lambda: None
    """Called after a commit that wrote events (wakes the relay when it lives in this process)."""
    _queue: list[tuple[Item, asyncio.Future[Any]]] = field(default_factory=list)
    _running: asyncio.Task[None] | None = None

    async def run(self, decision: Decision[R], *, cause: Cause | None = None) -> R:
        """Decide and commit; concurrent callers share a transaction.

        Raises: Refused (by the rules), Stale, Unavailable.
        """
        if len(self._queue) >= MOST_WAITING:
            raise Unavailable("too many decisions wait for the database")
        cause = cause or Cause(telemetry.correlation_id(), traceparent=telemetry.traceparent())
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._queue.append((Item(decision, cause), future))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._drain(), name="group-commit")
        return await future

    async def run_all(self, items: Sequence[Item], *, now: datetime | None = None) -> list[Any]:
        """Decide and commit a given batch in one transaction; results in order, refusals as values."""
        wrote_events = False

        async def body(session: Session) -> list[Any]:
            nonlocal wrote_events
            work = Work(self.source, now or self.now())
            results = await decide_all(self.mongo, work, items, Refused)
            await work.flush(self.mongo, session)
            wrote_events = work.has_events
            return results

        results = await transact(self.mongo, body)
        metrics.observe("commit_decisions", len(items))
        if wrote_events:
            self.on_events()
        return results

    async def _drain(self) -> None:
        while self._queue:
            batch, self._queue = self._queue[:MOST_TOGETHER], self._queue[MOST_TOGETHER:]
            try:
                results = await self.run_all([item for item, _ in batch])
            except (Unavailable, Stale) as error:
                results = [error] * len(batch)  # the database is away for all of them alike
            except Exception as error:  # noqa: BLE001 - handed to the callers, who are the edge
                if len(batch) > 1:
                    # One bad apple (a bug, an over-long event) must not fail its neighbours.
                    await self._one_by_one(batch)
                    continue
                results = [error]
            for (_, future), result in zip(batch, results, strict=True):
                _settle(future, result)

    async def _one_by_one(self, batch: list[tuple[Item, asyncio.Future[Any]]]) -> None:
        for item, future in batch:
            try:
                _settle(future, (await self.run_all([item]))[0])
            except Exception as error:  # noqa: BLE001 - handed to the caller
                _settle(future, error)


def _settle(future: asyncio.Future[Any], result: Any) -> None:
    if future.done():  # the caller went away; the change is committed all the same
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
