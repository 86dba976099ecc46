"""Public holidays of the whole country, taken from the ``holidays`` library and given their legal basis.

The library computes the lunar dates and the days in lieu; where an official notice decided otherwise, or where it
can name the notice, a row of ``overrides`` wins. Days after ``ANNOUNCED_THROUGH`` are a forecast: the Prime Minister
fixes the Tết days and the second day of Quốc khánh each year (Bộ luật Lao động 2019, Điều 112 khoản 3).
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

import holidays

from services.kit.worktime.days import CalendarDay, DayKind

#: Last year whose official notice is in the override table. Raise it when the next notice is entered there.
ANNOUNCED_THROUGH: Final = 2026

_IN_LIEU_MARK: Final = " (nghỉ bù)"
_SWAPPED_MARK: Final = "Ngày nghỉ (thay cho ngày"
_CULTURE_DAY: Final = "Ngày Văn hóa Việt Nam"


@lru_cache(maxsize=256)
def national_days(year: int) -> dict[date, CalendarDay]:
    """Return the days of ``year`` that national rules take out of the normal week, by date.

    Includes holidays that fall on a weekend, days in lieu (Điều 111 khoản 3), days swapped by notice and the
    Saturdays worked for them. Neighbouring years are read too: a notice may swap a day across the new year.
    The result is shared between calls and must not be changed.
    """
    table = holidays.country_holidays("VN", years=range(year - 1, year + 2), language="vi")
    days: dict[date, CalendarDay] = {}
    for day, name in table.items():
        if day.year == year and (row := _holiday(day, name)) is not None:
            days[day] = row
    for day in table.weekend_workdays:
        if day.year == year:
            days[day] = CalendarDay(day, DayKind.MAKE_UP_WORK, _notice(year), "Ngày làm bù")
    return days


def _holiday(day: date, name: str) -> CalendarDay | None:
    if name.startswith(_SWAPPED_MARK):
        return CalendarDay(day, DayKind.SWAPPED_REST, _notice(day.year), name)
    in_lieu = _IN_LIEU_MARK in name
    if _CULTURE_DAY in name:
        # The library gives this day a day in lieu on weekends (first in 2029). The resolution grants one paid day
        # outside Điều 112, and Điều 111 khoản 3 gives days in lieu only for the holidays of Điều 112.
        basis = "Nghị quyết 28/2026/QH16, Điều 2"
        return None if in_lieu else CalendarDay(day, DayKind.PUBLIC_HOLIDAY, basis, name)
    kind = DayKind.HOLIDAY_IN_LIEU if in_lieu else DayKind.PUBLIC_HOLIDAY
    return CalendarDay(day, kind, _labour_code(day.year, in_lieu) + _forecast(day.year), name)


def _labour_code(year: int, in_lieu: bool) -> str:
    """Return the article of the Labour Code in force: codes of 1994, 2012 (from 2013-05) and 2019 (from 2021)."""
    if year >= 2021:
        return "Bộ luật Lao động 2019, Điều 111 khoản 3" if in_lieu else "Bộ luật Lao động 2019, Điều 112"
    return "Bộ luật Lao động 2012, Điều 115" if year >= 2013 else "Bộ luật Lao động 1994, Điều 73"


def _notice(year: int) -> str:
    return f"Thông báo hoán đổi ngày làm việc năm {year}"


def _forecast(year: int) -> str:
    return " (dự kiến, chưa có thông báo năm)" if year > ANNOUNCED_THROUGH else ""
