"""What a new calendar changes: rows added, changed and removed, by unit and date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from services.kit.worktime import CalendarTable, DayRow, HoursRow

R = TypeVar("R")


@dataclass(frozen=True)
class Difference(Generic[R]):
    """Of one sort of rows, in the order of unit and date."""

    added: tuple[R, ...] = ()
    changed: tuple[tuple[R, R], ...] = ()
    """Before and after."""
    removed: tuple[R, ...] = ()

    @property
    def count(self) -> int:
        return len(self.added) + len(self.changed) + len(self.removed)


@dataclass(frozen=True)
class Changes:
    """Of both sorts."""

    days: Difference[DayRow]
    hours: Difference[HoursRow]

    def __bool__(self) -> bool:
        return self.days.count + self.hours.count > 0


def compare(before: CalendarTable, after: CalendarTable) -> Changes:
    """Order does not matter: a table is what it says of each unit and date."""
    return Changes(
        _difference(
            {(row.unit, row.day.date): row for row in before.days},
            {(row.unit, row.day.date): row for row in after.days},
        ),
        _difference(
            {(row.unit, row.hours.valid_from): row for row in before.hours},
            {(row.unit, row.hours.valid_from): row for row in after.hours},
        ),
    )


def _difference(before: Mapping[tuple[str, date], R], after: Mapping[tuple[str, date], R]) -> Difference[R]:
    return Difference(
        added=tuple(after[place] for place in sorted(after.keys() - before.keys())),
        changed=tuple(
            (before[place], after[place])
            for place in sorted(before.keys() & after.keys())
            if before[place] != after[place]
        ),
        removed=tuple(before[place] for place in sorted(before.keys() - after.keys())),
    )
