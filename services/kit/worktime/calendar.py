"""The working calendar: which days and hours the offices work, and arithmetic on that time.

Every year is laid out once into three sorted lists: the windows of each day, the working time elapsed at the start of
each day, and the working days. Adding or measuring time is then one binary search whatever the distance, which keeps
due dates cheap enough to compute on every message.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Final

from services.kit.worktime.days import CalendarDay, DayKind, WorkingHours
from services.kit.worktime.errors import CalendarError, NotWorkingDayError
from services.kit.worktime.layout import Windows, YearLayout, clock_after, elapsed_at, lay_out
from services.kit.worktime.national import national_days
from services.kit.worktime.overrides import NATIONAL_OVERRIDES
from services.kit.worktime.zone import day_and_ms, moment_at, truncated, whole_ms

#: The five-day week dates from October 1999, so earlier years would need another weekly rule.
FIRST_YEAR: Final = 2000
#: End of the tables of the lunar calendar.
LAST_YEAR: Final = 2099

_WEEKLY_BASIS: Final = "Quyết định 188/1999/QĐ-TTg, Điều 1"


class WorkCalendar:
    """Weekends, public holidays and notices of Viet Nam, with the office hours of one unit.

    Immutable after construction; the cache of laid-out years only grows. One instance may serve many threads: two
    threads laying out the same year produce equal values.
    """

    __slots__ = ("_hours", "_overrides", "_years")

    def __init__(
        self,
        hours: Sequence[WorkingHours] = (WorkingHours(),),
        overrides: Iterable[CalendarDay] = NATIONAL_OVERRIDES,
    ) -> None:
        """Build a calendar.

        Args:
            hours: office hours with their validity; where several apply to a day, the last one listed wins.
            overrides: rows that win over weekends and computed holidays.

        Raises:
            CalendarError: no hours, or two rows for one date.
        """
        if not hours:
            raise CalendarError("a calendar needs office hours")
        rows = tuple(overrides)
        self._hours = tuple(hours)
        self._overrides = {row.date: row for row in rows}
        self._years: dict[int, YearLayout] = {}
        if len(self._overrides) != len(rows):
            raise CalendarError("two override rows for one date")

    def with_overrides(self, rows: Iterable[CalendarDay]) -> WorkCalendar:
        """Return a calendar with more rows, e.g. a province's storm closure; a row replaces an older one of its date.

        Raises:
            CalendarError: two of the new rows are for one date.
        """
        added = tuple(rows)
        if len({row.date for row in added}) != len(added):
            raise CalendarError("two override rows for one date")
        return WorkCalendar(self._hours, {**self._overrides, **{row.date: row for row in added}}.values())

    def day(self, day: date) -> CalendarDay:
        """Return what the day is and why: override, else national holiday, else the five-day week.

        The week of five days and forty hours is that of Quyết định 188/1999/QĐ-TTg, Điều 1.

        Raises:
            CalendarError: the year is outside ``FIRST_YEAR``..``LAST_YEAR``, as for every question about a date.
        """
        _check(day.year)
        row = self._overrides.get(day) or national_days(day.year).get(day)
        if row is not None:
            return row
        kind = DayKind.WORKING_DAY if day.weekday() < 5 else DayKind.WEEKLY_REST
        return CalendarDay(day, kind, _WEEKLY_BASIS)

    def hours_on(self, day: date) -> WorkingHours:
        """Return the office hours in force on a day, whether it is worked or not.

        Raises:
            CalendarError: none are in force.
        """
        for hours in reversed(self._hours):
            if hours.applies_on(day):
                return hours
        raise CalendarError(f"no office hours in force on {day.isoformat()}")

    def is_working_day(self, day: date) -> bool:
        """Whether the offices work on the day."""
        return bool(self._windows(day))

    def working_windows(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return the opening and closing instants of the day in UTC, in order; empty on a day off."""
        number = day.toordinal()
        return [(moment_at(number, start), moment_at(number, end)) for start, end in self._windows(day)]

    def end_of_working_day(self, day: date) -> datetime:
        """Return the closing instant of the office on a working day, in UTC.

        A term of days ends when its last day ends (Bộ luật Dân sự 2015, Điều 148 khoản 1); the office promises its
        own closing time, since nothing can be collected between 17:00 and midnight.

        Raises:
            NotWorkingDayError: the offices are closed that day.
        """
        windows = self._windows(day)
        if not windows:
            raise NotWorkingDayError(f"{day.isoformat()} is not a working day")
        return moment_at(day.toordinal(), windows[-1][1])

    def next_working_moment(self, moment: datetime) -> datetime:
        """Return the moment itself if the office is open then, else the next opening, in UTC.

        Raises:
            NaiveMomentError: the moment has no time zone.
        """
        day, ms = day_and_ms(moment)
        for start, end in self._windows(day):
            if ms < end:
                return moment_at(day.toordinal(), max(ms, start))
        following = self.nth_working_day(day, 1)
        return moment_at(following.toordinal(), self._windows(following)[0][0])

    def add_working_time(self, moment: datetime, duration: timedelta) -> datetime:
        """Return the earliest instant by which ``duration`` of office time has passed since ``moment``.

        Nothing to add gives the next working moment. Used for limits in hours, which run from the minute
        (Bộ luật Dân sự 2015, Điều 147 khoản 1).

        Raises:
            CalendarError: negative duration, or the result lies beyond ``LAST_YEAR``.
            NaiveMomentError: the moment has no time zone.
        """
        added = whole_ms(duration)
        if added < 0:
            raise CalendarError("working time to add must not be negative")
        if added == 0:
            return self.next_working_moment(moment)
        number, target = self._elapsed(moment)
        year = self._year(number)
        target += added
        while target > year.total:
            target -= year.total
            number += 1
            year = self._year(number)
        return _moment(year, target)

    def subtract_working_time(self, moment: datetime, duration: timedelta) -> datetime:
        """Return the earliest instant from which ``duration`` of office time passes until ``moment``.

        For what has to be done in good time before a due date. Nothing to subtract gives the moment itself.

        Raises:
            CalendarError: negative duration, or the result lies before ``FIRST_YEAR``.
            NaiveMomentError: the moment has no time zone.
        """
        removed = whole_ms(duration)
        if removed < 0:
            raise CalendarError("working time to subtract must not be negative")
        number, target = self._elapsed(moment)
        if removed == 0:
            return truncated(moment)
        target -= removed
        while target <= 0:
            number -= 1
            target += self._year(number).total
        return _moment(self._year(number), target)

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Return the office time between two instants; negative if ``end`` is the earlier one.

        Raises:
            NaiveMomentError: a moment has no time zone.
        """
        first_year, first = self._elapsed(start)
        last_year, last = self._elapsed(end)
        low, high = sorted((first_year, last_year))
        between = sum(self._year(number).total for number in range(low, high))
        return timedelta(milliseconds=last - first + (between if first_year <= last_year else -between))

    def nth_working_day(self, day: date, count: int) -> date:
        """Return the ``count``-th working day after ``day``, which itself is not counted.

        This is the counting of Bộ luật Dân sự 2015, Điều 147 khoản 2.

        Raises:
            CalendarError: ``count`` below 1, or beyond ``LAST_YEAR``.
        """
        if count < 1:
            raise CalendarError("working days are counted from 1")
        number = day.year
        year = self._year(number)
        index = bisect_right(year.working, day.toordinal()) + count - 1
        while index >= len(year.working):
            index -= len(year.working)
            number += 1
            year = self._year(number)
        return date.fromordinal(year.working[index])

    def working_day_on_or_after(self, day: date) -> date:
        """Return the day itself if worked, else the next working day (Bộ luật Dân sự 2015, Điều 148 khoản 5)."""
        return day if self.is_working_day(day) else self.nth_working_day(day, 1)

    def working_days_between(self, after: date, until: date) -> int:
        """Return how many working days lie after ``after`` up to and including ``until``; 0 if none do."""
        if until <= after:
            return 0
        low, high = self._year(after.year), self._year(until.year)
        full = sum(len(self._year(number).working) for number in range(after.year, until.year))
        before = bisect_right(low.working, after.toordinal())
        return full - before + bisect_right(high.working, until.toordinal())

    def special_days(self, after: date, until: date) -> list[CalendarDay]:
        """Return the days after ``after`` up to ``until`` that break the normal week: weekdays off, weekends worked."""
        years = [self._year(number).special for number in range(after.year, until.year + 1)]
        return [row for row in chain.from_iterable(years) if after < row.date <= until]

    def _windows(self, day: date) -> Windows:
        year = self._year(day.year)
        return year.windows[day.toordinal() - year.first]

    def _elapsed(self, moment: datetime) -> tuple[int, int]:
        day, ms = day_and_ms(moment)
        year = self._year(day.year)
        index = day.toordinal() - year.first
        return day.year, year.elapsed[index] + elapsed_at(year.windows[index], ms)

    def _year(self, number: int) -> YearLayout:
        year = self._years.get(number)
        if year is None:
            year = self._years[number] = self._lay_out(number)
        return year

    def _lay_out(self, number: int) -> YearLayout:
        _check(number)
        first = date(number, 1, 1).toordinal()
        rows = [self.day(date.fromordinal(day)) for day in range(first, date(number + 1, 1, 1).toordinal())]
        layout = lay_out(rows, [self.hours_on(row.date).windows_ms if row.kind.is_working else () for row in rows])
        if not layout.working:
            raise CalendarError(f"no working day in {number}")
        return layout


def _moment(year: YearLayout, worked: int) -> datetime:
    """The earliest instant by which so much of the year's office time has passed, in milliseconds."""
    index = bisect_left(year.elapsed, worked) - 1
    return moment_at(year.first + index, clock_after(year.windows[index], worked - year.elapsed[index]))


def _check(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise CalendarError(f"year {year} is outside {FIRST_YEAR}..{LAST_YEAR}")
