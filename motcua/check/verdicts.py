"""The verdicts of past checks, in the database of intake: for the operator's page, for metrics, for `--last`. Ids and
counts only, nothing personal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo import DESCENDING

from motcua.check.findings import SHOWN, Report
from services.kit.ids import new_id
from services.kit.mongo import Mongo

CHECKS = "checks"
KEPT = 500
"""Verdicts; one every five minutes are some two days."""


async def keep_verdict(intake: Mongo, report: Report) -> None:
    """Store one; the oldest go."""
    checks = intake.collection(CHECKS)
    said = report.as_dict()
    await checks.insert_one(
        said | {"_id": new_id(), "at": report.at, "findings": said["findings"][:SHOWN], "found": len(report.findings)}
    )
    known = sorted([document["_id"] async for document in checks.find({}, {"_id": 1})])
    if len(known) > KEPT:
        await checks.delete_many({"_id": {"$in": known[:-KEPT]}})


async def last_verdict(intake: Mongo) -> Mapping[str, Any] | None:
    """The latest one; None: none was ever kept."""
    cursor = intake.collection(CHECKS).find({}).sort("_id", DESCENDING).limit(1)
    found: list[Mapping[str, Any]] = [document async for document in cursor]
    return found[0] if found else None
