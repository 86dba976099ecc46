"""The gateways' clock: the wall clock moved by an offset, so that a demo at midnight can play at noon.

The vendors' rules (night, quota day, token life, duplicate windows) see the moved clock, and so do their customers:
the services' clock is moved alike, and a delivery must not lie before its dossier. The times of the ledger are wall
clock times, to measure by.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")  # no summer time since 1975: no need for a zone database
NIGHT_BEGINS, NIGHT_ENDS = 22, 6


@dataclass(slots=True)
class Clock:
    """A wall clock (seconds since the epoch) that can be injected, and an offset that can be moved."""

    wall: Callable[[], float] = time.time
    offset_seconds: float = 0.0

    def wall_ms(self) -> int:
        """Return the unmoved wall clock in epoch milliseconds."""
        return int(self.wall() * 1000)

    def now(self) -> float:
        """Return the moved clock in epoch seconds."""
        return self.wall() + self.offset_seconds

    def now_ms(self) -> int:
        """Return the moved clock in epoch milliseconds."""
        return int(self.now() * 1000)

    def moved(self, wall_ms: int) -> int:
        """Return a moment of the ledger as the customers are told it."""
        return wall_ms + int(self.offset_seconds * 1000)

    def vietnam(self) -> datetime:
        """Return the moved clock as the time of day in Viet Nam."""
        return datetime.fromtimestamp(self.now(), VIETNAM)


def is_night(moment: datetime) -> bool:
    """Tell whether Zalo blocks night-restricted templates: 22:00:00 to 05:59:59 (Zalo ZBS: error -133)."""
    hour = moment.astimezone(VIETNAM).hour
    return hour >= NIGHT_BEGINS or hour < NIGHT_ENDS


def vietnam_day(epoch_ms: int) -> date:
    """Return the Vietnamese calendar day of an instant; quotas are counted by it."""
    return datetime.fromtimestamp(epoch_ms / 1000, VIETNAM).date()
