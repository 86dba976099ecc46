"""Every transfer of an agency with its revision, in the order of change: what a partner compares and repairs by."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from contracts.problems import Invalid
from services.kit.mongo import Mongo
from services.routing.queries.inbox import shown_transfer
from services.routing.store import TRANSFERS

SETTLED = timedelta(seconds=30)
"""Changes become visible a moment after they are made (a transaction may take 20 s), and not in the order of their
times: the cursor that is handed out stays behind by this much, and what lies between is told again. Revisions make the
repeat harmless."""


async def changes(
    mongo: Mongo, agency: str, since: datetime, after: str | None, limit: int, now: datetime
) -> dict[str, Any]:
    """Transfers that changed since then, the oldest change first.

    Returns: `transfers`; `next`, the cursor to go on with at once or later; `complete`, whether that was all.

    Raises: Invalid `page-unknown`.
    """
    query: dict[str, Any] = {"agency": agency, "changed_at": {"$gte": since}}
    if after is not None:
        moment, id = _place(after)
        query["changed_at"] = {"$gte": moment}  # where the index begins; `$or` alone would be met by reading everything
        query["$or"] = [{"changed_at": {"$gt": moment}}, {"_id": {"$gt": id}}]
    cursor = mongo.collection(TRANSFERS).find(query).sort([("changed_at", 1), ("_id", 1)]).limit(limit + 1)
    found = [document async for document in cursor]
    page, complete = found[:limit], len(found) <= limit
    return {
        "agency": agency,
        "transfers": [shown_transfer(document, now) for document in page],
        "next": _cursor(page, after, since, now),
        "complete": complete,
    }


def _cursor(page: list[Any], after: str | None, since: datetime, now: datetime) -> str:
    """Behind the last one shown, but never nearer to now than what has settled."""
    last = (page[-1]["changed_at"], page[-1]["_id"]) if page else (None if after is None else _place(after))
    moment, id = last or (since, "")
    settled = now - SETTLED
    if moment > settled:
        moment, id = max(since, settled), ""
    return f"{moment.isoformat()}~{id}"


def _place(after: str) -> tuple[datetime, str]:
    moment, sign, id = after.partition("~")
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not sign:
        raise Invalid("page-unknown", "Vị trí này không có: hãy dùng giá trị `next` của lần trước.")
    return found, id
