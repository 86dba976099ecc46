"""The day's quota at Zalo: asked now and then, and at once when Zalo says that it changed (Zalo ZBS: daily quota).

The tier moves by itself and may drop in the middle of a day; what is left also comes with every reply.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.kit import logs
from services.kit.mongo import Mongo
from services.notify.stops import Stops
from services.notify.store import SENDER

log = logs.get("notify.quota")
CHANGED = "zalo-quota"
LOOK_EVERY_S = 5.0
ASK_EVERY_S = 600.0


async def quota_changed(mongo: Mongo, daily: int | None, now: datetime) -> None:
    """Note that Zalo told of a new quota; whichever process sends asks what is left."""
    change = {"$set": {"changed_at": now, "daily": daily}}
    await mongo.collection(SENDER).update_one({"_id": CHANGED}, change, upsert=True)


@dataclass
class QuotaWatch:
    """Closes Zalo while nothing may be sent there, so that notices need not be refused one by one."""

    mongo: Mongo
    stops: Stops
    ask: Callable[[], Awaitable[int | None]]
    """Messages left today; None: unknown or unlimited."""
    note: Callable[[str, int], None]
    _look_at: float = -math.inf
    _ask_at: float = -math.inf
    _changed: Any = None
    _asking: asyncio.Task[None] | None = None

    async def refresh(self) -> None:
        """Look whether it is time; the asking itself holds up nobody."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_EVERY_S
        document = await self.mongo.collection(SENDER).find_one({"_id": CHANGED})
        changed = document["changed_at"] if document is not None else None
        due = time.monotonic() >= self._ask_at or changed != self._changed
        if due and (self._asking is None or self._asking.done()):
            self._changed, self._ask_at = changed, time.monotonic() + ASK_EVERY_S
            self._asking = asyncio.create_task(self._look(), name="zalo-quota")

    async def _look(self) -> None:
        left = await self.ask()
        log.info("zalo.quota", left=left)
        if left is not None:
            self.note("zalo", left)
        if left == 0:
            self.stops.quota_used_up("zalo")
        elif left is not None:
            self.stops.quota_is_back("zalo")
