"""Every transfer of an agency with its revision, in the order of change: what a partner compares and repairs by."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from services.kit.mongo import Mongo
from services.routing.queries import places
from services.routing.queries.inbox import shown_transfer
from services.routing.store import TRANSFERS

SETTLED = timedelta(seconds=30)
"""Changes become visible a moment after they are made (a transaction may take 20 s), and not in the order of their
times: the cursor that is handed out with the last page goes back by this much from when the first was asked for, and
what lies between is told again. Revisions make the repeat harmless."""


async def changes(
    mongo: Mongo, agency: str, since: datetime, after: str | None, limit: int, now: datetime
) -> dict[str, Any]:
    """Transfers that changed since then, the oldest change first.

    Returns: `transfers`; `next`, the cursor to go on with at once or later; `complete`, whether that was all.

    Raises: Invalid `page-unknown`.
    """
    settled, place = now - SETTLED, (since, "")
    query: dict[str, Any] = {"agency": agency, "changed_at": {"$gte": since}}
    if after is not None:
        moment, id, begun = places.read(after)
        settled, place = min(begun or settled, settled), (moment, id)
        query["changed_at"] = {"$gte": moment}  # where the index begins; `$or` alone would be met by reading everything
        query["$or"] = [{"changed_at": {"$gt": moment}}, {"_id": {"$gt": id}}]
    cursor = mongo.collection(TRANSFERS).find(query).sort([("changed_at", 1), ("_id", 1)]).limit(limit + 1)
    found = [document async for document in cursor]
    page, complete = found[:limit], len(found) <= limit
    if page:
        place = (page[-1]["changed_at"], page[-1]["_id"])
    if not complete:
        following = places.written(*place, settled)
    elif place[0] > settled:
        following = places.written(max(since, settled) if after is None else settled, "")
    else:
        following = places.written(*place)
    return {
        "agency": agency,
        "transfers": [shown_transfer(document, now) for document in page],
        "next": following,
        "complete": complete,
    }
