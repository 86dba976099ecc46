"""Due dates: the vectors of the design, and each clause of the law."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.kit.worktime import (
    VIET_NAM,
    DeadlineError,
    LimitUnit,
    NaiveMomentError,
    Outcome,
    TimeLimit,
    TrailKind,
    WorkCalendar,
    due,
    explain,
    outcome,
    resume,
    split,
)

CALENDAR = WorkCalendar()


def local(year: int, month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=VIET_NAM)


def days(count: float) -> TimeLimit:
    return TimeLimit(count, LimitUnit.WORKING_DAYS)


def hours(count: float) -> TimeLimit:
    return TimeLimit(count, LimitUnit.WORKING_HOURS)


@pytest.mark.parametrize(
    ("received", "limit", "expected"),
    [
        (local(2026, 11, 20, 9, 30), days(3), local(2026, 11, 26, 17)),
        (local(2026, 11, 23, 15, 30), days(1), local(2026, 11, 25, 17)),
        (local(2026, 2, 12, 10), days(5), local(2026, 2, 26, 17)),
        (local(2026, 8, 21, 9), days(3), local(2026, 8, 25, 17)),
        (local(2026, 8, 28, 14), days(2), local(2026, 9, 4, 17)),
        (local(2026, 4, 24, 8), days(2), local(2026, 4, 29, 17)),
        (local(2026, 4, 29, 10, 30), days(5), local(2026, 5, 8, 17)),
        (local(2026, 11, 23, 16), days(0.5), local(2026, 11, 25, 10)),
        (local(2026, 11, 22, 10), days(1), local(2026, 11, 25, 17)),
        (local(2026, 11, 20, 16, 30), hours(8), local(2026, 11, 23, 16, 30)),
        (local(2026, 11, 21, 10), hours(8), local(2026, 11, 23, 17)),
    ],
)
def test_vectors_of_the_design(received: datetime, limit: TimeLimit, expected: datetime) -> None:
    """The 11 vectors of section 5.4 (method A; hours and the half day by the minute): days by the Civil Code, hours
    from the minute: culture day, Tết, worked Saturday, swaps, Sunday receipt."""
    found = due(received, limit, CALENDAR).due_at
    assert found == expected
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (local(2026, 11, 20, 8), local(2026, 11, 20, 17)),
        (local(2026, 11, 20, 15), local(2026, 11, 20, 17)),
        (local(2026, 11, 20, 15, 0, 1), local(2026, 11, 23, 17)),
        (local(2026, 11, 23, 16), local(2026, 11, 25, 17)),
        (local(2026, 11, 22, 10), local(2026, 11, 23, 17)),
        (local(2026, 11, 20, 18), local(2026, 11, 23, 17)),
    ],
)
def test_same_day_procedures(received: datetime, expected: datetime) -> None:
    """NĐ 23/2015/NĐ-CP, Điều 7: that day, or the next working day if received after 15:00."""
    assert due(received, TimeLimit(1, LimitUnit.SAME_DAY), CALENDAR).due_at == expected


@pytest.mark.parametrize(
    ("received", "limit", "expected"),
    [
        (local(2026, 11, 18, 9), TimeLimit(3, LimitUnit.CALENDAR_DAYS), date(2026, 11, 23)),
        (local(2026, 11, 18, 9), TimeLimit(15, LimitUnit.CALENDAR_DAYS), date(2026, 12, 3)),
        (local(2026, 8, 31, 9), TimeLimit(1, LimitUnit.CALENDAR_DAYS), date(2026, 9, 4)),
        (local(2026, 1, 30, 9), TimeLimit(1, LimitUnit.MONTHS), date(2026, 3, 2)),
        (local(2027, 3, 31, 9), TimeLimit(1, LimitUnit.MONTHS), date(2027, 5, 4)),
        (local(2026, 11, 12, 9), TimeLimit(2, LimitUnit.MONTHS), date(2027, 1, 12)),
    ],
)
def test_calendar_days_and_months(received: datetime, limit: TimeLimit, expected: date) -> None:
    """BLDS Điều 148 khoản 3 and 5: same date or last of the month, and a day off moves on."""
    found = due(received, limit, CALENDAR).due_at.astimezone(VIET_NAM)
    assert (found.date(), found.hour) == (expected, 17)


def test_one_and_a_half_days_are_a_day_and_four_hours() -> None:
    """The whole day by dates, the half after it as hours, so a longer limit is never due earlier."""
    assert due(local(2026, 11, 16, 9), days(1.5), CALENDAR).due_at == local(2026, 11, 18, 11)


def test_late_receipt_alone_does_not_move_a_day_limit() -> None:
    """Receipt after 15:00 lets paper wait until morning; it moves only limits whose text says so."""
    assert due(local(2026, 11, 16, 16, 59), days(1), CALENDAR).due_at == local(2026, 11, 17, 17)


def test_the_trail_explains_the_date() -> None:
    """Each rule applied appears once, with its text, ending with the promise."""
    deadline = due(local(2026, 11, 22, 10), days(1), CALENDAR)
    assert [step.kind for step in deadline.trail] == [
        TrailKind.RECEIVED,
        TrailKind.COUNTED_FROM,
        TrailKind.FIRST_DAY_EXCLUDED,
        TrailKind.LIMIT,
        TrailKind.DAY_OFF,
        TrailKind.DUE,
    ]
    sentence = explain(deadline.trail)
    assert sentence.startswith("Tiếp nhận lúc 10:00 Chủ nhật ngày 22/11/2026; ngoài giờ làm việc")
    assert "Ngày Văn hóa Việt Nam (Nghị quyết 28/2026/QH16, Điều 2)" in sentence
    assert sentence.endswith("hạn trả kết quả là 17:00 thứ Tư ngày 25/11/2026.")
    assert explain(()) == ""


def test_the_trail_names_moved_and_made_up_days() -> None:
    """A last day off and a worked Saturday are said; the days of Tết quote their notice once."""
    moved = due(local(2026, 11, 18, 9), TimeLimit(3, LimitUnit.CALENDAR_DAYS), CALENDAR)
    assert any(step.kind is TrailKind.MOVED_FROM_DAY_OFF for step in moved.trail)
    made_up = due(local(2026, 8, 21, 9), days(3), CALENDAR)
    assert "có làm việc thứ Bảy ngày 22/08/2026 (Thông báo 9441/TB-BNV)" in explain(made_up.trail)
    tet = due(local(2026, 2, 12, 10), days(5), CALENDAR)
    assert explain(tet.trail).count("9441/TB-BNV") == 1


def test_split_of_an_interlinked_procedure() -> None:
    """Three agencies with 4, 8 and 4 working hours, and a return step without time."""
    moments = split(local(2026, 11, 16, 7), local(2026, 11, 17, 17), [4, 8, 4, 0], CALENDAR)
    assert moments == [
        local(2026, 11, 16, 11),
        local(2026, 11, 17, 11),
        local(2026, 11, 17, 17),
        local(2026, 11, 17, 17),
    ]


@pytest.mark.parametrize("shares", [[], [0, 0], [1, -1, 2]])
def test_split_refuses_shares_that_divide_nothing(shares: list[float]) -> None:
    """No steps, no weight, negative weight."""
    with pytest.raises(DeadlineError):
        split(local(2026, 11, 16, 7), local(2026, 11, 17, 17), shares, CALENDAR)


@pytest.mark.parametrize(
    ("limit", "old", "stop", "restart", "expected"),
    [
        (days(5), local(2026, 11, 20, 17), local(2026, 11, 16, 10), local(2026, 11, 18, 10), local(2026, 11, 25, 17)),
        (days(5), local(2026, 11, 20, 17), local(2026, 11, 16, 8), local(2026, 11, 16, 16), local(2026, 11, 20, 17)),
        (days(5), local(2026, 11, 20, 17), local(2026, 11, 13, 16), local(2026, 11, 15, 9), local(2026, 11, 20, 17)),
        (hours(8), local(2026, 11, 17, 9), local(2026, 11, 16, 10), local(2026, 11, 16, 16), local(2026, 11, 17, 15)),
        (hours(8), local(2026, 11, 20, 17), local(2026, 11, 20, 12), local(2026, 11, 20, 12), local(2026, 11, 20, 17)),
        (days(5), local(2026, 11, 20, 17), local(2026, 11, 23, 8), local(2026, 12, 1, 8), local(2026, 11, 20, 17)),
        (
            TimeLimit(10, LimitUnit.CALENDAR_DAYS),
            local(2026, 11, 20, 17),
            local(2026, 11, 16, 8),
            local(2026, 11, 17, 8),
            local(2026, 11, 23, 17),
        ),
    ],
)
def test_resume_after_a_stop(
    limit: TimeLimit, old: datetime, stop: datetime, restart: datetime, expected: datetime
) -> None:
    """Days lost are given back as days, hours as hours; a dossier already late stays late."""
    deadline = resume(old, stop, restart, limit, CALENDAR, legal_basis="Nghị định 123/2015/NĐ-CP")
    assert deadline.due_at == expected
    assert "Nghị định 123/2015/NĐ-CP" in explain(deadline.trail)


def test_wrong_order_is_refused() -> None:
    """A stop ends after it starts, a due date follows the receipt, and moments have a zone."""
    with pytest.raises(DeadlineError):
        resume(local(2026, 11, 20, 17), local(2026, 11, 17, 8), local(2026, 11, 16, 8), days(5), CALENDAR)
    with pytest.raises(DeadlineError):
        split(local(2026, 11, 17, 7), local(2026, 11, 16, 17), [1], CALENDAR)
    with pytest.raises(NaiveMomentError):
        due(datetime(2026, 11, 16, 8), days(1), CALENDAR)


@pytest.mark.parametrize(
    ("finished", "expected", "label"),
    [
        (local(2026, 11, 19, 23, 59), Outcome.EARLY, "trước hạn"),
        (local(2026, 11, 20, 0), Outcome.ON_TIME, "đúng hạn"),
        (local(2026, 11, 20, 18), Outcome.ON_TIME, "đúng hạn"),
        (datetime(2026, 11, 20, 17, 30, tzinfo=UTC), Outcome.LATE, "quá hạn"),
    ],
)
def test_outcome_compares_dates_in_viet_nam(finished: datetime, expected: Outcome, label: str) -> None:
    """17:30 UTC is past midnight in Viet Nam."""
    found = outcome(finished, local(2026, 11, 20, 17))
    assert found is expected
    assert found.label_vi == label
