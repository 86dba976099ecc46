"""The statistics against the cases: every figure is what a recount comes to."""

from __future__ import annotations

from datetime import datetime, timedelta

from motcua.check.findings import Report
from services.kit.mongo import Mongo
from services.routing.recount import recount


async def tallies(routing: Mongo, report: Report, now: datetime, grace: timedelta) -> None:
    """
    Args:
        grace: what is younger may still be on its way to the statistics.
    """
    found = await recount(routing, now, under_way=grace)
    for one in found.differences:
        detail = f"counted {one.counted}, recounted {one.recounted}"
        report.add("statistics", "tally-differs", f"{one.sum} {one.path}", detail)
