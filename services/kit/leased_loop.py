"""A loop of a worker that does its rounds in the process that leads, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from services.kit.lease import Lease


@dataclass(frozen=True)
class LeasedLoop:
    """Rounds with pauses between them. A round that raises ends the loop: the worker begins it again."""

    lease: Lease
    once: Callable[[], Awaitable[object]]
    """One round; what it returns tells whether it found something to do."""
    every_s: float
    busy_s: float | None = None
    """The pause after a round that found something; None: as after any other."""
    look_s: float = 0.5
    """How often one that does not lead looks whether it does; whoever takes the lead begins at once."""

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            busy = self.lease.held and bool(await self.once())
            await pause(stop, self._pause_s(busy))

    def _pause_s(self, busy: bool) -> float:
        if not self.lease.held:
            return min(self.every_s, self.look_s)
        return self.busy_s if busy and self.busy_s is not None else self.every_s


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Until stop is asked for, or the time is over."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
