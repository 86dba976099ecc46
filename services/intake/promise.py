"""The promised return date: the procedure's limit on the working calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.problems import Invalid
from contracts.types import LimitUnit
from services.kit import worktime

CALENDAR = worktime.WorkCalendar()


@dataclass(frozen=True)
class Promise:
    """When the result is due, and how that came about."""

    due_at: datetime
    explained: str


def promise(received_at: datetime, value: float | None, unit: LimitUnit | None) -> Promise:
    """Derive the due date; it is never typed in.

    Raises:
        Invalid `procedure-limit-unknown`: the catalogue states no limit, so nothing can be promised.
        Invalid `moment-out-of-calendar`: the receipt or the due date lies in a year whose working days are not known.
    """
    if value is None or unit is None:
        raise Invalid(
            "procedure-limit-unknown",
            "Thủ tục này chưa công bố thời hạn giải quyết nên chưa hẹn trả được. Hãy bổ sung thời hạn vào danh mục.",
        )
    limit = worktime.TimeLimit(value, worktime.LimitUnit(unit.value))
    try:
        deadline = worktime.due(received_at, limit, CALENDAR)
    except worktime.CalendarError:
        raise Invalid(
            "moment-out-of-calendar", "Ngày tiếp nhận hoặc ngày hẹn trả nằm ngoài các năm của lịch làm việc."
        ) from None
    return Promise(deadline.due_at, worktime.explain(deadline.trail))
