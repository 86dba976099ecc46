"""What a call to a partner came to, and when to try again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

MOST_DOUBLINGS = 20
"""More would leave the range of a duration, long after the longest pause."""


class Verdict(StrEnum):
    """What an answer means for a delivery."""

    DELIVERED = "delivered"
    """2xx."""
    FAILED = "failed"
    GONE = "gone"
    """410: the partner wants nothing any more."""


@dataclass(frozen=True)
class Answer:
    """One call, without anything of the response's body."""

    verdict: Verdict
    error: str | None = None
    """`timeout`, `no-connection`, `tls`, `name-unknown`, `address-refused`, `http-503` ..."""
    status: int | None = None
    retry_after: timedelta | None = None
    milliseconds: int = 0


@dataclass(frozen=True)
class Policy:
    """How patient we are."""

    first_pause: timedelta = timedelta(seconds=5)
    longest_pause: timedelta = timedelta(minutes=30)
    give_up: timedelta = timedelta(hours=24)
    """From the first attempt of a delivery; and how long a subscription may fail before it is paused."""
    claim_limit: timedelta = timedelta(seconds=20)
    """A claim older than that belongs to a dead process: longer than any call."""
    secret_overlap: timedelta = timedelta(hours=24)


def pause_before(attempt: int, policy: Policy, jitter: float) -> timedelta:
    """The pause after the `attempt`-th failure: doubling, between half and the whole of it, so that what failed
    together does not come back together.

    Args:
        jitter: 0 to 1.
    """
    doubled = policy.first_pause * (1 << min(attempt - 1, MOST_DOUBLINGS))
    return min(doubled, policy.longest_pause) * (0.5 + jitter / 2)


def read_retry_after(text: str | None, now: datetime) -> timedelta | None:
    """`Retry-After`: seconds, or a date. None: absent, or nothing one can read."""
    if text is None or len(text) > 60:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text), 10**9))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(timedelta(0), moment - now)
