"""SIGKILL for notify's worker, again and again, in the middle of its work; the supervisor starts it anew."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from local.notices_told import Ledger, within
from local.notify_stack import NotifyStack

LOOK_S = 0.1
RESTART_S = 0.5


@dataclass
class WorkerKills:
    """Counts them too."""

    stack: NotifyStack
    every_s: float
    """So long a worker lives, counted from its first message: one that never gets to work proves nothing."""
    kills: int = 0
    longest_rest_s: float = 0.0
    """From a kill until the next worker hands something over."""

    async def run(self) -> None:
        """Until cancelled."""
        worker, ledger = self.stack.worker, Ledger(self.stack)
        worker.longest_pause_s = RESTART_S
        killed_at: float | None = None
        while True:
            pid, before = worker.pid, await ledger.accepted()

            async def works(before: int = before) -> bool:
                return await ledger.accepted() > before

            async def is_another(pid: int | None = pid) -> bool:
                return worker.pid not in (None, pid)

            await within(float("inf"), works, LOOK_S)
            if killed_at is not None:
                self.longest_rest_s = max(self.longest_rest_s, time.monotonic() - killed_at)
            await asyncio.sleep(self.every_s)
            worker.kill()
            self.kills, killed_at = self.kills + 1, time.monotonic()
            await within(float("inf"), is_another, LOOK_S)
