"""The timer loop: what is due by the clock happens, once, in the process that leads."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from services.kit import logs, metrics
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.due import DueWork
from services.kit.lease import Lease
from services.kit.leased_loop import LeasedLoop
from services.kit.mongo import Mongo
from services.routing.commands.fire_timers import FireTimers
from services.routing.store import CASES

AT_ONCE = 50
log = logs.get("routing.timers")


@dataclass
class TimerLoop:
    """Looks for due timers by their index. A restart or a second worker repeats nothing: each case keeps what has
    fired in the same transaction as its effect."""

    mongo: Mongo
    committer: Committer
    lease: Lease
    now: Now
    pause_s: float = 5.0

    async def run(self, stop: asyncio.Event) -> None:
        await LeasedLoop(self.lease, self.once, self.pause_s, busy_s=0.1).run(stop)

    async def once(self) -> int:
        """Fire all that is due now. Returns: cases dealt with."""
        due = DueWork(
            self.mongo, self.committer, self.lease, self.now, CASES.collection, "timer_at", FireTimers, AT_ONCE
        )
        dealt = await due.once()
        for code, failures in dealt:
            for key, error in failures:
                metrics.count("timer_failures_total")
                log.error("timers.rule_failed", code=code, timer=key, error=error)
        return len(dealt)
