"""Counts over all cases. A whole read of the collection: for the demonstration and the checker, not for dashboards."""

from __future__ import annotations

from typing import Any

from services.kit.mongo import Mongo
from services.routing.store import CASES


async def statistics(mongo: Mongo) -> dict[str, Any]:
    """Received = resolved + open + withdrawn, each dossier counted once, by mechanism."""
    group = {"_id": {"mechanism": "$mechanism", "state": "$state", "timeliness": "$timeliness"}, "count": {"$sum": 1}}
    rows = await mongo.aggregate(CASES.collection, [{"$group": group}])
    totals: dict[str, Any] = {
        "received": {"one_stop": 0, "interlinked": 0},
        "resolved": {"early": 0, "on_time": 0, "late": 0},
        "open": 0,
        "withdrawn": 0,
    }
    for row in rows:
        key, count = row["_id"], row["count"]
        totals["received"][key["mechanism"]] += count
        if key["state"] == "resolved":
            totals["resolved"][key["timeliness"]] += count
        else:
            totals["withdrawn" if key["state"] == "withdrawn" else "open"] += count
    return totals
