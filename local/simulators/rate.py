"""A fixed window over the calls of one account."""

import time


class RateWindow:
    """Counts calls; a window begins on a whole multiple of its length, as the gateways' own counters do."""

    def __init__(self, most: int, seconds: int) -> None:
        self._most, self._seconds = most, seconds
        self._window, self._counted = 0, 0

    def exceeded(self) -> bool:
        """Count one call and tell whether it is one too many; a limit of zero is none."""
        window = int(time.monotonic()) // self._seconds
        if window != self._window:
            self._window, self._counted = window, 0
        self._counted += 1
        return self._most > 0 and self._counted > self._most

    @property
    def seconds_left(self) -> int:
        """Return how long the window lasts from now."""
        return self._seconds - int(time.monotonic()) % self._seconds
