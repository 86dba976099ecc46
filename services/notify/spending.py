"""The sums of what was sent and what it cost: by month, counter and gateway, the days and kinds of the month inside."""

from __future__ import annotations

from datetime import date

from pymongo import ASCENDING, IndexModel

from services.kit.work import Work
from services.notify.domain.costs import day_of, spendings
from services.notify.domain.notice import Notice

SPENDING = "spending"
INDEXES = (IndexModel([("month", ASCENDING), ("counter", ASCENDING)], name="month_counter"),)


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def add_spending(work: Work, before: Notice | None, after: Notice) -> None:
    """Add what a change of a notice cost, in the transaction that makes it."""
    day = day_of(work.now)
    for spent in spendings(before, after):
        amounts = {"messages": spent.messages, "parts": spent.parts, "vnd": spent.vnd, "unpriced": spent.unpriced}
        where = {"month": month_of(day), "counter": after.counter, "provider": spent.provider}
        paths = ("total", f"days.{day:%d}", f"kinds.{after.kind.value}")
        sums = {f"{path}.{name}": amount for path in paths for name, amount in amounts.items()}
        work.add(SPENDING, "|".join(where.values()), where, sums)
