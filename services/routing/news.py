"""News of inboxes: whoever looks at one hears of a new transfer within a second.

One poll a process serves all who listen, whatever their number: it asks the index of changes for what is new, and
nothing at all while nobody listens. An API process has no Kafka connection to hear it from.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.kit import logs
from services.kit.clock import Now
from services.kit.mongo import Mongo
from services.kit.mongo.driver import PyMongoError
from services.routing.store import TRANSFERS

LOOK_S = 0.3
OVERLAP = timedelta(seconds=5)
"""Commits become visible out of the order of their times; what was told already is known by its revision."""
MOST_AT_ONCE = 2000
MOST_WAITING = 500
"""Of one listener; one that is further behind is told to load its inbox anew."""
log = logs.get("routing.news")
Listener = asyncio.Queue[Mapping[str, Any] | None]
"""None: more happened than was kept; load the inbox anew."""


@dataclass
class InboxNews:
    """Hands changed transfers to those who listen to an agency's inbox."""

    mongo: Mongo
    now: Now
    _listeners: dict[str, set[Listener]] = field(default_factory=lambda: defaultdict(set))
    _told: dict[tuple[str, int], datetime] = field(default_factory=dict)
    _polling: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def listen(self, agency: str) -> AsyncIterator[Listener]:
        """A queue of an agency's changed transfers from now on."""
        listener: Listener = asyncio.Queue(MOST_WAITING)
        if not any(self._listeners.values()):
            self._told = await self._recent(self.now())
        self._listeners[agency].add(listener)
        if self._polling is None or self._polling.done():
            self._polling = asyncio.create_task(self._poll(), name="inbox-news")
        try:
            yield listener
        finally:
            self._listeners[agency].discard(listener)
            if not self._listeners[agency]:
                del self._listeners[agency]

    async def _poll(self) -> None:
        while self._listeners:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except PyMongoError as error:
                log.warning("news.look_failed", error=type(error).__name__)

    async def look(self) -> None:
        """Tell what changed since the last look."""
        now = self.now()
        cursor = self.mongo.collection(TRANSFERS).find({"changed_at": {"$gte": now - OVERLAP}})
        async for document in cursor.sort([("changed_at", 1)]).limit(MOST_AT_ONCE):
            key = (document["_id"], document["revision"])
            if key not in self._told:
                self._told[key] = document["changed_at"]
                self._tell(document)
        self._told = {key: at for key, at in self._told.items() if at >= now - 2 * OVERLAP}

    def _tell(self, document: Mapping[str, Any]) -> None:
        for listener in self._listeners.get(document["agency"], ()):
            if listener.full():
                while not listener.empty():
                    listener.get_nowait()
                listener.put_nowait(None)
            else:
                listener.put_nowait(document)

    async def _recent(self, now: datetime) -> dict[tuple[str, int], datetime]:
        """What a first listener knows already: it has just loaded its inbox."""
        fields = {"revision": 1, "changed_at": 1}
        cursor = self.mongo.collection(TRANSFERS).find({"changed_at": {"$gte": now - OVERLAP}}, fields)
        return {(row["_id"], row["revision"]): row["changed_at"] async for row in cursor.limit(MOST_AT_ONCE)}
