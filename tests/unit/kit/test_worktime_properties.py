"""Due dates, divisions and stops: what holds for every receipt, limit and stop."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.kit.worktime import VIET_NAM, LimitUnit, TimeLimit, WorkCalendar, due, resume, split

CALENDAR = WorkCalendar()
MOMENTS = st.datetimes(datetime(2022, 1, 1), datetime(2030, 1, 1), timezones=st.just(VIET_NAM))
UNITS = st.sampled_from([LimitUnit.WORKING_DAYS, LimitUnit.CALENDAR_DAYS, LimitUnit.WORKING_HOURS, LimitUnit.MONTHS])
LIMITS = st.one_of(
    st.builds(TimeLimit, st.integers(1, 40), UNITS),
    st.builds(TimeLimit, st.integers(1, 80).map(lambda n: Decimal(n) / 4), st.just(LimitUnit.WORKING_DAYS)),
    st.just(TimeLimit(1, LimitUnit.SAME_DAY)),
)
STOPS = st.integers(0, 90 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


@given(MOMENTS, LIMITS)
def test_due_is_in_office_time_and_after_receipt(received: datetime, limit: TimeLimit) -> None:
    """Never on a day off, never before the receipt, whole milliseconds, and the trail ends with it."""
    deadline = due(received, limit, CALENDAR)
    assert CALENDAR.is_working_day(deadline.due_at.astimezone(VIET_NAM).date())
    assert deadline.due_at > received
    assert deadline.due_at.microsecond % 1000 == 0
    assert deadline.trail[-1].at == deadline.due_at


@given(MOMENTS, UNITS, st.integers(1, 120), st.integers(0, 120))
def test_a_longer_limit_is_never_due_earlier(received: datetime, unit: LimitUnit, count: int, more: int) -> None:
    """Monotone in the limit, in quarter steps where parts are allowed."""
    parts = 4 if unit in (LimitUnit.WORKING_DAYS, LimitUnit.WORKING_HOURS) else 1
    short, long = (TimeLimit(Decimal(number) / parts, unit) for number in (count, count + more))
    assert due(received, short, CALENDAR).due_at <= due(received, long, CALENDAR).due_at


@given(MOMENTS, STOPS, LIMITS)
def test_a_later_receipt_is_never_due_earlier(received: datetime, later: timedelta, limit: TimeLimit) -> None:
    """Nobody gains by handing in late."""
    assert due(received, limit, CALENDAR).due_at <= due(received + later, limit, CALENDAR).due_at


@given(MOMENTS, LIMITS, st.lists(st.integers(0, 20), min_size=1, max_size=8).filter(any))
def test_split_rises_and_ends_at_the_due_moment(received: datetime, limit: TimeLimit, shares: list[int]) -> None:
    """Steps never overtake one another and together use exactly the procedure's time."""
    due_at = due(received, limit, CALENDAR).due_at
    moments = split(received, due_at, shares, CALENDAR)
    assert moments == sorted(moments)
    assert moments[-1] == due_at
    assert len(moments) == len(shares)


@given(MOMENTS, LIMITS, STOPS, STOPS)
def test_a_stop_never_shortens(received: datetime, limit: TimeLimit, wait: timedelta, length: timedelta) -> None:
    """Nor does a longer stop end earlier than a shorter one, and the new date is a working day."""
    old = due(received, limit, CALENDAR).due_at
    stop = received + wait
    new = resume(old, stop, stop + length, limit, CALENDAR).due_at
    longer = resume(old, stop, stop + length + timedelta(days=1), limit, CALENDAR).due_at
    assert old <= new <= longer
    assert CALENDAR.is_working_day(new.astimezone(VIET_NAM).date())
