"""Running numbers of dossier codes: from 1 each day for each counter, without gaps (TT 01/2018/TT-VPCP Art 19)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class DailyNumber:
    """The last number a counter gave out on a day."""

    last: int = 0

    def next(self) -> DailyNumber:
        return DailyNumber(self.last + 1)


def series_id(counter: str, day: date) -> str:
    """The series a number belongs to: unit code and day, `H12.970.00-261123`."""
    return f"{counter}-{day:%y%m%d}"


def dossier_code(series: str, number: int) -> str:
    """Mã hồ sơ: at least four digits, more when a day passes 9999."""
    return f"{series}-{number:04d}"
