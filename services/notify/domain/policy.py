"""Times of the ladder: how long to wait for what, and when nobody's phone may ring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
MORNING = time(6, 5)
"""Zalo's night ends at 06:00; five minutes keep clear of clocks apart."""


@dataclass(frozen=True)
class QuietHours:
    """Giờ yên tĩnh, in Viet Nam's time; it may span midnight."""

    begins: time
    ends: time

    def hold(self, now: datetime) -> bool:
        """Whether the moment lies in them: the first minute does, the last does not."""
        clock = now.astimezone(VIETNAM).time()
        if self.begins <= self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends

    def over(self, now: datetime, jitter: float) -> datetime:
        """When they are over, spread over ten minutes."""
        return _next(now, self.ends) + timedelta(minutes=10 * jitter)


@dataclass(frozen=True)
class Policy:
    """Times of the ladder."""

    call_limit: timedelta
    """A call that began longer ago is not running any more: time limit of a call and a margin."""
    zalo_receipt: timedelta
    """Accepted by Zalo: how long to wait for the receipt before SMS."""
    zalo_unknown: timedelta
    """No answer from Zalo: how long to wait for a receipt before SMS."""
    sms_receipt: timedelta
    sms_unknown: timedelta
    """No answer from an SMS gateway that can neither be asked nor knows repeats: how long to wait for a receipt."""
    pause_after_stop: timedelta
    """How long a gateway or template rests after the gateway said that it is not in order."""
    zalo_tries: int
    first_pause: timedelta
    longest_pause: timedelta
    quiet: QuietHours | None = None

    def pause(self, tries: int, jitter: float) -> timedelta:
        """Growing pause: doubled each time, half of it random.

        Args:
            jitter: 0 to 1, drawn outside.
        """
        doubled: timedelta = self.first_pause * (2 ** min(tries, 16))
        return min(self.longest_pause, doubled) * (0.5 + jitter / 2)


def morning(now: datetime, jitter: float) -> datetime:
    """06:05 in Viet Nam, the next one, spread over ten minutes."""
    return _next(now, MORNING) + timedelta(minutes=10 * jitter)


def midnight(now: datetime) -> datetime:
    """The next midnight in Viet Nam, when daily quotas and caps begin anew."""
    return _next(now, time(0))


def _next(now: datetime, clock: time) -> datetime:
    local = now.astimezone(VIETNAM)
    day = local.date() if local.time() < clock else local.date() + timedelta(days=1)
    return datetime.combine(day, clock, VIETNAM).astimezone(now.tzinfo)
