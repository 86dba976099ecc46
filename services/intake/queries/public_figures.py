"""Figures that everybody may see: on time, waiting, satisfaction. Sums only; nothing of one dossier.

Counted over the dossiers themselves, which takes a while where there are many: so kept for some minutes, and counted
anew beside the pages while they go on showing the last ones.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.types import Timeliness
from services.intake.domain.status import Status
from services.intake.queries.ratings import summary
from services.intake.store import DOSSIERS
from services.kit import logs
from services.kit.clock import VIETNAM, Now
from services.kit.mongo import Mongo

KEPT = timedelta(minutes=10)
RUNNING = (Status.RECEIVED, Status.IN_PROCESS)
STOPPED = (Status.SUPPLEMENT, Status.PAYMENT, Status.HALTED)
"""The clock stands still: they are neither in time nor late."""
SATISFIED = ("4", "5")
log = logs.get("intake.figures")


@dataclass(frozen=True)
class Figures:
    """Of dossiers received since the first of January, by the present day."""

    year: int
    counted_at: datetime
    received: int
    resolved: int
    early: int
    on_time: int
    late: int
    running: int
    overdue: int
    """Of those that run: past their date."""
    stopped: int
    waiting: int
    """Filings that no clerk has answered yet."""
    ratings: int
    satisfied: int
    average: float | None

    @property
    def in_time_percent(self) -> float | None:
        """Of the resolved: early or on time."""
        return _percent(self.early + self.on_time, self.early + self.on_time + self.late)

    @property
    def satisfied_percent(self) -> float | None:
        return _percent(self.satisfied, self.ratings)


class PublicFigures:
    """The figures as this process knows them."""

    def __init__(self, mongo: Mongo, now: Now) -> None:
        self._mongo, self._now = mongo, now
        self._known: Figures | None = None
        self._counting: asyncio.Task[Figures] | None = None

    async def current(self) -> Figures:
        """The first ask waits for the count; later ones get what is known, at most a few minutes old."""
        if self._known is None:
            return await asyncio.shield(self._count())
        if self._now() - self._known.counted_at > KEPT:
            self._count()
        return self._known

    def _count(self) -> asyncio.Task[Figures]:
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._anew())
            self._counting.add_done_callback(_looked_at)
        return self._counting

    async def _anew(self) -> Figures:
        self._known = await count(self._mongo, self._now())
        return self._known


async def count(mongo: Mongo, now: datetime) -> Figures:
    """Count everything."""
    today = now.astimezone(VIETNAM).date()
    first = today.replace(month=1, day=1)
    since = datetime(first.year, 1, 1, tzinfo=VIETNAM).astimezone(UTC)
    rows = await mongo.aggregate(
        DOSSIERS.collection,
        [
            {"$match": {"received_at": {"$gte": since}}},
            {"$group": {"_id": {"status": "$status", "timeliness": "$timeliness"}, "count": {"$sum": 1}}},
        ],
    )
    overdue = await mongo.collection(DOSSIERS.collection).count_documents(
        {
            "received_at": {"$gte": since},
            "status": {"$in": [status.value for status in RUNNING]},
            "due_at": {"$lt": now},
        }
    )
    rated = await summary(mongo, None, first, today)

    def of(*statuses: Status) -> int:
        values = {status.value for status in statuses}
        return sum(int(row["count"]) for row in rows if row["_id"]["status"] in values)

    def resolved(timeliness: Timeliness) -> int:
        return sum(int(row["count"]) for row in rows if row["_id"].get("timeliness") == timeliness.value)

    return Figures(
        year=first.year,
        counted_at=now,
        received=sum(int(row["count"]) for row in rows) - of(Status.REGISTERED, Status.REFUSED),
        resolved=of(Status.RESOLVED, Status.RETURNED),
        early=resolved(Timeliness.EARLY),
        on_time=resolved(Timeliness.ON_TIME),
        late=resolved(Timeliness.LATE),
        running=of(*RUNNING),
        overdue=overdue,
        stopped=of(*STOPPED),
        waiting=of(Status.REGISTERED),
        ratings=rated["count"],
        satisfied=sum(rated["overall"][score] for score in SATISFIED),
        average=rated["average"]["overall"],
    )


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _looked_at(task: asyncio.Task[Any]) -> None:
    """Who shows older figures does not wait for this one's end: say why it failed."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("figures.not_counted", error=type(error).__name__)
