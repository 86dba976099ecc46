"""Statutory rules of the calendar, each with its article. The numbers are those of the project's list of rules."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from services.kit.worktime import VIET_NAM, DayKind, LimitUnit, TimeLimit, WorkCalendar, due

CALENDAR = WorkCalendar()


def at(year: int, month: int, day: int, hour: int = 9) -> datetime:
    return datetime(year, month, day, hour, tzinfo=VIET_NAM)


class TestRule17:
    """Bộ luật Lao động 2019, Điều 112, and the notices of each year: a term that spans the new year, Tết, or a Saturday
    worked for another day ends on the right day (Bộ luật Dân sự 2015, Điều 147, 148)."""

    @pytest.mark.parametrize(
        ("received", "days", "last"),
        [
            (at(2025, 12, 30), 2, date(2026, 1, 5)),  # 1/1 a holiday, 2/1 swapped
            (at(2025, 12, 31), 6, date(2026, 1, 10)),  # Saturday 10/1 is worked for it
            (at(2026, 2, 12), 5, date(2026, 2, 26)),  # Tết 16-20/2
            (at(2026, 8, 21), 1, date(2026, 8, 22)),  # Saturday 22/8 is worked for 31/8
            (at(2026, 8, 28, 14), 2, date(2026, 9, 4)),  # 31/8 to 2/9
        ],
    )
    def test_the_term_ends_on_the_right_day(self, received: datetime, days: int, last: date) -> None:
        found = due(received, TimeLimit(days, LimitUnit.WORKING_DAYS), CALENDAR)
        assert found.due_at.astimezone(VIET_NAM) == datetime(last.year, last.month, last.day, 17, tzinfo=VIET_NAM)

    @pytest.mark.parametrize("day", [date(2026, 1, 10), date(2026, 8, 22), date(2025, 4, 26)])
    def test_a_saturday_worked_for_another_day_counts_and_says_by_what_notice(self, day: date) -> None:
        assert day.weekday() == 5
        assert CALENDAR.is_working_day(day)
        assert CALENDAR.day(day).kind is DayKind.MAKE_UP_WORK
        assert CALENDAR.day(day).legal_basis

    def test_a_month_over_the_new_year_ends_on_the_same_date_or_the_next_working_day(self) -> None:
        """Bộ luật Dân sự 2015, Điều 148 khoản 3, 5: 2/1/2026 is a day off, so are the 3rd and 4th."""
        found = due(at(2025, 12, 2), TimeLimit(1, LimitUnit.MONTHS), CALENDAR)
        assert found.due_at.astimezone(VIET_NAM).date() == date(2026, 1, 5)
