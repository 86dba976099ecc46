"""Finds the notices whose time has come, minute by minute.

Each waiting notice lies in the bucket of its minute. A quick look asks for this minute and the last; a thorough one,
every few seconds, for all since the mark: the minute before which every bucket has been seen empty. The mark stays
some minutes behind, because a transaction may become visible later than the time it wrote down. On taking the lead and
every hour a look behind the mark finds what was written there all the same. Urgent notices lie in a place of their own,
looked at every time: they pass by whatever backlog there is. What is in no hurry lies in buckets of its own and gets a
small share of each round, or what the others leave.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.kit import logs
from services.kit.clock import Now
from services.kit.mongo import Mongo
from services.notify.domain.kinds import Lane
from services.notify.store import BUCKETS, LASTING, MINUTE_S, NOTICES, SENDER, URGENT, minute_token

log = logs.get("notify.due")
FIELDS = {"code": 1, "correlation_id": 1, "event_id": 1, "next_at": 1}
BEHIND = 3
"""Minutes the mark stays behind: no transaction lives that long."""
MOST_BUCKETS = 240
"""Asked for at once, after a long rest; each costs an index look-up."""
THOROUGH_EVERY_S = 5.0
STRAGGLERS_EVERY_S = 3600.0
MOST_AT_ONCE = 5000
MOST_HELD = 200
AGAIN_S = 0.5
"""When a notice is looked at again whose gateway was busy."""
BULK_SHARE = 10
"""One place in so many is kept for what is in no hurry: it must not starve behind an endless day."""


@dataclass(frozen=True)
class Due:
    """A notice to look at; what follows is decided on its stored state."""

    id: str
    code: str
    correlation_id: str
    event_id: str
    at: datetime


@dataclass
class LaneOfNotices:
    """Reads one lane's buckets and keeps what was found until it is used up: the server's cost is the match's size."""

    mongo: Mongo
    now: Now
    lane: Lane
    _found: list[Due] = field(default_factory=list)
    _mark: int | None = None
    _stored_mark: int = 0
    _thorough_at: float = 0.0
    _stragglers_at: float = 0.0

    @property
    def waiting(self) -> int:
        return len(self._found)

    async def take(self, most: int) -> list[Due]:
        """The next due notices, the oldest first."""
        if most <= 0:
            return []
        if not self._found:
            await self._read()
        taken, self._found = self._found[:most], self._found[most:]
        return taken

    def forget(self) -> None:
        """Another process may have worked meanwhile: read everything anew."""
        self._found, self._mark, self._thorough_at = [], None, 0.0

    async def _read(self) -> None:
        now = self.now()
        minute = int(now.timestamp()) // MINUTE_S
        if self._mark is None or time.monotonic() >= self._stragglers_at:
            self._mark = await self._behind(self._mark if self._mark is not None else await self._stored(minute))
        thorough = time.monotonic() >= self._thorough_at
        first = min(self._mark, minute) if thorough else minute - 1
        last = min(minute, first + MOST_BUCKETS - 1)
        documents = await self._in_buckets(first, last)
        self._found = sorted((_due(d) for d in documents if d["next_at"] <= now), key=lambda due: due.at)
        if not thorough:
            return
        if last == minute:
            self._thorough_at = time.monotonic() + THOROUGH_EVERY_S
        seen = min((int(d["next_at"].timestamp()) // MINUTE_S for d in documents), default=last + 1)
        await self._move_mark(max(first, min(seen, last + 1, minute - BEHIND)))

    async def _behind(self, mark: int) -> int:
        """The mark, or the oldest minute before it in which a notice waits after all.

        A leader whose clock ran ahead, or a machine that slept between a decision and its write, leaves one there, and
        no look from the mark on would ever see it. Nearly always nothing is found.
        """
        older = {"tokens": {"$elemMatch": {"$gte": minute_token(0, self.lane), "$lt": minute_token(mark, self.lane)}}}
        cursor = self.mongo.collection(NOTICES.collection).find(older, {"next_at": 1}).limit(MOST_AT_ONCE)
        minutes = [int(document["next_at"].timestamp()) // MINUTE_S async for document in cursor]
        self._stragglers_at = time.monotonic() + STRAGGLERS_EVERY_S
        if minutes:
            log.warning("notice.behind_the_mark", notices=len(minutes))
        return min([mark, *minutes])

    async def _in_buckets(self, first: int, last: int) -> list[dict[str, Any]]:
        tokens = [minute_token(minute, self.lane) for minute in range(first, last + 1)]
        cursor = self.mongo.collection(NOTICES.collection).find({"tokens": {"$in": tokens}}, FIELDS)
        return [document async for document in cursor.limit(MOST_AT_ONCE)]

    async def _stored(self, minute: int) -> int:
        document = await self.mongo.collection(SENDER).find_one({"_id": BUCKETS[self.lane]})
        if document is None:
            mark = minute - BEHIND
            await self.mongo.collection(SENDER).update_one(
                {"_id": BUCKETS[self.lane]}, {"$set": {"minute": mark}}, upsert=True
            )
            self._stored_mark = mark
            return mark
        stored: int = document["minute"]
        self._stored_mark = stored
        # A clock set back (demonstrations) must not make us blind until it is where it was.
        return min(stored, minute - BEHIND)

    async def _move_mark(self, mark: int) -> None:
        self._mark = mark
        if mark - self._stored_mark >= BEHIND or mark < self._stored_mark:
            await self.mongo.collection(SENDER).update_one(
                {"_id": BUCKETS[self.lane]}, {"$set": {"minute": mark}}, upsert=True
            )
            self._stored_mark = mark


@dataclass
class DueNotices:
    """All lanes."""

    mongo: Mongo
    now: Now

    def __post_init__(self) -> None:
        self._held: dict[str, tuple[float, Due]] = {}
        self._lanes_at = -math.inf
        self._normal, self._bulk = (LaneOfNotices(self.mongo, self.now, lane) for lane in BUCKETS)

    @property
    def waiting(self) -> int:
        return self._normal.waiting + self._bulk.waiting + len(self._held)

    async def take(self, most: int) -> list[Due]:
        """The next due notices: urgent ones, then the oldest; a tenth of the room is for what is in no hurry."""
        if most <= 0:
            return []
        taken = self._ready(most)
        taken += [due for due in await self._urgent(most - len(taken)) if due.id not in self._held]
        return taken + await self._lanes(most - len(taken))

    async def _lanes(self, most: int) -> list[Due]:
        """What waits on the lanes, without what was put back: that lies in its bucket still."""
        if most <= 0 or (self._held and time.monotonic() < self._lanes_at):
            return []
        taken: list[Due] = []
        taken += await self._bulk.take(min(most // BULK_SHARE, most - len(taken)))
        taken += await self._normal.take(most - len(taken))
        taken += await self._bulk.take(most - len(taken))
        new = [due for due in taken if due.id not in self._held]
        if not new:
            self._lanes_at = time.monotonic() + AGAIN_S
        return new

    def put_back(self, due: Due) -> None:
        """Its gateway has enough to do; nothing was written. It comes again in a moment, before the others."""
        self._held[due.id] = (time.monotonic() + AGAIN_S, due)

    @property
    def crowded(self) -> bool:
        """So many were put back that more should rather be written down for later."""
        return len(self._held) >= MOST_HELD

    def _ready(self, most: int) -> list[Due]:
        now = time.monotonic()
        ready = [due for at, due in self._held.values() if at <= now][:most]
        for due in ready:
            del self._held[due.id]
        return ready

    def forget(self) -> None:
        """Another process may have worked meanwhile: read everything anew."""
        self._held.clear()
        self._normal.forget()
        self._bulk.forget()

    async def set_aside(self, id: str) -> None:
        """Take a notice that cannot be decided (a bug) out of its bucket; a person must look at it."""
        notices = self.mongo.collection(NOTICES.collection)
        document = await notices.find_one({"_id": id}, {"tokens": 1}) or {}
        kept = [token for token in document.get("tokens", ()) if token.startswith(LASTING)]
        await notices.update_one({"_id": id}, {"$set": {"tokens": ["stuck", *kept]}})
        log.error("notice.set_aside", notice_id=id)

    async def _urgent(self, most: int) -> list[Due]:
        """They live for minutes, so those that wait for their next try are few enough to be read along."""
        now = self.now()
        found = self.mongo.collection(NOTICES.collection).find({"tokens": URGENT}, FIELDS).limit(MOST_AT_ONCE)
        return sorted([_due(d) async for d in found if d["next_at"] <= now], key=lambda due: due.at)[:most]


def _due(document: dict[str, Any]) -> Due:
    return Due(document["_id"], document["code"], document["correlation_id"], document["event_id"], document["next_at"])
