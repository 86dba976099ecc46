"""Where preferences are kept: one document a phone, under its keyed hash."""

from __future__ import annotations

from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from services.kit.mongo import Mongo
from services.kit.store import Store
from services.notify.preferences.preference import Preference

PREFERENCES: Store[Preference] = Store(
    "preferences",
    Preference,
    # Read by every sender every few seconds: what changed since the last time.
    indexes=(IndexModel([("changed_at", ASCENDING)], name="changed"),),
)
STAYS = timedelta(days=7)
"""A row that says nothing any more stays so long: senders see that it was emptied."""


async def forget_empty(mongo: Mongo, now: datetime) -> int:
    """Remove rows without a wish whose learned refusals are over. Returns: how many."""
    over = {
        "wants": None,
        "changed_at": {"$lt": now - STAYS},
        "$or": [{"zalo_refused_until": None}, {"zalo_refused_until": {"$lt": now}}],
    }
    removed = await mongo.collection(PREFERENCES.collection).delete_many(over)
    return int(removed.deleted_count)
