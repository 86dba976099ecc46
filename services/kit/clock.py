"""The only place that reads the wall clock for business time. Everything else is told `now`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

Now = Callable[[], datetime]


@dataclass(frozen=True)
class Clock:
    """Business time: UTC in milliseconds (what MongoDB keeps), moved by `offset` in demonstrations and tests."""

    offset: timedelta = timedelta(0)

    def now(self) -> datetime:
        moment = datetime.now(UTC) + self.offset
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
