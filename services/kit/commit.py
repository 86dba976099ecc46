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
from services.kit import metrics, points, telemetry
from services.kit.clock import Now
from services.kit.errors import Stale, Unavailable
from services.kit.mongo import Mongo, Session, transact
from services.kit.work import Cause, Decision, Item, Work, decide_all

R = TypeVar("R")
Waiting = tuple[Item, asyncio.Future[Any]]
MOST_TOGETHER = 64
TOGETHER_S = 1.0
"""How long decisions in conflict stay together. Only some may want what another process holds: a process that was
killed can hold the numbers of one counter for some 12 s, and the others must not wait for it."""
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
    patience: float = 15.0
    """Seconds until a decision that is in conflict all the time is given up; what a dead process held is free sooner
    (`services/kit/sessions.py`)."""
    lane: str = ""
    """Which part of a sum its decisions add to; two loops that add to the same sums at once take different ones."""
    _queue: list[Waiting] = field(default_factory=list)
    _running: asyncio.Task[None] | None = None
    _alone: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, decision: Decision[R], *, cause: Cause | None = None) -> R:
        """Decide and commit; concurrent callers share a transaction.

        Raises: Refused (by the rules), Stale, Unavailable.
        """
        if len(self._queue) + len(self._alone) >= MOST_WAITING:
            raise Unavailable("too many decisions wait for the database")
        cause = cause or Cause(telemetry.correlation_id(), traceparent=telemetry.traceparent())
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._queue.append((Item(decision, cause), future))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._drain(), name="group-commit")
        return await future

    async def run_all(
        self, items: Sequence[Item], *, now: datetime | None = None, conflict_s: float | None = None
    ) -> list[Any]:
        """Decide and commit a given batch in one transaction; results in order, refusals as values.

        Raises: Stale: in conflict for `conflict_s` seconds (see `transact`). Unavailable.
        """
        wrote_events = False

        async def body(session: Session) -> list[Any]:
            nonlocal wrote_events
            work = Work(self.source, now or self.now(), self.lane)
            results = await decide_all(self.mongo, work, items, Refused)
            await work.flush(self.mongo, session)
            wrote_events = work.has_events
            await points.reached("decisions-before-commit")
            return results

        results = await transact(self.mongo, body, conflict_s=conflict_s)
        await points.reached("decisions-after-commit")
        metrics.observe("commit_decisions", len(items))
        if wrote_events:
            self.on_events()
        return results

    async def _drain(self) -> None:
        while self._queue:
            batch, self._queue = self._queue[:MOST_TOGETHER], self._queue[MOST_TOGETHER:]
            try:
                results = await self.run_all([item for item, _ in batch], conflict_s=TOGETHER_S)
            except Unavailable as error:
                results = [error] * len(batch)  # the database is away for all of them alike
            except Stale:
                for waiting in batch:
                    self._set_apart(waiting)
                continue
            except Exception as error:  # noqa: BLE001 - handed to the callers, who are the edge
                if len(batch) > 1:
                    # One bad apple (a bug, an over-long event) must not fail its neighbours.
                    for waiting in batch:
                        await self._run_alone(*waiting)
                    continue
                results = [error]
            for (_, future), result in zip(batch, results, strict=True):
                _settle(future, result)

    def _set_apart(self, waiting: Waiting) -> None:
        """Let it try on its own, and those behind it go on."""
        task = asyncio.create_task(self._run_alone(*waiting), name="lone-commit")
        self._alone.add(task)
        task.add_done_callback(self._alone.discard)

    async def _run_alone(self, item: Item, future: asyncio.Future[Any]) -> None:
        try:
            _settle(future, (await self.run_all([item], conflict_s=self.patience))[0])
        except Exception as error:  # noqa: BLE001 - handed to the caller
            _settle(future, error)


def _settle(future: asyncio.Future[Any], result: Any) -> None:
    if future.done():  # the caller went away; the change is committed all the same
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
