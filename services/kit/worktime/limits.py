"""Time limits of procedures: value, unit, and reading them from the catalogue of procedures.

Units follow the wording of the law: "ngày làm việc" counts working days, "ngày" alone counts calendar days, both
occur side by side in decisions. "giờ" is read as working hours: administrative acts are done in office hours and the
internal processes published by provinces equate 8 hours with one working day (168 giờ = 21 ngày, Nghệ An 1.012994).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from services.kit.worktime.errors import LimitError

#: Length of one working day where a part of a day is stated (Bộ luật Lao động 2019, Điều 105).
HOURS_PER_WORKING_DAY: Final = 8
#: After this time of day a same-day procedure may be finished the next working day (NĐ 23/2015/NĐ-CP, Điều 7).
SAME_DAY_CUTOFF: Final = time(15)


class LimitUnit(StrEnum):
    """Units in which a procedure's time limit is stated."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    WORKING_HOURS = "working_hours"
    MONTHS = "months"
    SAME_DAY = "same_day"

    @property
    def label_vi(self) -> str:
        """The wording used in the catalogue of procedures."""
        return _LABELS_VI[self]


_LABELS_VI: Final[dict[LimitUnit, str]] = {
    LimitUnit.WORKING_DAYS: "ngày làm việc",
    LimitUnit.CALENDAR_DAYS: "ngày",
    LimitUnit.WORKING_HOURS: "giờ làm việc",
    LimitUnit.MONTHS: "tháng",
    LimitUnit.SAME_DAY: "trong ngày",
}
_UNITS: Final[dict[str, LimitUnit]] = {
    **{label: unit for unit, label in _LABELS_VI.items()},
    **{unit.value: unit for unit in LimitUnit},
    "giờ": LimitUnit.WORKING_HOURS,
    "trong ngày làm việc": LimitUnit.SAME_DAY,
}
# "sau 15 giờ" is a time of day, not a duration; "02 (hai) giờ" repeats the number in words.
_STATED: Final = re.compile(
    r"(?<!sau )(?<![\d.,/])(\d+(?:[.,]\d+)?)\s*(?:\([^)\d]*\)\s*)?"
    r"(ngày làm việc|giờ làm việc|ngày|giờ|tháng)\b(?!\s*\d)"
)
_SAME_DAY_TEXT: Final = re.compile(r"\btrong ngày\b")


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """How long the agencies have.

    Attributes:
        value: number of units, above zero; always 1 for ``SAME_DAY``. Stored as ``Decimal``.
        unit: what is counted.
        cutoff: for ``SAME_DAY``, the local time after which the next working day is allowed. It belongs to the
            procedure: 15:00 for certification (NĐ 23/2015/NĐ-CP, Điều 7), other decrees set their own.

    Raises:
        LimitError: value not above zero, a fraction of calendar days or months, or a same-day limit other than 1.
    """

    value: Decimal | float
    unit: LimitUnit
    cutoff: time = SAME_DAY_CUTOFF

    def __post_init__(self) -> None:
        value = _decimal(self.value)
        if value <= 0:
            raise LimitError(f"a time limit must be above zero, got {value}")
        if self.unit in (LimitUnit.CALENDAR_DAYS, LimitUnit.MONTHS) and value != int(value):
            raise LimitError(f"{value} {self.unit.label_vi}: parts of calendar days or months are not defined by law")
        if self.unit is LimitUnit.SAME_DAY and value != 1:
            raise LimitError(f"a same-day limit has the value 1, got {value}")
        object.__setattr__(self, "value", value)

    @property
    def amount(self) -> Decimal:
        """The value as an exact number."""
        return _decimal(self.value)

    @property
    def whole(self) -> int:
        """Whole units, without the fraction."""
        return int(self.amount)

    @property
    def hours(self) -> timedelta:
        """The part counted in working hours.

        All of an hour limit, and the fraction of a limit in working days at 8 hours a day: 0.5 working days are
        4 working hours, 1.5 are one day and 4 hours. Zero for the other units.
        """
        if self.unit is LimitUnit.WORKING_HOURS:
            return _hours(self.amount)
        if self.unit is LimitUnit.WORKING_DAYS:
            return _hours((self.amount - self.whole) * HOURS_PER_WORKING_DAY)
        return timedelta()

    @property
    def label_vi(self) -> str:
        """The limit as printed on a receipt, e.g. ``3 ngày làm việc``."""
        if self.unit is LimitUnit.SAME_DAY:
            return self.unit.label_vi
        return f"{self.amount.normalize():f} {self.unit.label_vi}".replace(".", ",", 1)

    @classmethod
    def from_columns(cls, value: str, unit: str) -> TimeLimit | None:
        """Read the catalogue columns ``time_limit_value`` and ``time_limit_unit``.

        Returns ``None`` if both are blank: the source states no single limit and the importer must ask.

        Raises:
            LimitError: one column blank, unknown unit, or a value that is no usable number ("0 giờ" occurs).
        """
        number, wording = _plain(value), _plain(unit)
        if not number and not wording:
            return None
        if wording not in _UNITS:
            raise LimitError(f"unknown unit of time limit: {unit!r}")
        return cls(_decimal(number), _UNITS[wording])

    @classmethod
    def parse(cls, text: str) -> TimeLimit:
        """Read one limit from a sentence, e.g. ``Không quá 02 (hai) giờ làm việc``.

        Raises:
            LimitError: the text states no limit, or several different ones.
        """
        plain = _plain(text)
        found = {cls(_decimal(number), _UNITS[unit]) for number, unit in _STATED.findall(plain)}
        if _SAME_DAY_TEXT.search(plain):
            found.add(cls(Decimal(1), LimitUnit.SAME_DAY))
        if len(found) != 1:
            raise LimitError(f"{len(found)} time limits stated in {text!r}, exactly one is needed")
        return found.pop()


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def _decimal(value: Decimal | float | str) -> Decimal:
    try:
        # Through str: 0.1 as a float must mean one tenth, not its binary neighbour.
        number = Decimal(str(value).replace(",", "."))
    except InvalidOperation:
        raise LimitError(f"not a number: {value!r}") from None
    if not number.is_finite():
        raise LimitError(f"not a finite number: {value!r}")
    return number


def _hours(amount: Decimal) -> timedelta:
    return timedelta(milliseconds=int(amount * 3_600_000))
