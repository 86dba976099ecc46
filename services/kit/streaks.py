"""Failures in a row: one is weather, a minute of nothing else is an illness."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Streak:
    """Told of each success and each failure of one kind of work."""

    clock: Callable[[], float] = time.monotonic
    reason: str = ""
    """Of the latest failure."""
    _since: float | None = None
    _last: float = 0.0

    def succeeded(self) -> None:
        self._since = None

    def failed(self, reason: str) -> None:
        self._last, self.reason = self.clock(), reason
        if self._since is None:
            self._since = self._last

    def lasts_s(self, forget_s: float) -> float:
        """Seconds since the first failure without a success after it; 0 when the latest is longer ago than `forget_s`:
        then nobody tries any more, and nothing is known."""
        now = self.clock()
        if self._since is None or now - self._last > forget_s:
            return 0.0
        return now - self._since
