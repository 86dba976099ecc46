"""The working calendar against the official holiday notices, and its arithmetic."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.worktime import (
    VIET_NAM,
    CalendarDay,
    CalendarError,
    DayKind,
    NaiveMomentError,
    NotWorkingDayError,
    WorkCalendar,
    WorkingHours,
)

CALENDAR = WorkCalendar()
MOMENTS = st.datetimes(datetime(2021, 1, 1), datetime(2030, 12, 1), timezones=st.just(VIET_NAM))
SPANS = st.integers(0, 400 * 3_600_000).map(lambda ms: timedelta(milliseconds=ms))


def local(year: int, month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=VIET_NAM)


def weekdays_off(year: int) -> set[date]:
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(365))
    return {day for day in days if day.weekday() < 5 and not CALENDAR.is_working_day(day)}


def saturdays_worked(year: int) -> set[date]:
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(365))
    return {day for day in days if day.weekday() >= 5 and CALENDAR.is_working_day(day)}


def test_2023_second_national_day_and_day_in_lieu() -> None:
    """Thông báo 5034: Friday 1/9 and Monday 4/9, in lieu of Saturday 2/9."""
    september = {day for day in weekdays_off(2023) if day.month == 9}
    assert september == {date(2023, 9, 1), date(2023, 9, 4)}
    assert CALENDAR.day(date(2023, 9, 4)).kind is DayKind.HOLIDAY_IN_LIEU
    assert saturdays_worked(2023) == set()


def test_2025_days_of_the_official_notice() -> None:
    """Thông báo 6150/TB-BLĐTBXH, all weekdays off of the year."""
    tet = {date(2025, 1, day) for day in range(27, 32)}
    rest = {(1, 1), (4, 7), (4, 30), (5, 1), (5, 2), (9, 1), (9, 2)}
    assert weekdays_off(2025) == tet | {date(2025, *day) for day in rest}
    assert saturdays_worked(2025) == {date(2025, 4, 26)}


def test_2026_days_of_the_official_notices() -> None:
    """Thông báo 9441/TB-BNV, the swap of 2/1 with 10/1 the library lacks, and the new day of 24/11."""
    tet = {date(2026, 2, day) for day in range(16, 21)}
    rest = {(1, 1), (1, 2), (4, 27), (4, 30), (5, 1), (8, 31), (9, 1), (9, 2), (11, 24)}
    assert weekdays_off(2026) == tet | {date(2026, *day) for day in rest}
    assert saturdays_worked(2026) == {date(2026, 1, 10), date(2026, 8, 22)}


@pytest.mark.parametrize(
    ("day", "kind", "basis"),
    [
        (date(2026, 1, 2), DayKind.SWAPPED_REST, "12729/VPCP-KGVX"),
        (date(2026, 1, 10), DayKind.MAKE_UP_WORK, "12729/VPCP-KGVX"),
        (date(2026, 2, 17), DayKind.PUBLIC_HOLIDAY, "9441/TB-BNV"),
        (date(2026, 4, 30), DayKind.PUBLIC_HOLIDAY, "Điều 112"),
        (date(2026, 4, 27), DayKind.HOLIDAY_IN_LIEU, "Điều 111 khoản 3"),
        (date(2026, 11, 24), DayKind.PUBLIC_HOLIDAY, "28/2026/QH16"),
        (date(2026, 11, 22), DayKind.WEEKLY_REST, "188/1999/QĐ-TTg"),
        (date(2026, 11, 23), DayKind.WORKING_DAY, "188/1999/QĐ-TTg"),
        (date(2018, 4, 30), DayKind.PUBLIC_HOLIDAY, "Bộ luật Lao động 2012"),
    ],
)
def test_every_day_names_its_legal_basis(day: date, kind: DayKind, basis: str) -> None:
    """A citizen who asks why a day did not count gets the text that says so."""
    found = CALENDAR.day(day)
    assert found.kind is kind
    assert basis in found.legal_basis


def test_culture_day_has_no_day_in_lieu() -> None:
    """24/11/2029 is a Saturday; the holiday is outside Điều 112, so Monday is worked though the library rests."""
    assert CALENDAR.is_working_day(date(2029, 11, 26))
    assert CALENDAR.is_working_day(date(2030, 11, 25))


def test_a_year_without_notice_is_marked_as_forecast() -> None:
    """The Prime Minister fixes Tết each year, so the days of 2027 are the computed ones until the notice is entered."""
    assert "dự kiến" in CALENDAR.day(date(2027, 2, 8)).legal_basis
    assert not CALENDAR.is_working_day(date(2027, 2, 8))


def test_a_saturday_worked_for_the_next_year_counts_in_its_own_year() -> None:
    """27/12/2014 was worked for 2/1/2015: the notice crosses the new year."""
    assert CALENDAR.is_working_day(date(2014, 12, 27))
    assert not CALENDAR.is_working_day(date(2015, 1, 2))


def test_storm_closure_is_added_as_a_row_and_leaves_the_base_untouched() -> None:
    """A province may close its offices; the row carries the decision."""
    closed = CalendarDay(date(2026, 11, 25), DayKind.EMERGENCY_CLOSURE, "Quyết định của Chủ tịch UBND tỉnh")
    local_calendar = CALENDAR.with_overrides([closed])
    assert not local_calendar.is_working_day(date(2026, 11, 25))
    assert CALENDAR.is_working_day(date(2026, 11, 25))
    assert local_calendar.is_working_day(date(2026, 1, 10))


def test_hours_change_on_their_date() -> None:
    """Office hours have validity dates; the later set wins from its first day."""
    summer = WorkingHours(
        ((time(7), time(11, 30)), (time(13, 30), time(17))), date(2026, 6, 1), date(2026, 8, 31), "QĐ mùa hè"
    )
    calendar = WorkCalendar((WorkingHours(), summer))
    assert calendar.end_of_working_day(date(2026, 5, 29)) == local(2026, 5, 29, 17)
    assert calendar.working_windows(date(2026, 6, 1))[1][0] == local(2026, 6, 1, 13, 30)
    assert calendar.hours_on(date(2026, 6, 1)).legal_basis == "QĐ mùa hè"
    assert calendar.working_windows(date(2026, 9, 3))[1][0] == local(2026, 9, 3, 13)


def test_windows_are_utc_and_empty_on_days_off() -> None:
    """07:00 in Viet Nam is midnight in UTC."""
    windows = CALENDAR.working_windows(date(2026, 11, 23))
    assert windows[0] == (datetime(2026, 11, 23, 0, tzinfo=UTC), datetime(2026, 11, 23, 4, tzinfo=UTC))
    assert windows[1][1].utcoffset() == timedelta()
    assert CALENDAR.working_windows(date(2026, 11, 24)) == []


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (local(2026, 11, 20, 6, 59), local(2026, 11, 20, 7)),
        (local(2026, 11, 20, 9, 30), local(2026, 11, 20, 9, 30)),
        (local(2026, 11, 20, 11), local(2026, 11, 20, 13)),
        (local(2026, 11, 20, 17), local(2026, 11, 23, 7)),
        (local(2025, 12, 31, 18), local(2026, 1, 5, 7)),
    ],
)
def test_next_working_moment(asked: datetime, answer: datetime) -> None:
    """Before opening, open, lunch, closing minute, and across a new year with a swapped day."""
    assert CALENDAR.next_working_moment(asked) == answer


def test_the_fixed_zone_equals_the_tz_database() -> None:
    """UTC+7 all year in every year the calendar covers."""
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    for year in range(2000, 2100):
        for month in (1, 7):
            moment = datetime(year, month, 15, 12, tzinfo=UTC)
            assert moment.astimezone(zone).utcoffset() == moment.astimezone(VIET_NAM).utcoffset()


@given(MOMENTS, SPANS)
def test_adding_then_measuring_agrees(moment: datetime, span: timedelta) -> None:
    """The time added is the time measured, over weekends, Tết and new years, to the millisecond."""
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    reached = CALENDAR.add_working_time(moment, span)
    assert CALENDAR.working_time_between(moment, reached) == span
    assert CALENDAR.working_time_between(reached, moment) == -span
    assert reached.tzinfo is UTC
    assert reached.microsecond % 1000 == 0


@given(MOMENTS, MOMENTS)
def test_measuring_agrees_with_summing_windows(one: datetime, other: datetime) -> None:
    """The binary search gives what walking through every window gives."""
    start, end = sorted(moment.replace(microsecond=0) for moment in (one, other))
    end = min(end, start + timedelta(days=500))
    walked = timedelta()
    day = start.date()
    while day <= end.date():
        for opens, closes in CALENDAR.working_windows(day):
            walked += max(timedelta(), min(closes, end) - max(opens, start))
        day += timedelta(days=1)
    assert CALENDAR.working_time_between(start, end) == walked


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 600))
def test_counting_days_agrees_with_measuring_them(day: date, count: int) -> None:
    """The N-th working day after a day has N working days up to it."""
    reached = CALENDAR.nth_working_day(day, count)
    assert CALENDAR.is_working_day(reached)
    assert CALENDAR.working_days_between(day, reached) == count
    assert CALENDAR.working_days_between(reached, day) == 0


def test_bad_questions_are_refused() -> None:
    """Each refusal has its own error and slug."""
    with pytest.raises(NaiveMomentError):
        CALENDAR.next_working_moment(datetime(2026, 1, 5, 8))
    with pytest.raises(NotWorkingDayError) as caught:
        CALENDAR.end_of_working_day(date(2026, 11, 24))
    assert caught.value.slug == "worktime.not_working_day"
    with pytest.raises(CalendarError):
        CALENDAR.is_working_day(date(1999, 12, 31))
    with pytest.raises(CalendarError):
        CALENDAR.day(date(2100, 1, 1))
    with pytest.raises(CalendarError):
        CALENDAR.nth_working_day(date(2026, 1, 5), 0)
    with pytest.raises(CalendarError):
        CALENDAR.add_working_time(local(2026, 1, 5, 8), timedelta(hours=-1))


def test_contradictory_tables_are_refused() -> None:
    """A calendar with two rows for a day, no hours, or hours that make no sense is not built."""
    row = CalendarDay(date(2026, 3, 2), DayKind.EMERGENCY_CLOSURE, "QĐ")
    with pytest.raises(CalendarError):
        WorkCalendar(overrides=[row, row])
    with pytest.raises(CalendarError):
        CALENDAR.with_overrides([row, row])
    with pytest.raises(CalendarError):
        WorkCalendar(hours=())
    with pytest.raises(CalendarError):
        CalendarDay(date(2026, 3, 2), DayKind.EMERGENCY_CLOSURE, " ")
    with pytest.raises(CalendarError):
        WorkingHours(((time(13), time(17)), (time(7), time(11))))
    with pytest.raises(CalendarError):
        WorkingHours(valid_from=date(2026, 2, 1), valid_until=date(2026, 1, 1))
    with pytest.raises(CalendarError):
        WorkCalendar((WorkingHours(valid_from=date(2026, 7, 1)),)).is_working_day(date(2026, 3, 2))
