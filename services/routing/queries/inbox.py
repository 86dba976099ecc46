"""An agency's inbox: what to accept, what is in work, what waits, what is due soon or overdue; and its news."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from services.kit import places
from services.kit.mongo import Mongo
from services.routing.domain.case import Case
from services.routing.queries import windows
from services.routing.store import CASES, TRANSFERS
from services.routing.transfers import IN_WORK, TO_ACCEPT

MOST_COUNTED = 2_000
"""Counting on costs more than anybody learns from it; the answer says that there are more."""
DAY, MOMENT = timedelta(days=1), timedelta(milliseconds=1)
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


async def inbox(mongo: Mongo, wish: Wish, horizon: Horizon) -> dict[str, Any]:
    """One page, the soonest due first. Pages are stable: each begins after the last one's last transfer.

    Raises: Invalid `page-unknown`.
    """
    after = None if wish.after is None else places.read(wish.after)[:2]
    span = _span(wish.box, horizon, after)
    parts = await asyncio.gather(
        *(windows.take(mongo, TRANSFERS, query, span, wish.limit + 1) for query in _queries(wish))
    )
    once = {document["_id"]: document for part in parts for document in part}  # it may move while it is looked for
    found = sorted(once.values(), key=lambda document: (document["due_at"], document["_id"]))
    page = found[: wish.limit]
    more = places.written(page[-1]["due_at"], page[-1]["_id"]) if len(found) > wish.limit else None
    return {"transfers": [shown_transfer(document, horizon.now) for document in page], "next": more}


async def counts(mongo: Mongo, agency: str, horizon: Horizon, most: int | None = None) -> dict[str, Any]:
    """How many lie in each box; `more` where there are more than were counted.

    Args:
        most: count no further; None: `MOST_COUNTED`.
    """
    most = MOST_COUNTED if most is None else most
    signing = mongo.collection(CASES.collection).count_documents({"to_sign": agency}, limit=most + 1)
    numbers = await asyncio.gather(*(_count(mongo, Wish(agency, box), horizon, most) for box in Box), signing)
    names = [*(box.value for box in Box), "to-sign"]
    return {
        name: {"count": min(number, most), "more": number > most} for name, number in zip(names, numbers, strict=True)
    }


async def _count(mongo: Mongo, wish: Wish, horizon: Horizon, most: int) -> int:
    return await windows.count(mongo, TRANSFERS, _queries(wish), _span(wish.box, horizon), most)


def _queries(wish: Wish) -> list[dict[str, Any]]:
    """One for each box that the wished one is made of: an index begins with the agency and one box."""
    boxes = _BOXES if wish.box in {Box.DUE_SOON, Box.OVERDUE} else (wish.box.value,)
    wanted = {"procedure_code": wish.procedure, "counter": wish.counter, "officer": wish.officer}
    filters = {name: value for name, value in wanted.items() if value is not None}
    return [{"agency": wish.agency, "box": box, **filters} for box in boxes]


def _span(box: Box, horizon: Horizon, after: tuple[datetime, str] | None = None) -> windows.Span:
    since, until = None, None
    if box is Box.OVERDUE:
        until = horizon.now
    elif box is Box.DUE_SOON:
        since, until = horizon.now, horizon.soon + MOMENT
    return windows.Span("due_at", DAY, since=since, until=until, turn=horizon.now, after=after)


async def to_sign(mongo: Mongo, agency: str, limit: int) -> list[Case]:
    """Cases whose apology waits for the head of the agency, the soonest due first."""
    cursor = mongo.collection(CASES.collection).find({"to_sign": agency}).sort("due_at", 1).limit(limit)
    return [CASES.to_state(document) async for document in cursor]


def shown_transfer(document: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A transfer as an agency sees it."""
    shown = {name: value for name, value in document.items() if name not in {"_id", "box"}}
    due_at = document["due_at"]
    ended = document["ended_at"] is not None
    return shown | {"overdue": bool(due_at and not ended and document["case_state"] == "open" and now > due_at)}
