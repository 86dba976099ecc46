"""A desk's lists for its clerks' pages: a day's dossiers, those in one state, how many there are of each.

By moment of receipt, as clerks think of them, and as the indexes `desk` and `register` hold them: a page of a list
costs the same whether the counter has a hundred dossiers or a hundred thousand.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.intake.domain.dossier import Dossier
from services.intake.domain.informed import Informed
from services.intake.domain.status import Status
from services.intake.store import DOSSIERS, INFORMED
from services.kit.clock import VIETNAM
from services.kit.mongo import Mongo

COUNTED_AT_MOST = 1000
_MARK = re.compile(r"([0-9]{1,15})\.([0-9]{1,4})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class DeskPage:
    """Some dossiers, and where to read on."""

    dossiers: tuple[Dossier, ...]
    next: str | None


@dataclass(frozen=True)
class Counts:
    """How many dossiers a desk has; `COUNTED_AT_MOST` means that many or more."""

    by_status: Mapping[Status, int]
    today: int


async def received_on(mongo: Mongo, counter: str, day: datetime, *, mark: str = "", limit: int = 50) -> DeskPage:
    """What was filed or registered at a counter on the day of this moment, the latest first."""
    start, end = _day_of(day)
    return await _page(mongo, {"counter": counter}, {"$gte": start, "$lt": end}, -1, mark, limit)


async def in_status(mongo: Mongo, counter: str, status: Status, *, mark: str = "", limit: int = 50) -> DeskPage:
    """A counter's dossiers in one state, those that came first at the top."""
    return await _page(mongo, {"counter": counter, "status": status.value}, {}, 1, mark, limit)


async def counts(mongo: Mongo, counter: str, statuses: Iterable[Status], day: datetime) -> Counts:
    """How many are in each of these states, and how many came on the day of this moment."""
    start, end = _day_of(day)
    wanted = tuple(statuses)
    today, *found = await asyncio.gather(
        _count(mongo, {"counter": counter, "received_at": {"$gte": start, "$lt": end}}),
        *(_count(mongo, {"counter": counter, "status": status.value}) for status in wanted),
    )
    return Counts(dict(zip(wanted, found, strict=True)), today)


async def counters_with_dossiers(mongo: Mongo) -> frozenset[str]:
    """Codes of the counters that ever had one: a step in the index for each, however many dossiers there are."""
    found: list[str] = []
    dossiers = mongo.collection(DOSSIERS.collection)
    while True:
        after = {"counter": {"$gt": found[-1] if found else ""}}
        row = await dossiers.find_one(after, {"counter": 1, "_id": 0}, sort=[("counter", 1)])
        if row is None:
            return frozenset(found)
        found.append(row["counter"])


async def informed_of(mongo: Mongo, dossiers: Iterable[Dossier]) -> Mapping[str, Informed]:
    """What the citizens of these dossiers were told, by code."""
    cursor = mongo.collection(INFORMED.collection).find({"_id": {"$in": [dossier.code for dossier in dossiers]}})
    return {document["_id"]: INFORMED.to_state(document) async for document in cursor}


async def _page(
    mongo: Mongo, of: Mapping[str, Any], when: Mapping[str, Any], direction: int, mark: str, limit: int
) -> DeskPage:
    """The mark is the last moment shown and how many of that very moment were: a batch is registered in one."""
    at, shown = _marked(mark)
    period = dict(when)
    if at is not None:
        # Later than `$lt` says (a mark of another list): harmless, both hold.
        period["$gte" if direction > 0 else "$lte"] = at
    query = {**of, **({"received_at": period} if period else {})}
    cursor = mongo.collection(DOSSIERS.collection).find(query).sort("received_at", direction).skip(shown)
    found = [DOSSIERS.to_state(document) async for document in cursor.limit(limit + 1)]
    dossiers = tuple(found[:limit])
    if len(found) <= limit:
        return DeskPage(dossiers, None)
    last = dossiers[-1].received_at
    same = sum(dossier.received_at == last for dossier in dossiers)
    already = shown if at == last else 0
    return DeskPage(dossiers, f"{(last - _EPOCH) // _MILLISECOND}.{same + already}")


async def _count(mongo: Mongo, query: Mapping[str, Any]) -> int:
    number: int = await mongo.collection(DOSSIERS.collection).count_documents(query, limit=COUNTED_AT_MOST)
    return number


def _marked(mark: str) -> tuple[datetime | None, int]:
    """A mark that is none of ours is the beginning."""
    found = _MARK.fullmatch(mark)
    if found is None:
        return None, 0
    try:
        return _EPOCH + int(found[1]) * _MILLISECOND, int(found[2])
    except OverflowError:
        return None, 0


def _day_of(moment: datetime) -> tuple[datetime, datetime]:
    midnight = moment.astimezone(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight, midnight + timedelta(days=1)
