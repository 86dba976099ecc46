"""What a single day is: its kind, its legal basis and the office hours that apply to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from itertools import pairwise
from typing import Final

from services.kit.worktime.errors import CalendarError


class DayKind(StrEnum):
    """Kinds of days. The four words of the holiday notices are nghỉ lễ, nghỉ bù, hoán đổi nghỉ and làm bù."""

    WORKING_DAY = "working_day"
    MAKE_UP_WORK = "make_up_work"
    WEEKLY_REST = "weekly_rest"
    PUBLIC_HOLIDAY = "public_holiday"
    HOLIDAY_IN_LIEU = "holiday_in_lieu"
    SWAPPED_REST = "swapped_rest"
    EMERGENCY_CLOSURE = "emergency_closure"

    @property
    def is_working(self) -> bool:
        """Whether the offices work on a day of this kind."""
        return self in _WORKING_KINDS

    @property
    def label_vi(self) -> str:
        """The Vietnamese term."""
        return _LABELS_VI[self]


_WORKING_KINDS: Final = frozenset({DayKind.WORKING_DAY, DayKind.MAKE_UP_WORK})
_LABELS_VI: Final[dict[DayKind, str]] = {
    DayKind.WORKING_DAY: "ngày làm việc",
    DayKind.MAKE_UP_WORK: "ngày làm bù",
    DayKind.WEEKLY_REST: "ngày nghỉ hằng tuần",
    DayKind.PUBLIC_HOLIDAY: "ngày nghỉ lễ, tết",
    DayKind.HOLIDAY_IN_LIEU: "ngày nghỉ bù",
    DayKind.SWAPPED_REST: "ngày nghỉ hoán đổi",
    DayKind.EMERGENCY_CLOSURE: "ngày ngừng làm việc do thiên tai, dịch bệnh",
}


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day of the calendar with the text that makes it so.

    Attributes:
        date: the day in Viet Nam.
        kind: what the offices do on it.
        legal_basis: law, notice or decision, as it is quoted to citizens.
        name: the holiday's Vietnamese name, or empty.
    """

    date: date
    kind: DayKind
    legal_basis: str
    name: str = ""

    def __post_init__(self) -> None:
        if not self.legal_basis.strip():
            raise CalendarError(f"calendar row {self.date.isoformat()} states no legal basis")

    @property
    def breaks_the_week(self) -> bool:
        """Whether the day differs from its weekday: a weekday off, or a Saturday or Sunday worked."""
        return self.kind.is_working != (self.date.weekday() < 5)

    @property
    def label_vi(self) -> str:
        """The name if the day has one, else the term of its kind."""
        return self.name or self.kind.label_vi


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """Office hours in force between two dates.

    The default is the reception time of Cà Mau, 07:00-11:00 and 13:00-17:00 (QĐ 01763/QĐ-UBND and QĐ 01779/QĐ-UBND
    of 2025), eight hours, the maximum of a normal day (Bộ luật Lao động 2019, Điều 105). Windows are half open:
    a file handed in at the closing minute is received when the office opens again.

    Attributes:
        windows: opening and closing times, local wall clock, in order and not touching.
        valid_from: first day these hours apply, inclusive.
        valid_until: last day they apply, inclusive; ``None`` while in force.
        legal_basis: decision that set the hours.

    Raises:
        CalendarError: no window, a window that ends before it starts, windows out of order, or dates reversed.
    """

    windows: tuple[tuple[time, time], ...] = ((time(7), time(11)), (time(13), time(17)))
    valid_from: date = date.min
    valid_until: date | None = None
    legal_basis: str = "QĐ 01763/QĐ-UBND và QĐ 01779/QĐ-UBND năm 2025 của UBND tỉnh Cà Mau"
    windows_ms: tuple[tuple[int, int], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        spans = tuple((_ms(start), _ms(end)) for start, end in self.windows)
        edges = [edge for span in spans for edge in span]
        if not edges or any(earlier >= later for earlier, later in pairwise(edges)):
            raise CalendarError("office hours must be rising, non-empty windows that do not touch")
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise CalendarError("office hours end before they start")
        object.__setattr__(self, "windows_ms", spans)

    def applies_on(self, day: date) -> bool:
        """Whether these hours are in force on the day."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


def _ms(clock: time) -> int:
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * 1000 + clock.microsecond // 1000
