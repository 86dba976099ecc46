"""Every transfer of an agency with its revision, in the order of change: what a partner compares and repairs by."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from services.kit import places
from services.kit.mongo import Mongo
from services.routing.queries import windows
from services.routing.queries.inbox import shown_transfer
from services.routing.store import TRANSFERS

HOUR = timedelta(hours=1)
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
    settled, place, behind = now - SETTLED, (since, ""), None
    if after is not None:
        moment, id, begun = places.read(after)
        settled, place, behind = min(begun or settled, settled), (moment, id), (moment, id)
    span = windows.Span("changed_at", HOUR, since=place[0], after=behind)
    found = await windows.take(mongo, TRANSFERS, {"agency": agency}, span, limit + 1)
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
