"""Reading time limits from the catalogue's columns and sentences."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from services.kit.worktime import LimitError, LimitUnit, TimeLimit


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("3", "ngày làm việc", TimeLimit(3, LimitUnit.WORKING_DAYS)),
        ("275", "ngày", TimeLimit(275, LimitUnit.CALENDAR_DAYS)),
        ("48", "giờ", TimeLimit(48, LimitUnit.WORKING_HOURS)),
        ("2", "giờ làm việc", TimeLimit(2, LimitUnit.WORKING_HOURS)),
        ("1", "trong ngày", TimeLimit(1, LimitUnit.SAME_DAY)),
        ("2", "tháng", TimeLimit(2, LimitUnit.MONTHS)),
        ("0,5", " Ngày  làm việc ", TimeLimit(0.5, LimitUnit.WORKING_DAYS)),
        ("1.5", "working_days", TimeLimit(1.5, LimitUnit.WORKING_DAYS)),
        ("", "", None),
    ],
)
def test_columns_of_the_catalogue(value: str, unit: str, expected: TimeLimit | None) -> None:
    """Every unit that occurs in the published catalogue, decimal commas, and rows that state no limit."""
    assert TimeLimit.from_columns(value, unit) == expected


@pytest.mark.parametrize(
    ("value", "unit"), [("0", "giờ"), ("", "ngày"), ("3", ""), ("ba", "ngày"), ("3", "quý"), ("nan", "ngày")]
)
def test_unusable_columns_are_refused(value: str, unit: str) -> None:
    """A limit of zero occurs in the catalogue and promises nothing: the importer must decide, not this module."""
    with pytest.raises(LimitError):
        TimeLimit.from_columns(value, unit)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("Trong thời hạn 03 ngày làm việc kể từ ngày nhận đủ hồ sơ hợp lệ", "3", LimitUnit.WORKING_DAYS),
        ("Không quá 02 (hai) giờ làm việc", "2", LimitUnit.WORKING_HOURS),
        ("45 ngày", "45", LimitUnit.CALENDAR_DAYS),
        ("0,5 ngày làm việc", "0.5", LimitUnit.WORKING_DAYS),
        ("01 tháng", "1", LimitUnit.MONTHS),
        ("Ngay trong ngày tiếp nhận; nhận sau 15 giờ thì trả ngày làm việc tiếp theo", "1", LimitUnit.SAME_DAY),
    ],
)
def test_sentences(text: str, value: str, unit: LimitUnit) -> None:
    """A time of day is no duration, and a number repeated in words is read once."""
    limit = TimeLimit.parse(text)
    assert (limit.amount, limit.unit) == (Decimal(value), unit)


@pytest.mark.parametrize("text", ["", "Theo quy định", "10 ngày làm việc, trường hợp phức tạp 15 ngày làm việc"])
def test_a_sentence_must_state_one_limit(text: str) -> None:
    """Several cases with different limits need a person to choose."""
    with pytest.raises(LimitError):
        TimeLimit.parse(text)


def test_parts_of_a_day_become_hours() -> None:
    """One working day is 8 hours; whole days stay days."""
    assert TimeLimit(0.5, LimitUnit.WORKING_DAYS).hours == timedelta(hours=4)
    mixed = TimeLimit(Decimal("1.25"), LimitUnit.WORKING_DAYS)
    assert (mixed.whole, mixed.hours) == (1, timedelta(hours=2))
    assert TimeLimit(3, LimitUnit.CALENDAR_DAYS).hours == timedelta()


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (0, LimitUnit.WORKING_DAYS),
        (-1, LimitUnit.WORKING_HOURS),
        (1.5, LimitUnit.CALENDAR_DAYS),
        (0.5, LimitUnit.MONTHS),
        (2, LimitUnit.SAME_DAY),
        (float("inf"), LimitUnit.WORKING_DAYS),
    ],
)
def test_meaningless_limits_are_refused(value: float, unit: LimitUnit) -> None:
    """The law knows no half calendar day, and same day is one day."""
    with pytest.raises(LimitError):
        TimeLimit(value, unit)


def test_label_reads_like_the_receipt() -> None:
    """Decimal comma, no trailing zeros."""
    assert TimeLimit(Decimal("2.50"), LimitUnit.WORKING_DAYS).label_vi == "2,5 ngày làm việc"
    assert TimeLimit(10, LimitUnit.CALENDAR_DAYS).label_vi == "10 ngày"
    assert TimeLimit(1, LimitUnit.SAME_DAY).label_vi == "trong ngày"
