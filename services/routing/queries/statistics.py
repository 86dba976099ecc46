"""The figures of a period, by unit, field, procedure, mechanism or day: sums read from the read model by index."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, time
from typing import Any

from contracts.types import StopKind
from services.kit.mongo import Mongo
from services.routing.domain.statistics import VIETNAM, Figure, day_of
from services.routing.queries.figures import OVERDUE, Asked, Counted, Figures, answer
from services.routing.store import CASES
from services.routing.tallies import ALL_TIME, TALLIES

LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
EVERYTHING = Asked()


async def statistics(mongo: Mongo, asked: Asked = EVERYTHING, now: datetime | None = None) -> dict[str, Any]:
    """Carried over + received = resolved + terminated + withdrawn + pending, in every row and in the whole.

    Args:
        now: tells what is overdue and what waits, of which only the present is known; absent: that is left out.
    """
    counted = Counted()
    for row in await mongo.aggregate(TALLIES, pipeline(asked)):
        counted.take(asked, **row.pop("_id"), sums=row)
    if now is not None and (asked.period is None or asked.period[1] >= day_of(now)):
        counted.standing = await _standing(mongo, asked, now)
    return answer(asked, counted)


def pipeline(asked: Asked) -> list[dict[str, Any]]:
    """One pass over the months from the period's first on, and over the sums of all time.

    Months that the period holds whole or not at all are read as a whole, the others by day.
    """
    sums = {figure.value: {"$sum": f"$part.sums.{figure.value}"} for figure in Figure}
    # A stage of its own: MongoDB joins the two, the embedded engine finds the period by index and then looks.
    where = {"$match": asked.where("procedure")}
    if asked.period is None:
        place = {"key": _key(asked, ""), "mechanism": "$mechanism", "when": {"$literal": "within"}}
        return [
            {"$match": {"period": ALL_TIME}},
            where,
            {"$addFields": {"part": {"sums": "$total"}}},
            {"$group": {"_id": place, **sums}},
        ]
    first, last = (day.isoformat() for day in asked.period)
    by_day: dict[str, Any] = {"$in": ["$period", [first[:7], last[:7]]]}
    if asked.by == "day":
        by_day = {"$lte": ["$period", last[:7]]}
    day = {"on": {"$concat": ["$period", "-", "$$this.k"]}, "sums": "$$this.v"}
    days = {"$map": {"input": {"$objectToArray": "$days"}, "in": day}}
    parts = {"$cond": [by_day, days, [{"on": "$period", "sums": "$total"}]]}
    # "all" and later months sort after any day of the period, "2026-11" before its days and after October's.
    later = {"$cond": [{"$eq": ["$part.on", ALL_TIME]}, "ever", "after"]}
    inside = {"$cond": [{"$lte": ["$part.on", last]}, "within", later]}
    when = {"$cond": [{"$lt": ["$part.on", first]}, "before", inside]}
    place = {"key": _key(asked, "$part.on"), "mechanism": "$mechanism", "when": when}
    return [
        {"$match": {"period": {"$gte": first[:7], "$lte": ALL_TIME}}},
        where,
        {"$addFields": {"part": parts}},
        {"$unwind": "$part"},
        {"$group": {"_id": place, **sums}},
    ]


def _key(asked: Asked, day: str) -> Any:
    if asked.by is None:
        return {"$literal": ""}
    return day if asked.by == "day" else f"${asked.by}"


async def _standing(mongo: Mongo, asked: Asked, now: datetime) -> dict[str, Figures]:
    """Open dossiers that are overdue, by date as results are judged, and those whose clock stands still."""
    found: defaultdict[str, Figures] = defaultdict(Counter)
    for stages in standing_pipelines(asked, now):
        for row in await mongo.aggregate(CASES.collection, stages):
            found[row["_id"]["key"]][row["_id"]["state"]] += row["count"]
    return found


def standing_pipelines(asked: Asked, now: datetime) -> tuple[list[dict[str, Any]], ...]:
    """Both begin with a range that an index of open dossiers answers."""
    today = datetime.combine(day_of(now), time(), VIETNAM).astimezone(UTC)
    overdue = {"open_due": {"$gte": LONG_AGO, "$lt": today}}
    waiting = {"stopped": {"$gte": min(StopKind), "$lte": max(StopKind)}}
    name = "procedure_code" if asked.by == "procedure" else asked.by
    key = {"$literal": ""} if name in {None, "day"} else f"${name}"
    where = {"$match": asked.where("procedure_code")}

    def stages(match: dict[str, Any], state: Any) -> list[dict[str, Any]]:
        group = {"_id": {"key": key, "state": state}, "count": {"$sum": 1}}
        return [{"$match": match}, where, {"$group": group}]

    return stages(overdue, {"$literal": OVERDUE}), stages(waiting, "$stopped")
