"""The read model of the statistics: sums by month and place, the days of the month inside, and one over all time.

A commune has one or two dossiers of a procedure a day: a document a day would be as many as there are dossiers. A
period is read from its months, cut to days at its ends; what was carried over into it is what is pending over all time
without what has happened since, so that no question reads the past before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pymongo import ASCENDING, IndexModel

from services.kit.work import Work
from services.routing.domain.statistics import Entry

TALLIES = "tallies"
INDEXES = (
    IndexModel([("period", ASCENDING), ("unit", ASCENDING), ("procedure", ASCENDING)], name="period_unit_procedure"),
)
ALL_TIME = "all"
"""Sorts after every month."""


def count(work: Work, entries: Iterable[Entry]) -> None:
    """Add to the sums, in this unit of work."""
    for entry in entries:
        for id, key, amounts in additions(entry):
            work.add(TALLIES, id, key, amounts)


def additions(entry: Entry) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, int]]]:
    """What an entry adds to which sums: id, key fields, amounts by path."""
    place, day = entry.place, entry.day
    figures = {figure.value: amount for figure, amount in entry.figures.items() if amount}
    total = {f"total.{name}": amount for name, amount in figures.items()}
    of_day = {f"days.{day:%d}.{name}": amount for name, amount in figures.items()}
    where = {"unit": place.unit, "procedure": place.procedure, "mechanism": place.mechanism, "field": place.field}
    for period, amounts in ((day.isoformat()[:7], total | of_day), (ALL_TIME, total)):
        yield "|".join((period, *where.values())), {"period": period, **where}, amounts
