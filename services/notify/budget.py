"""Caps on what a day may cost. Beyond them notices that cost something wait for the next day."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contracts.types import NoticeKind
from services.kit import logs, metrics
from services.kit.clock import Now
from services.kit.mongo import Mongo
from services.notify.domain.costs import Caps, Spent, cap_reached, day_of
from services.notify.domain.notice import Notice
from services.notify.domain.policy import midnight
from services.notify.spending import SPENDING, month_of

log = logs.get("notify.budget")
REFRESH_EVERY_S = 2.0
"""So much can be spent beyond a cap as the calls of this time cost."""


@dataclass
class Budget:
    """What was spent today, read from the sums; nothing is read where there is no cap."""

    mongo: Mongo
    now: Now
    caps: Caps
    providers: Collection[str]
    """Gateways that cost something."""
    _spent: Spent | None = None
    _read_at: float = -math.inf
    _told: set[tuple[str, ...]] = field(default_factory=set)

    async def refresh(self) -> None:
        """Call it each round; it reads every couple of seconds."""
        if not self.caps.any or time.monotonic() - self._read_at < REFRESH_EVERY_S:
            return
        self._spent = await spent_today(self.mongo, self.now())
        self._read_at = time.monotonic()

    def closed(self, counter: str, now: datetime, kind: NoticeKind | None = None) -> datetime | None:
        """Until when paid channels rest for this counter; None: they do not. Of one-time codes they never do."""
        cap = None if self._spent is None else cap_reached(self._spent, self.caps, counter, kind, now)
        if cap is None:
            return None
        self._tell(cap, counter)
        return midnight(now)

    def capped(self, notice: Notice) -> Mapping[str, datetime]:
        """The same by gateway, for one notice."""
        until = self.closed(notice.counter, self.now(), notice.kind)
        return {} if until is None else dict.fromkeys(self.providers, until)

    def _tell(self, cap: str, counter: str) -> None:
        """Once a day for each cap."""
        assert self._spent is not None
        day = self._spent.day.isoformat()
        key = (day, cap) if cap == "day" else (day, cap, counter)
        if key in self._told:
            return
        self._told = {told for told in self._told if told[0] == day} | {key}
        metrics.count("spending_caps_reached_total", cap=cap)
        whose = {"counter": counter} if cap == "counter" else {}
        log.error("budget.spent", cap=cap, day=day, **whose)


async def spent_today(mongo: Mongo, now: datetime) -> Spent:
    """By counter, over all gateways."""
    day = day_of(now)
    wanted = f"days.{day:%d}.vnd"
    sums: Counter[str] = Counter()
    async for document in mongo.collection(SPENDING).find({"month": month_of(day)}, {"counter": 1, wanted: 1}):
        sums[document["counter"]] += document.get("days", {}).get(f"{day:%d}", {}).get("vnd", 0)
    return Spent(day, sums)
