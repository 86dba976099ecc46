"""Days fixed by notice, one row each with its legal basis; they win over the computed holidays.

Rows are of two sorts: days where the ``holidays`` library differs from the notice (the pair 2/1 and 10/1/2026), and
days where it agrees but cannot name the notice, which a citizen asking "why this date" is entitled to. A province or
a commune adds its own rows (storm closures) through ``WorkCalendar.with_overrides``; none is invented here.

When a notice changes, new dossiers follow it at once. Open ones keep the return date printed on their slip until an
audited job recomputes them.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from services.kit.worktime.days import CalendarDay, DayKind

_NOTICE_2023: Final = "Thông báo 5034/TB-LĐTBXH"
_NOTICE_2024: Final = "Công văn 2450/VPCP-KGVX năm 2024"
_NOTICE_2025: Final = "Thông báo 6150/TB-BLĐTBXH năm 2024"
_NOTICE_2026: Final = "Thông báo 9441/TB-BNV"
_NEW_YEAR_2026: Final = "Công văn 12729/VPCP-KGVX ngày 25/12/2025"
_HUNG_KINGS_2026: Final = "Bộ luật Lao động 2019, Điều 111 khoản 3; Công văn 3383/BNV-CVL"

NATIONAL_OVERRIDES: Final[tuple[CalendarDay, ...]] = (
    CalendarDay(date(2023, 9, 1), DayKind.PUBLIC_HOLIDAY, _NOTICE_2023, "Quốc khánh"),
    CalendarDay(date(2023, 9, 4), DayKind.HOLIDAY_IN_LIEU, _NOTICE_2023, "Quốc khánh (nghỉ bù)"),
    CalendarDay(date(2024, 4, 29), DayKind.SWAPPED_REST, _NOTICE_2024, "Nghỉ hoán đổi với ngày 04/05/2024"),
    CalendarDay(date(2024, 5, 4), DayKind.MAKE_UP_WORK, _NOTICE_2024, "Làm bù cho ngày 29/04/2024"),
    CalendarDay(date(2025, 1, 27), DayKind.PUBLIC_HOLIDAY, _NOTICE_2025, "Tết Nguyên Đán"),
    CalendarDay(date(2025, 1, 28), DayKind.PUBLIC_HOLIDAY, _NOTICE_2025, "Tết Nguyên Đán"),
    CalendarDay(date(2025, 1, 29), DayKind.PUBLIC_HOLIDAY, _NOTICE_2025, "Tết Nguyên Đán"),
    CalendarDay(date(2025, 1, 30), DayKind.PUBLIC_HOLIDAY, _NOTICE_2025, "Tết Nguyên Đán"),
    CalendarDay(date(2025, 1, 31), DayKind.PUBLIC_HOLIDAY, _NOTICE_2025, "Tết Nguyên Đán"),
    CalendarDay(date(2025, 4, 26), DayKind.MAKE_UP_WORK, _NOTICE_2025, "Làm bù cho ngày 02/05/2025"),
    CalendarDay(date(2025, 5, 2), DayKind.SWAPPED_REST, _NOTICE_2025, "Nghỉ hoán đổi với ngày 26/04/2025"),
    CalendarDay(date(2025, 9, 1), DayKind.PUBLIC_HOLIDAY, _NOTICE_2025, "Quốc khánh"),
    CalendarDay(date(2025, 9, 2), DayKind.PUBLIC_HOLIDAY, _NOTICE_2025, "Quốc khánh"),
    # Missing from the library: the Deputy Prime Minister agreed to the swap on 25/12/2025, a week before it applied.
    CalendarDay(date(2026, 1, 2), DayKind.SWAPPED_REST, _NEW_YEAR_2026, "Nghỉ hoán đổi với ngày 10/01/2026"),
    CalendarDay(date(2026, 1, 10), DayKind.MAKE_UP_WORK, _NEW_YEAR_2026, "Làm bù cho ngày 02/01/2026"),
    CalendarDay(date(2026, 2, 16), DayKind.PUBLIC_HOLIDAY, _NOTICE_2026, "Tết Nguyên Đán"),
    CalendarDay(date(2026, 2, 17), DayKind.PUBLIC_HOLIDAY, _NOTICE_2026, "Tết Nguyên Đán"),
    CalendarDay(date(2026, 2, 18), DayKind.PUBLIC_HOLIDAY, _NOTICE_2026, "Tết Nguyên Đán"),
    CalendarDay(date(2026, 2, 19), DayKind.PUBLIC_HOLIDAY, _NOTICE_2026, "Tết Nguyên Đán"),
    CalendarDay(date(2026, 2, 20), DayKind.PUBLIC_HOLIDAY, _NOTICE_2026, "Tết Nguyên Đán"),
    CalendarDay(date(2026, 4, 27), DayKind.HOLIDAY_IN_LIEU, _HUNG_KINGS_2026, "Ngày Giỗ Tổ Hùng Vương (nghỉ bù)"),
    CalendarDay(date(2026, 8, 22), DayKind.MAKE_UP_WORK, _NOTICE_2026, "Làm bù cho ngày 31/08/2026"),
    CalendarDay(date(2026, 8, 31), DayKind.SWAPPED_REST, _NOTICE_2026, "Nghỉ hoán đổi với ngày 22/08/2026"),
    CalendarDay(date(2026, 9, 1), DayKind.PUBLIC_HOLIDAY, _NOTICE_2026, "Quốc khánh"),
    CalendarDay(date(2026, 9, 2), DayKind.PUBLIC_HOLIDAY, _NOTICE_2026, "Quốc khánh"),
)
