"""What citizens said: counts and averages, and the low scores that somebody must follow up."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any

from services.intake.domain.rating import LOW_OVERALL, Rating
from services.intake.queries.track import vietnam_time
from services.intake.store import RATINGS
from services.kit.clock import VIETNAM
from services.kit.mongo import Mongo

INDICATORS = ("time", "contacts", "agencies", "attitude")


async def summary(mongo: Mongo, counter: str | None, since: date | None, until: date | None) -> dict[str, Any]:
    """Counts and averages over days of Viet Nam, both included. An indicator's average is of those who answered it."""
    days = {"$gte": _start(since)} if since else {}
    if until:
        days["$lt"] = _start(until + timedelta(days=1))
    wanted: dict[str, Any] = {"counter": counter} if counter else {}
    if days:
        wanted["rated_at"] = days
    # By each combination of scores: at most 5 x 4^4 rows come back, whatever the number of answers.
    scores = {name: f"$answer.scores.{name}" for name in ("overall", *INDICATORS)}
    rows = await mongo.aggregate(
        RATINGS.collection, [{"$match": wanted}, {"$group": {"_id": scores, "count": {"$sum": 1}}}]
    )
    overall = {score: sum(row["count"] for row in rows if row["_id"]["overall"] == score) for score in range(1, 6)}
    return {
        "counter": counter,
        "count": sum(overall.values()),
        "overall": {str(score): count for score, count in overall.items()},
        "low": sum(count for score, count in overall.items() if score <= LOW_OVERALL),
        "average": {name: _average(rows, name) for name in ("overall", *INDICATORS)},
        "answered": {name: _answered(rows, name) for name in INDICATORS},
    }


async def follow_ups(
    mongo: Mongo, counter: str | None, now: datetime, *, open_only: bool, after: str | None, limit: int
) -> dict[str, Any]:
    """Low scores to follow up, or all that ever were, by code. For those who do it: holds the citizen's comment."""
    wanted: dict[str, Any] = {"follow_up": {"$ne": None}}
    if counter is not None:
        wanted["follow_up_open" if open_only else "counter"] = counter
    elif open_only:
        wanted["follow_up_open"] = {"$exists": True}
    if after is not None:
        wanted["_id"] = {"$gt": after}
    cursor = mongo.collection(RATINGS.collection).find(wanted).sort("_id", 1).limit(limit + 1)
    found = [RATINGS.to_state(document) async for document in cursor]
    shown = [follow_up_view(rating, now) for rating in found[:limit]]
    return {"follow_ups": shown, "next_after": found[limit - 1].code if len(found) > limit else None}


def follow_up_view(rating: Rating, now: datetime) -> dict[str, Any]:
    """One low score and what came of it."""
    follow_up = rating.follow_up
    assert follow_up is not None
    return {
        "code": rating.code,
        "counter": rating.counter,
        "procedure_code": rating.procedure_code,
        "channel": rating.answer.channel.value,
        "scores": asdict(rating.answer.scores),
        "comment": rating.answer.comment,
        "opened_at": follow_up.opened_at,
        "due_at": follow_up.due_at,
        "due_text": vietnam_time(follow_up.due_at),
        "overdue": follow_up.overdue(now),
        "closed_at": follow_up.closed_at,
        "outcome": follow_up.outcome.value if follow_up.outcome else None,
        "note": follow_up.note,
    }


def _average(rows: list[dict[str, Any]], name: str) -> float | None:
    """One decimal (TT 01/2018/TT-VPCP Art 15)."""
    count = _answered(rows, name)
    total = sum(row["_id"][name] * row["count"] for row in rows if row["_id"].get(name) is not None)
    return round(total / count, 1) if count else None


def _answered(rows: list[dict[str, Any]], name: str) -> int:
    return sum(int(row["count"]) for row in rows if row["_id"].get(name) is not None)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM)
