"""One calendar year laid out as sorted lists, so that adding or measuring time is a binary search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from services.kit.worktime.days import CalendarDay

#: Opening and closing times of one day in milliseconds since local midnight; empty on a day off.
Windows = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class YearLayout:
    """A year by day of year; times in milliseconds, days as proleptic ordinals.

    Attributes:
        first: 1 January.
        windows: office windows of each day.
        elapsed: office time of the year before each day, and after the last one.
        working: the working days, rising.
        special: the days that break the normal week, rising.
    """

    first: int
    windows: Sequence[Windows]
    elapsed: Sequence[int]
    working: Sequence[int]
    special: Sequence[CalendarDay]

    @property
    def total(self) -> int:
        """Office time of the whole year."""
        return self.elapsed[-1]


def lay_out(rows: Sequence[CalendarDay], windows: Sequence[Windows]) -> YearLayout:
    """Build the layout of a year from its days in order and the office windows of each."""
    first = rows[0].date.toordinal()
    return YearLayout(
        first=first,
        windows=windows,
        elapsed=list(accumulate((sum(end - start for start, end in day) for day in windows), initial=0)),
        working=[first + index for index, day in enumerate(windows) if day],
        special=[row for row in rows if row.breaks_the_week],
    )


def elapsed_at(windows: Windows, ms_of_day: int) -> int:
    """Return the office time of a day that is over at a time of day."""
    return sum(min(ms_of_day, end) - start for start, end in windows if ms_of_day > start)


def clock_after(windows: Windows, worked: int) -> int:
    """Return the earliest time of day by which ``worked`` milliseconds of the day's windows are over."""
    for start, end in windows:
        if worked <= end - start:
            return start + worked
        worked -= end - start
    raise AssertionError("more time asked than the day has")
