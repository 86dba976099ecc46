"""Which stated times of receipt are believed."""

from __future__ import annotations

from datetime import datetime, timedelta

from contracts.problems import Invalid

AHEAD = timedelta(minutes=5)
"""Clocks of counters may be this much ahead of ours."""
BEHIND = timedelta(days=1)
"""Older receipts are registers being migrated and must say `backfill`."""
KEPT_ON_TOPIC = timedelta(days=30)
"""A command may lie on its topic for so long before we read it."""


def business_time(
    stated: datetime | None, now: datetime, *, backfill: bool, said_at: datetime | None = None
) -> datetime:
    """The time to count from.

    Args:
        said_at: when a command that came by Kafka was sent. It is judged by that time: a counter's registration must
            not be refused as too old because our worker was down for a day.

    Raises: Invalid `moment-in-future`, `moment-too-old`.
    """
    then = now if said_at is None else max(min(said_at, now), now - KEPT_ON_TOPIC)
    if stated is None:
        return then
    if stated > now + AHEAD:
        raise Invalid("moment-in-future", "Thời điểm ghi nhận nằm trong tương lai.")
    if stated < then - BEHIND and not backfill:
        raise Invalid("moment-too-old", "Thời điểm ghi nhận đã quá một ngày; sổ cũ phải được nhập với dấu `backfill`.")
    return stated
