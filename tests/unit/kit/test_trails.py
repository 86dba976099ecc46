"""Reasons of a due date as they travel: every one fits the contract, however long the limit."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import TypeAdapter

from contracts.events.base import Trail
from services.kit import trails
from services.kit.worktime import (
    VIET_NAM,
    CalendarDay,
    CalendarTable,
    DayKind,
    DayRow,
    LimitUnit,
    TimeLimit,
    TrailKind,
    TrailStep,
    WorkCalendar,
    calendar_for,
    due,
)

RECEIVED = datetime(2026, 11, 20, 15, 40, tzinfo=VIET_NAM)
FITS = TypeAdapter(Trail)


def test_each_step_is_a_line_with_its_law() -> None:
    found = trails.lines(due(RECEIVED, TimeLimit(3, LimitUnit.WORKING_DAYS), WorkCalendar()).trail)
    assert [line.kind for line in found] == ["received", "first-day-excluded", "limit", "day-off", "due"]
    assert found[1].legal_basis == "Bộ luật Dân sự 2015, Điều 147 khoản 2"
    assert found[0].legal_basis is None
    assert found[-1].text == "hạn trả kết quả là 17:00 thứ Năm ngày 26/11/2026"


def test_a_limit_of_decades_passes_more_holidays_than_fit() -> None:
    """The first days off are named, the others counted, and the end is the date itself."""
    trail = due(RECEIVED, TimeLimit(600, LimitUnit.MONTHS), WorkCalendar()).trail
    assert len(trail) > trails.MOST_LINES
    found = trails.lines(trail)
    FITS.validate_python(found)
    assert len(found) == trails.MOST_LINES
    assert (found[0].kind, found[-1].kind) == ("received", "due")
    gone = len(trail) - trails.MOST_LINES + 1
    assert found[-2].text == f"và {gone} ngày nghỉ, ngày làm bù khác"


def test_a_trail_of_stops_alone_keeps_its_beginning_and_its_end() -> None:
    stops = tuple(TrailStep(TrailKind.STOPPED, RECEIVED, f"dừng {number}") for number in range(200))
    found = trails.lines((*stops, TrailStep(TrailKind.DUE, RECEIVED, "hạn")))
    assert len(found) == trails.MOST_LINES
    assert (found[0].text, found[-1].text) == ("dừng 0", "hạn")


def test_the_longest_name_and_basis_that_a_calendar_may_hold_fit() -> None:
    row = DayRow(CalendarDay(date(2026, 11, 23), DayKind.EMERGENCY_CLOSURE, "Q" * 500, "N" * 500))
    calendar = calendar_for(CalendarTable(1, (row,)), "H12")
    found = trails.lines(due(RECEIVED, TimeLimit(1, LimitUnit.WORKING_DAYS), calendar).trail)
    FITS.validate_python(found)
    [closed] = [line for line in found if line.legal_basis == "Q" * 500]
    assert len(closed.text) == 500
    assert closed.text.endswith("…")
