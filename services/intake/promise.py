"""The promised return date: the procedure's limit on the working calendar of the unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from contracts.events.base import TrailLine
from contracts.problems import Invalid
from contracts.types import Channel, LimitUnit
from services.intake.store import CALENDAR, THE_CALENDAR
from services.kit import trails, worktime
from services.kit.clock import VIETNAM
from services.kit.store import Ref
from services.kit.work import Work

ONLINE_ANSWER = worktime.TimeLimit(8, worktime.LimitUnit.WORKING_HOURS)
"""NQ 66.7/2025/NQ-CP Art 8.1."""
DESK_ANSWER = worktime.TimeLimit(1, worktime.LimitUnit.WORKING_DAYS)
"""Handed in directly or by post: NQ 66.7/2025/NQ-CP Art 8.2."""
PAPER_CUTOFF = time(15)
"""NĐ 61/2018 Art 18, NĐ 118/2025 Art 18."""
THE_CALENDAR_REF = Ref(CALENDAR, THE_CALENDAR)
"""What every decision that counts time needs."""


@dataclass(frozen=True)
class Promise:
    """When the result is due, and how that came about."""

    due_at: datetime
    explained: str
    trail: tuple[TrailLine, ...] = ()
    """Empty where the date was not counted here: an old register states it."""


def calendar_of(work: Work, unit: str) -> worktime.WorkCalendar:
    """The calendar of a unit or desk; the decision names `THE_CALENDAR_REF` among its needs."""
    return worktime.calendar_for(worktime.table_of(work.get(CALENDAR, THE_CALENDAR)), unit)


def calendar_of_promise(work: Work, counter: str, competent_agency: str | None) -> worktime.WorkCalendar:
    """The calendar that a promise is counted on: the competent agency's where one is named, else that of the unit
    whose desk the counter is. What the desk itself must do by a time is counted on the desk's own."""
    return calendar_of(work, competent_agency or unit_of(counter))


def unit_of(counter: str) -> str:
    """The unit whose desk a counter is: its code without the last group."""
    return counter.rpartition(".")[0] or counter


def promise(
    received_at: datetime,
    value: float | None,
    unit: LimitUnit | None,
    calendar: worktime.WorkCalendar,
    *,
    provisional: bool = False,
) -> Promise:
    """Derive the due date; it is never typed in.

    Args:
        provisional: another agency is competent (phi địa giới): the limit is counted anew when that has the dossier
            (NĐ 309/2026 Art 17.3).

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
        deadline = worktime.due(received_at, limit, calendar)
    except worktime.CalendarError:
        raise Invalid(
            "moment-out-of-calendar", "Ngày tiếp nhận hoặc ngày hẹn trả nằm ngoài các năm của lịch làm việc."
        ) from None
    if provisional:
        deadline = worktime.provisional(deadline)
    return Promise(deadline.due_at, worktime.explain(deadline.trail), trails.lines(deadline.trail))


def answer_due(filed_at: datetime, channel: Channel, calendar: worktime.WorkCalendar) -> datetime:
    """Until when the desk must answer a filing.

    Raises: Invalid `moment-out-of-calendar`.
    """
    limit = ONLINE_ANSWER if channel is Channel.ONLINE else DESK_ANSWER
    try:
        return worktime.due(filed_at, limit, calendar).due_at
    except worktime.CalendarError:
        raise Invalid("moment-out-of-calendar", "Ngày nộp nằm ngoài các năm của lịch làm việc.") from None


def paper_forward_due(received_at: datetime, calendar: worktime.WorkCalendar) -> datetime:
    """Until when the paper file must go on to the agency: the same working day, or the start of the next one when it
    was received after 15:00 (NĐ 61/2018 Art 18, NĐ 118/2025 Art 18). It does not move the citizen's due date.

    Raises: worktime.CalendarError: outside the calendar's years.
    """
    start = calendar.next_working_moment(received_at)
    local = start.astimezone(VIETNAM)
    if local.time() <= PAPER_CUTOFF:
        return calendar.end_of_working_day(local.date())
    following = calendar.nth_working_day(local.date(), 1)
    return calendar.working_windows(following)[0][0]
