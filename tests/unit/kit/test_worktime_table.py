"""Rows by unit over the national calendar: which apply to whom, and what they do to due dates."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.worktime import (
    EVERYBODY,
    NATIONAL_TABLE,
    VIET_NAM,
    CalendarDay,
    CalendarEdition,
    CalendarError,
    CalendarTable,
    DayKind,
    DayRow,
    HoursRow,
    LimitUnit,
    TimeLimit,
    WorkCalendar,
    WorkingHours,
    calendar_for,
    due,
    explain,
    from_message,
    provisional,
    table_of,
    to_message,
)

PROVINCE, DISTRICT, COMMUNE, NEIGHBOUR, DESK = "H12", "H12.970", "H12.970.101", "H12.970.102", "H12.970.101.00"
STORM = CalendarDay(date(2026, 11, 25), DayKind.EMERGENCY_CLOSURE, "QĐ 10/QĐ-UBND", "Nghỉ bão")
FROM_SEVEN_THIRTY = ((time(7), time(11, 30)), (time(13, 30), time(17)))
MOMENTS = st.datetimes(datetime(2022, 1, 1), datetime(2030, 1, 1), timezones=st.just(VIET_NAM))
UNITS = st.sampled_from([LimitUnit.WORKING_DAYS, LimitUnit.CALENDAR_DAYS, LimitUnit.WORKING_HOURS, LimitUnit.MONTHS])
LIMITS = st.one_of(
    st.builds(TimeLimit, st.integers(1, 40), UNITS),
    st.builds(TimeLimit, st.sampled_from([0.5, 1.5, 2.25]), st.just(LimitUnit.WORKING_DAYS)),
    st.just(TimeLimit(1, LimitUnit.SAME_DAY)),
)
CLOSURES = st.sampled_from(
    [DayKind.PUBLIC_HOLIDAY, DayKind.HOLIDAY_IN_LIEU, DayKind.SWAPPED_REST, DayKind.EMERGENCY_CLOSURE]
)


def at(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=VIET_NAM)


def days(count: float) -> TimeLimit:
    return TimeLimit(count, LimitUnit.WORKING_DAYS)


def table(*rows: DayRow | HoursRow, version: int = 1) -> CalendarTable:
    return CalendarTable(
        version,
        tuple(row for row in rows if isinstance(row, DayRow)),
        tuple(row for row in rows if isinstance(row, HoursRow)),
    )


def off(day: date, kind: DayKind = DayKind.EMERGENCY_CLOSURE) -> CalendarDay:
    return CalendarDay(day, kind, "QĐ thử")


def test_a_storm_closes_one_commune_and_nobody_else() -> None:
    """Day of receipt Tue 24/11 is a holiday of all; the commune also rests on Wed 25/11, its neighbour works."""
    closed = table(DayRow(STORM, COMMUNE))
    received = at(2026, 11, 23, 9)
    assert due(received, days(1), calendar_for(closed, COMMUNE)).due_at == at(2026, 11, 26, 17)
    assert due(received, days(1), calendar_for(closed, DESK)).due_at == at(2026, 11, 26, 17)
    for unit in (NEIGHBOUR, DISTRICT, PROVINCE, "H12.970.1011"):
        assert due(received, days(1), calendar_for(closed, unit)).due_at == at(2026, 11, 25, 17)


def test_the_closure_stands_in_the_explanation_with_its_decision() -> None:
    sentence = explain(due(at(2026, 11, 23, 9), days(1), calendar_for(table(DayRow(STORM, COMMUNE)), COMMUNE)).trail)
    assert "nghỉ thứ Tư ngày 25/11/2026: Nghỉ bão (QĐ 10/QĐ-UBND)" in sentence


def test_rows_of_all_above_apply_and_the_longest_code_wins() -> None:
    """The district closes; the commune works all the same; the province's row for another day applies to both."""
    works = CalendarDay(STORM.date, DayKind.MAKE_UP_WORK, "QĐ của xã")
    found = table(DayRow(off(date(2026, 11, 26)), PROVINCE), DayRow(STORM, DISTRICT), DayRow(works, COMMUNE))
    assert found.scopes(DESK) == (PROVINCE, DISTRICT, COMMUNE)
    commune, neighbour = calendar_for(found, COMMUNE), calendar_for(found, NEIGHBOUR)
    assert commune.is_working_day(STORM.date)
    assert not neighbour.is_working_day(STORM.date)
    assert not commune.is_working_day(date(2026, 11, 26))
    assert found.unit_of_day(DESK, STORM.date) == COMMUNE
    assert found.unit_of_day(NEIGHBOUR, STORM.date) == DISTRICT
    assert found.unit_of_day(COMMUNE, date(2026, 11, 27)) is None


def test_rows_for_everybody_stand_over_the_national_rules() -> None:
    """The Prime Minister fixes Tết each year: the notice replaces what the software computed (BLLĐ 2019, Điều 112)."""
    computed = date(2027, 2, 8)
    assert not WorkCalendar().is_working_day(computed)
    notice = table(DayRow(CalendarDay(computed, DayKind.MAKE_UP_WORK, "Thông báo năm 2027"), EVERYBODY))
    assert calendar_for(notice, DISTRICT).is_working_day(computed)
    assert calendar_for(notice, DISTRICT).day(date(2026, 8, 22)).kind is DayKind.MAKE_UP_WORK


def test_an_agency_has_hours_of_its_own_from_their_date_on() -> None:
    """07:00-11:30 and 13:30-17:00 for one unit from 1/6/2026; before, and for others, 07:00-11:00 and 13:00-17:00."""
    own = WorkingHours(FROM_SEVEN_THIRTY, date(2026, 6, 1), None, "QĐ giờ làm việc")
    found = table(HoursRow(own, DISTRICT))
    agency, other = calendar_for(found, DISTRICT), calendar_for(found, "H12.971")
    eight_hours = TimeLimit(8, LimitUnit.WORKING_HOURS)
    assert due(at(2026, 6, 8, 11, 15), eight_hours, agency).due_at == at(2026, 6, 9, 11, 15)
    assert due(at(2026, 6, 8, 11, 15), eight_hours, other).due_at == at(2026, 6, 9, 11)
    assert due(at(2026, 6, 8, 13, 10), eight_hours, agency).due_at == at(2026, 6, 9, 11, 30)
    assert agency.hours_on(date(2026, 5, 29)).windows[0] == (time(7), time(11))
    assert other.hours_on(date(2026, 6, 8)).windows[0] == (time(7), time(11))
    assert found.unit_of_hours(COMMUNE, date(2026, 6, 8)) == DISTRICT
    assert found.unit_of_hours(COMMUNE, date(2026, 5, 29)) is None


def test_hours_of_a_season_come_and_go_and_the_nearer_unit_wins() -> None:
    """Of one unit those that came into force last; of two units those of the longer code."""
    summer = WorkingHours(((time(6), time(12)),), date(2026, 6, 1), date(2026, 8, 31), "QĐ mùa hè")
    always = WorkingHours(FROM_SEVEN_THIRTY, date(2026, 1, 1), None, "QĐ chung")
    commune = WorkingHours(((time(8), time(16)),), date(2025, 1, 1), None, "QĐ của xã")
    found = table(HoursRow(summer, DISTRICT), HoursRow(always, DISTRICT), HoursRow(commune, COMMUNE))
    district = calendar_for(found, DISTRICT)
    closing = [district.end_of_working_day(date(2026, month, 15)).astimezone(VIET_NAM).hour for month in (5, 6, 9)]
    assert closing == [17, 12, 17]
    assert calendar_for(found, COMMUNE).hours_on(date(2026, 6, 15)).legal_basis == "QĐ của xã"


def test_a_saturday_worked_by_one_district_shortens_its_terms_only() -> None:
    """Fri 4/12/2026 with 2 working days: Sat 5/12 is worked here, so Mon; elsewhere Tue."""
    saturday = table(DayRow(CalendarDay(date(2026, 12, 5), DayKind.MAKE_UP_WORK, "QĐ làm bù"), DISTRICT))
    received = at(2026, 12, 4, 9)
    here = due(received, days(2), calendar_for(saturday, COMMUNE))
    assert here.due_at == at(2026, 12, 7, 17)
    assert "có làm việc thứ Bảy ngày 05/12/2026 (QĐ làm bù)" in explain(here.trail)
    assert due(received, days(2), calendar_for(saturday, "H12.971")).due_at == at(2026, 12, 8, 17)


def test_a_term_over_new_year_meets_rows_of_both_years() -> None:
    """Received Wed 30/12/2026 with 3 working days: 31/12 closed by the district, 1/1 holiday, 4/1 closed too."""
    found = table(DayRow(off(date(2026, 12, 31)), DISTRICT), DayRow(off(date(2027, 1, 4)), DISTRICT))
    received = at(2026, 12, 30, 9)
    assert due(received, days(3), calendar_for(found, DISTRICT)).due_at == at(2027, 1, 7, 17)
    assert due(received, days(3), WorkCalendar()).due_at == at(2027, 1, 5, 17)


def test_a_morning_only_is_hours_of_that_one_day() -> None:
    """A worked Saturday on which the desk is open until 11:00."""
    saturday = date(2026, 12, 5)
    morning = WorkingHours(((time(7), time(11)),), saturday, saturday, "QĐ làm bù")
    worked = CalendarDay(saturday, DayKind.MAKE_UP_WORK, "QĐ làm bù")
    calendar = calendar_for(table(DayRow(worked, DESK), HoursRow(morning, DESK)), DESK)
    assert calendar.end_of_working_day(saturday) == at(2026, 12, 5, 11)
    assert calendar.end_of_working_day(date(2026, 12, 7)) == at(2026, 12, 7, 17)


def test_two_rows_of_a_unit_for_one_date_are_refused() -> None:
    """Two units may well say something of one date."""
    hours = WorkingHours(valid_from=date(2026, 1, 1))
    with pytest.raises(CalendarError):
        table(DayRow(STORM, DISTRICT), DayRow(STORM, DISTRICT))
    with pytest.raises(CalendarError):
        table(HoursRow(hours), HoursRow(hours))
    assert table(DayRow(STORM, DISTRICT), DayRow(STORM, COMMUNE)).scopes(COMMUNE) == (DISTRICT, COMMUNE)


def test_units_without_rows_of_their_own_share_a_calendar() -> None:
    """A province has thousands of units; each calendar lays out its years once."""
    found = table(DayRow(STORM, DISTRICT))
    assert calendar_for(found, COMMUNE) is calendar_for(found, NEIGHBOUR) is calendar_for(found, DISTRICT)
    assert calendar_for(found, PROVINCE) is calendar_for(NATIONAL_TABLE, "H99")
    assert calendar_for(found, COMMUNE) is not calendar_for(found, PROVINCE)


def test_a_version_survives_the_form_in_which_it_travels() -> None:
    """Message, text, rows: nothing is lost, and the same text is read once."""
    morning = WorkingHours(((time(7), time(11)),), date(2026, 12, 5), date(2026, 12, 5), "QĐ làm bù")
    before = table(
        DayRow(STORM, COMMUNE), DayRow(off(date(2027, 1, 4))), HoursRow(morning, DESK),
        HoursRow(WorkingHours(FROM_SEVEN_THIRTY, date(2026, 6, 1), None, "QĐ")), version=7,
    )  # fmt: skip
    content = json.dumps({"version": 7, "published_at": "2026-11-22T03:00:00.000Z", **to_message(before)})
    edition = CalendarEdition(7, at(2026, 11, 22, 10), content)
    after = table_of(edition)
    assert (after.version, after.days, after.hours) == (7, before.days, before.hours)
    assert table_of(CalendarEdition(7, at(2026, 11, 22, 10), str(content))) is after
    assert table_of(None) is NATIONAL_TABLE
    assert from_message({"version": 1}).rows == ()


def test_a_provisional_date_says_so_before_the_date() -> None:
    """NĐ 309/2026/NĐ-CP Điều 17 khoản 3: the limit runs from the competent agency's receipt."""
    counted = due(at(2026, 11, 16, 9), days(3), WorkCalendar())
    said = provisional(counted)
    assert said.due_at == counted.due_at
    assert [step.kind.value for step in said.trail[-2:]] == ["provisional", "due"]
    assert "Nghị định 309/2026/NĐ-CP, Điều 17 khoản 3" in explain(said.trail)


@given(MOMENTS, LIMITS, st.sets(st.integers(-5, 120), max_size=12), CLOSURES, st.integers(-3, 120))
def test_a_day_off_more_never_makes_a_due_date_earlier(
    received: datetime, limit: TimeLimit, closed: set[int], kind: DayKind, another: int
) -> None:
    """Whatever else is closed already, and whichever kind of closure it is."""
    days_off = {received.date() + timedelta(days=number): kind for number in closed}
    before = table(*(DayRow(off(day, kind), DISTRICT) for day in days_off))
    extra = received.date() + timedelta(days=another)
    after = table(*(DayRow(off(day, kind), DISTRICT) for day in {*days_off, extra}))
    early, late = (due(received, limit, calendar_for(found, COMMUNE)).due_at for found in (before, after))
    assert early <= late


@given(MOMENTS, LIMITS, st.sampled_from([PROVINCE, DISTRICT, COMMUNE, DESK]))
def test_a_table_without_rows_is_the_national_calendar(received: datetime, limit: TimeLimit, unit: str) -> None:
    """Also for a unit that has rows elsewhere in the table, though none for it."""
    national = due(received, limit, WorkCalendar())
    assert due(received, limit, calendar_for(NATIONAL_TABLE, unit)) == national
    assert due(received, limit, calendar_for(table(DayRow(STORM, "H12.971")), unit)) == national
