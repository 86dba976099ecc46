"""Moments and the Vietnamese wall clock: one place where a time zone is applied.

The zone is a fixed UTC+7 and not ``ZoneInfo("Asia/Ho_Chi_Minh")``: Viet Nam has kept UTC+7 without summer time
since 1975, the calendar starts in 2000, and a slim container image may lack the tz database. A test compares both.
All durations inside this package are whole milliseconds, the precision the document store keeps.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from services.kit.worktime.errors import NaiveMomentError

VIET_NAM: Final = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")

_ORIGIN: Final = datetime(2000, 1, 1, tzinfo=VIET_NAM).astimezone(UTC)
_ORIGIN_ORDINAL: Final = date(2000, 1, 1).toordinal()
_WEEKDAYS_VI: Final = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


def to_local(moment: datetime) -> datetime:
    """Return the same instant on the Vietnamese wall clock.

    Raises:
        NaiveMomentError: the moment has no time zone, so its instant is unknown.
    """
    if moment.tzinfo is None:
        raise NaiveMomentError(f"moment without time zone: {moment.isoformat()}")
    return moment.astimezone(VIET_NAM)


def truncated(moment: datetime) -> datetime:
    """Return the instant in UTC with the part below one millisecond cut off.

    Raises:
        NaiveMomentError: the moment has no time zone.
    """
    if moment.tzinfo is None:
        raise NaiveMomentError(f"moment without time zone: {moment.isoformat()}")
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def day_and_ms(moment: datetime) -> tuple[date, int]:
    """Split an instant into its date in Viet Nam and the whole milliseconds since local midnight.

    Raises:
        NaiveMomentError: the moment has no time zone.
    """
    local = to_local(moment)
    seconds = (local.hour * 60 + local.minute) * 60 + local.second
    return local.date(), seconds * 1000 + local.microsecond // 1000


def moment_at(day_ordinal: int, ms_of_day: int) -> datetime:
    """Return the UTC instant of a local day (proleptic ordinal) and milliseconds since its midnight."""
    return _ORIGIN + timedelta(days=day_ordinal - _ORIGIN_ORDINAL, milliseconds=ms_of_day)


def whole_ms(duration: timedelta) -> int:
    """Return the duration in whole milliseconds, rounded towards minus infinity."""
    return duration // timedelta(milliseconds=1)


def date_vi(day: date) -> str:
    """Return a date as people read it, e.g. ``thứ Sáu ngày 20/11/2026``."""
    return f"{_WEEKDAYS_VI[day.weekday()]} ngày {day.day:02d}/{day.month:02d}/{day.year}"


def moment_vi(moment: datetime) -> str:
    """Return an instant as people in Viet Nam read it, e.g. ``09:30 thứ Sáu ngày 20/11/2026``."""
    local = to_local(moment)
    return f"{local.hour:02d}:{local.minute:02d} {date_vi(local.date())}"
