"""The statistics against the cases: every figure is what a recount comes to."""

from __future__ import annotations

from datetime import datetime, timedelta

from motcua.check.findings import Report
from services.kit.errors import Stale, Unavailable
from services.kit.mongo import Mongo
from services.kit.mongo.driver import PyMongoError
from services.routing.recount import UNDER_WAY, recount


async def tallies(routing: Mongo, report: Report, now: datetime, grace: timedelta) -> bool:
    """
    Args:
        grace: zero on a system at rest; else events of the last day that are not counted yet count as on their way, as
            a consumer may be that far behind.

    Returns: whether they could be recounted. If not, that is a finding: nobody knows what they are worth.
    """
    try:
        found = await recount(routing, now, under_way=UNDER_WAY if grace else timedelta(0))
    except (PyMongoError, Stale, Unavailable) as error:
        await routing.ping()  # away, or only unable to show so much as of one moment
        report.add("statistics", "not-recounted", "tallies", type(error).__name__)
        return False
    except Exception as error:  # noqa: BLE001 - a document that cannot be read; which one, `document-unreadable` says
        report.add("statistics", "not-recounted", "tallies", type(error).__name__)
        return False
    for one in found.differences:
        detail = f"counted {one.counted}, recounted {one.recounted}"
        report.add("statistics", "tally-differs", f"{one.sum} {one.path}", detail)
    return True
