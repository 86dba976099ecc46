"""The sums of what became of notices: by month, kind, channel and gateway."""

from __future__ import annotations

from pymongo import ASCENDING, IndexModel

from services.kit.work import Work
from services.notify.domain.costs import day_of
from services.notify.domain.figures import counts
from services.notify.domain.notice import Notice
from services.notify.spending import month_of

FIGURES = "delivery_figures"
INDEXES = (IndexModel([("month", ASCENDING)], name="month"),)


def add_figures(work: Work, before: Notice | None, after: Notice) -> None:
    """Add what a change of a notice means, in the transaction that makes it."""
    month = month_of(day_of(work.now))
    for count in counts(before, after, work.now):
        where = {"month": month, "kind": after.kind.value, "channel": count.channel, "provider": count.provider}
        work.add(FIGURES, "|".join(where.values()), where, count.amounts)
