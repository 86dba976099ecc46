"""Dossier codes within a unit of work: the next one of a series, or one that came from elsewhere."""

from __future__ import annotations

from datetime import date, datetime

from contracts.problems import Conflict
from services.intake.domain.numbering import DailyNumber, dossier_code, parts, series_id
from services.intake.store import DOSSIERS, NUMBERS
from services.kit.clock import VIETNAM
from services.kit.work import Work


def series_of(counter: str, at: datetime) -> str:
    """The series of a counter's day."""
    try:
        day = at.astimezone(VIETNAM).date()
    except OverflowError:  # the last hours of the year 9999 have no date in Viet Nam; the decision refuses them
        day = date.max
    return series_id(counter, day)


def next_code(work: Work, series: str) -> str:
    """Give out the next number of the series."""
    number = (work.get(NUMBERS, series) or DailyNumber()).next()
    work.put(NUMBERS, series, number)
    return dossier_code(series, number.last)


def take_code(work: Work, code: str) -> None:
    """Keep a code that the national portal or an old register gave out; our numbering goes round it.

    Raises: Conflict `code-taken`: another dossier has it.
    """
    if work.get(DOSSIERS, code) is not None:
        raise Conflict("code-taken", "Mã hồ sơ này đã thuộc về một hồ sơ khác.")
    series, number = parts(code)
    before = work.get(NUMBERS, series) or DailyNumber()
    if number <= before.last:
        raise Conflict("code-taken", "Mã hồ sơ này đã thuộc về một hồ sơ khác.")
    after = before.take(number)
    if after != before:
        work.put(NUMBERS, series, after)
