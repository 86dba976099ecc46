"""Which stated times of receipt are believed."""

from __future__ import annotations

from datetime import datetime, timedelta

from contracts.problems import Invalid

AHEAD = timedelta(minutes=5)
"""Clocks of counters may be this much ahead of ours."""
BEHIND = timedelta(days=1)
"""Older receipts are registers being migrated and must say `backfill`."""


def business_time(stated: datetime | None, now: datetime, *, backfill: bool) -> datetime:
    """The time to count from.

    Raises: Invalid `moment-in-future`, `moment-too-old`.
    """
    if stated is None:
        return now
    if stated > now + AHEAD:
        raise Invalid("moment-in-future", "Thời điểm ghi nhận nằm trong tương lai.")
    if stated < now - BEHIND and not backfill:
        raise Invalid("moment-too-old", "Thời điểm ghi nhận đã quá một ngày; sổ cũ phải được nhập với dấu `backfill`.")
    return stated
