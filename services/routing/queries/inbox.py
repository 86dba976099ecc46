"""An agency's inbox: what to accept, what is in work, what waits, what is due soon or overdue; and its news."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.kit.mongo import Mongo
from services.routing.queries import places
from services.routing.store import CASES, TRANSFERS
from services.routing.transfers import IN_WORK, TO_ACCEPT

MOST_COUNTED = 10_000
"""Counting on costs more than anybody learns from it; the answer says that there are more."""
_NOT_SHOWN = {"_id": 0, "box": 0}
_BOXES = (TO_ACCEPT, IN_WORK)


class Box(StrEnum):
    """Ngăn of an inbox."""

    TO_ACCEPT = "to-accept"
    """Chờ nhận."""
    IN_WORK = "in-work"
    """Đang xử lý."""
    DUE_SOON = "due-soon"
    """Sắp đến hạn: of those to accept and in work."""
    OVERDUE = "overdue"
    """Quá hạn: of those to accept and in work."""
    WAITING = "waiting"
    """Chờ công dân, chờ nghĩa vụ tài chính, chờ ý kiến."""


@dataclass(frozen=True)
class Wish:
    """What of an inbox somebody wants to see."""

    agency: str
    box: Box
    procedure: str | None = None
    counter: str | None = None
    officer: str | None = None
    after: str | None = None
    """Where the page before ended, as it said."""
    limit: int = 100


@dataclass(frozen=True)
class Horizon:
    """What counts as soon."""

    now: datetime
    soon: datetime


def query_of(wish: Wish, horizon: Horizon) -> dict[str, Any]:
    """The query; the index `inbox` answers it in order of due time."""
    query: dict[str, Any] = {"agency": wish.agency, "box": wish.box.value}
    if wish.box in {Box.DUE_SOON, Box.OVERDUE}:
        query["box"] = {"$in": list(_BOXES)}
        late = wish.box is Box.OVERDUE
        query["due_at"] = {"$lt": horizon.now} if late else {"$gte": horizon.now, "$lte": horizon.soon}
    for name, wanted in (
        ("procedure_code", wish.procedure),
        ("counter", wish.counter),
        ("officer", wish.officer),
    ):
        if wanted is not None:
            query[name] = wanted
    return query


async def inbox(mongo: Mongo, wish: Wish, horizon: Horizon) -> dict[str, Any]:
    """One page, the soonest due first. Pages are stable: each begins after the last one's last transfer.

    Raises: Invalid `page-unknown`.
    """
    query = query_of(wish, horizon)
    if wish.after is not None:
        due_at, id, _ = places.read(wish.after)
        bounds = query.get("due_at", {})
        # The bound beside the `$or` is what the index begins at; a lone `$or` would be met by reading the whole box.
        query["due_at"] = bounds | {"$gte": max(due_at, bounds.get("$gte", due_at))}
        query["$or"] = [{"due_at": {"$gt": due_at}}, {"_id": {"$gt": id}}]
    cursor = mongo.collection(TRANSFERS).find(query, {"box": 0}).sort([("due_at", 1), ("_id", 1)]).limit(wish.limit + 1)
    found = [document async for document in cursor]
    page = found[: wish.limit]
    more = places.written(page[-1]["due_at"], page[-1]["_id"]) if len(found) > wish.limit else None
    return {"transfers": [shown_transfer(document, horizon.now) for document in page], "next": more}


async def counts(mongo: Mongo, agency: str, horizon: Horizon) -> dict[str, Any]:
    """How many lie in each box; `more` where there are more than were counted."""
    found: dict[str, Any] = {}
    for box in Box:
        query = query_of(Wish(agency, box), horizon)
        number = await mongo.collection(TRANSFERS).count_documents(query, limit=MOST_COUNTED + 1)
        found[box.value] = {"count": min(number, MOST_COUNTED), "more": number > MOST_COUNTED}
    signing = await mongo.collection(CASES.collection).count_documents({"to_sign": agency}, limit=MOST_COUNTED + 1)
    found["to-sign"] = {"count": min(signing, MOST_COUNTED), "more": signing > MOST_COUNTED}
    return found


def shown_transfer(document: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A transfer as an agency sees it."""
    shown = {name: value for name, value in document.items() if name not in {"_id", "box"}}
    due_at = document["due_at"]
    ended = document["ended_at"] is not None
    return shown | {"overdue": bool(due_at and not ended and document["case_state"] == "open" and now > due_at)}
