"""Running numbers of dossier codes: from 1 each day for each counter, without gaps (TT 01/2018/TT-VPCP Art 19)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class DailyNumber:
    """The last number of a series, and those beyond it that came with a code of their own."""

    last: int = 0
    taken: tuple[int, ...] = ()
    """Numbers above `last` that the national portal or an old register gave out in this series."""

    def next(self) -> DailyNumber:
        """Give out the next number that nobody has."""
        number = self.last + 1
        while number in self.taken:
            number += 1
        return DailyNumber(number, tuple(n for n in self.taken if n > number))

    def take(self, number: int) -> DailyNumber:
        """Note a number given out elsewhere; ours go round it, so that no code stands for two dossiers."""
        if number <= self.last or number in self.taken:
            return self
        last, taken = self.last, {*self.taken, number}
        while last + 1 in taken:  # a series that is all the portal's must not grow with every number of the day
            last += 1
            taken.discard(last)
        return DailyNumber(last, tuple(sorted(taken)))


def series_id(counter: str, day: date) -> str:
    """The series a number belongs to: unit code and day, `H12.970.00-261123`."""
    return f"{counter}-{day:%y%m%d}"


def dossier_code(series: str, number: int) -> str:
    """Mã hồ sơ: at least four digits, more when a day passes 9999."""
    return f"{series}-{number:04d}"


def parts(code: str) -> tuple[str, int]:
    """Series and number of a dossier code."""
    series, _, number = code.rpartition("-")
    return series, int(number)
