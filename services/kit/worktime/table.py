"""The calendar table: days and office hours that differ by unit and by date, over the national rules.

A row is for one unit and everything below it by code (the dot groups of QĐ 20/2020/QĐ-TTg), or for everybody. For one
unit the rows of all its ancestors apply; where two are about one date, that of the longer code replaces the other.
What no row says is decided by the national rules, which the software knows by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final

from services.kit.worktime.calendar import WorkCalendar
from services.kit.worktime.days import CalendarDay, WorkingHours
from services.kit.worktime.errors import CalendarError
from services.kit.worktime.overrides import NATIONAL_OVERRIDES

EVERYBODY: Final = ""
#: A laid-out calendar takes about 30 kB a year. Units without rows of their own share that of the unit above them.
_MOST_KEPT: Final = 256


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day that differs from its weekday; `unit` is a code, or `EVERYBODY`."""

    day: CalendarDay
    unit: str = EVERYBODY


@dataclass(frozen=True, slots=True)
class HoursRow:
    """Office hours between two dates; `unit` is a code, or `EVERYBODY`."""

    hours: WorkingHours
    unit: str = EVERYBODY


def _refuse_twice(places: Iterable[tuple[str, date]]) -> None:
    seen: set[tuple[str, date]] = set()
    for place in places:
        if place in seen:
            unit, day = place
            raise CalendarError(f"two rows of {unit or 'everybody'} for {day.isoformat()}")
        seen.add(place)


@dataclass(frozen=True, eq=False)
class CalendarTable:
    """One version of the table. Compared by identity: it is the key of a cache, and may hold thousands of rows.

    Raises:
        CalendarError: two rows of one unit for one date, or with the same first day of validity.
    """

    version: int = 0
    days: tuple[DayRow, ...] = ()
    hours: tuple[HoursRow, ...] = ()
    _days: Mapping[str, list[CalendarDay]] = field(init=False, repr=False)
    _hours: Mapping[str, list[WorkingHours]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _refuse_twice((row.unit, row.day.date) for row in self.days)
        _refuse_twice((row.unit, row.hours.valid_from) for row in self.hours)
        days: dict[str, list[CalendarDay]] = {}
        hours: dict[str, list[WorkingHours]] = {}
        for day_row in self.days:
            days.setdefault(day_row.unit, []).append(day_row.day)
        # By first day: of one unit's hours those that came into force last are listed last, and win.
        for hours_row in sorted(self.hours, key=lambda row: row.hours.valid_from):
            hours.setdefault(hours_row.unit, []).append(hours_row.hours)
        object.__setattr__(self, "_days", days)
        object.__setattr__(self, "_hours", hours)

    @property
    def rows(self) -> tuple[DayRow | HoursRow, ...]:
        """All of them: days, then hours."""
        return (*self.days, *self.hours)

    def scopes(self, unit: str) -> tuple[str, ...]:
        """The scopes with rows for the unit, the broadest first: units with equal scopes have one calendar."""
        groups = unit.split(".") if unit else []
        chain = (EVERYBODY, *(".".join(groups[:count]) for count in range(1, len(groups) + 1)))
        return tuple(scope for scope in chain if scope in self._days or scope in self._hours)

    def unit_of_day(self, unit: str, day: date) -> str | None:
        """Whose row decides the day for a unit; None: the national rules do."""
        for scope in reversed(self.scopes(unit)):
            if any(row.date == day for row in self._days.get(scope, ())):
                return scope
        return None

    def unit_of_hours(self, unit: str, day: date) -> str | None:
        """Whose row states the office hours of a unit on a day; None: they are those that the software knows."""
        for scope in reversed(self.scopes(unit)):
            if any(hours.applies_on(day) for hours in self._hours.get(scope, ())):
                return scope
        return None

    def overlay(self, scopes: Iterable[str]) -> WorkCalendar:
        """The national calendar under the rows of these scopes."""
        days = {row.date: row for row in NATIONAL_OVERRIDES}
        hours = [WorkingHours()]
        for scope in scopes:
            days |= {row.date: row for row in self._days.get(scope, ())}
            hours += self._hours.get(scope, ())
        return WorkCalendar(hours, days.values())


#: No row at all: the national rules alone.
NATIONAL_TABLE: Final = CalendarTable()
_NATIONAL: Final = WorkCalendar()


def calendar_for(table: CalendarTable, unit: str) -> WorkCalendar:
    """Return the calendar of a unit. Cheap: calendars are kept, and units that share all rows share one."""
    return _calendar(table, table.scopes(unit))


@lru_cache(maxsize=_MOST_KEPT)
def _calendar(table: CalendarTable, scopes: tuple[str, ...]) -> WorkCalendar:
    return table.overlay(scopes) if scopes else _NATIONAL
