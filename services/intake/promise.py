"""The promised return date: the procedure's limit on the working calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from contracts.problems import Invalid
from contracts.types import Channel, LimitUnit
from services.kit import worktime
from services.kit.clock import VIETNAM

CALENDAR = worktime.WorkCalendar()
ONLINE_ANSWER = worktime.TimeLimit(8, worktime.LimitUnit.WORKING_HOURS)
"""NQ 66.7/2025/NQ-CP Art 8.1."""
DESK_ANSWER = worktime.TimeLimit(1, worktime.LimitUnit.WORKING_DAYS)
"""Handed in directly or by post: NQ 66.7/2025/NQ-CP Art 8.2."""
PAPER_CUTOFF = time(15)
"""NĐ 61/2018 Art 18, NĐ 118/2025 Art 18."""


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


def answer_due(filed_at: datetime, channel: Channel) -> datetime:
    """Until when the desk must answer a filing.

    Raises: Invalid `moment-out-of-calendar`.
    """
    limit = ONLINE_ANSWER if channel is Channel.ONLINE else DESK_ANSWER
    try:
        return worktime.due(filed_at, limit, CALENDAR).due_at
    except worktime.CalendarError:
        raise Invalid("moment-out-of-calendar", "Ngày nộp nằm ngoài các năm của lịch làm việc.") from None


def paper_forward_due(received_at: datetime) -> datetime:
    """Until when the paper file must go on to the agency: the same working day, or the start of the next one when it
    was received after 15:00 (NĐ 61/2018 Art 18, NĐ 118/2025 Art 18). It does not move the citizen's due date.

    Raises: worktime.CalendarError: outside the calendar's years.
    """
    start = CALENDAR.next_working_moment(received_at)
    local = start.astimezone(VIETNAM)
    if local.time() <= PAPER_CUTOFF:
        return CALENDAR.end_of_working_day(local.date())
    following = CALENDAR.nth_working_day(local.date(), 1)
    return CALENDAR.working_windows(following)[0][0]
