"""How fast each gateway is called: a bucket of tokens that shrinks when the gateway says "too fast" and grows back."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from services.kit import logs

log = logs.get("notify.pace")
SLOWEST = 0.5
"""Calls a second that are left, however often a gateway complains."""
GROWS_EVERY_S = 5.0
GROWS_BY = 1.1
COMPLAINTS_COUNT_ONCE_S = 1.0
"""Calls that were under way together are refused together: one halving for all of them."""


@dataclass
class Pace:
    """Of one gateway."""

    provider: str
    rate: float
    """Calls a second that it was promised."""
    clock: Callable[[], float] = time.monotonic
    _now: float = field(init=False)
    _free_at: float = -math.inf
    _changed_at: float = -math.inf

    def __post_init__(self) -> None:
        self._now = self.rate

    @property
    def current(self) -> float:
        """Calls a second at this moment."""
        steps = int((self.clock() - self._changed_at) // GROWS_EVERY_S) if self._now < self.rate else 0
        return min(self.rate, self._now * GROWS_BY ** min(steps, 200))

    @property
    def backlog(self) -> float:
        """Seconds until the next free place."""
        return max(0.0, self._free_at - self.clock())

    def book(self) -> float:
        """Take the next place. Returns: seconds to wait for it; a tenth of a second's calls may go at once."""
        now, step = self.clock(), 1 / self.current
        self._free_at = max(self._free_at, now - 0.1) + step
        return max(0.0, self._free_at - step - now)

    def slow_down(self) -> None:
        """The gateway said that this is too fast."""
        now = self.clock()
        if now - self._changed_at < COMPLAINTS_COUNT_ONCE_S and self._now < self.rate:
            return
        self._now, self._changed_at = max(SLOWEST, self.current / 2), now
        log.warning("gateway.slowed", provider=self.provider, calls_a_second=round(self._now, 1))


@dataclass
class Paces:
    """Of all gateways."""

    rates: Mapping[str, float]
    default: float = 50.0
    _paces: dict[str, Pace] = field(default_factory=dict)

    def of(self, provider: str) -> Pace:
        """One gateway's."""
        return self._paces.setdefault(provider, Pace(provider, self.rates.get(provider, self.default)))

    async def wait(self, provider: str) -> None:
        """Until it is this call's turn."""
        seconds = self.of(provider).book()
        if seconds > 0:
            await asyncio.sleep(seconds)
