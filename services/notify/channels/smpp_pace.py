"""How fast parts of texts go over the line: a text gets the places of all its parts before the first of them leaves."""

from __future__ import annotations

import math
from dataclasses import dataclass

from services.notify.pace import Pace


@dataclass
class PartPace(Pace):
    """A pace that may fall, for texts that may not stop half-way."""

    _again_at: float = -math.inf

    def book_all(self, parts: int, within: float) -> list[float] | None:
        """Take the next places. Returns: seconds to wait for each; None, and none is taken, where the last one would
        come later than `within` seconds from now."""
        now, step = self.clock(), 1 / self.current
        first = max(self._free_at, now - 0.1)
        waits = [max(0.0, first + number * step - now) for number in range(parts)]
        if waits[-1] > within:
            return None
        self._free_at = first + parts * step
        return waits

    def again(self) -> float:
        """A place for a part of a text that has begun: before all that have none yet, who wait a step longer for it,
        and behind others of its kind. Returns: seconds to wait."""
        now, step = self.clock(), 1 / self.current
        self._again_at = max(self._again_at, now) + step
        self._free_at = max(self._free_at, now) + step
        return self._again_at - now
