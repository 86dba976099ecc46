"""Due dates of dossiers by one method, used everywhere: the counting of the Civil Code.

Days are counted, not rolled: the day of receipt does not count and the term ends with the N-th working day
(Bộ luật Dân sự 2015, Điều 147 khoản 2, Điều 148). Other systems roll 8 hours a day from the minute of receipt; for a
dossier sent on a Sunday that gives one working day less than the law, so only limits stated in hours run that way.

The due moment is derived, never typed over. A supplement restarts the whole limit (NĐ 61/2018/NĐ-CP, Điều 19 khoản
4): call ``due`` again with the moment the complete dossier arrived. ``resume`` is for time the law leaves out.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from services.kit.worktime import trail as law
from services.kit.worktime.calendar import WorkCalendar
from services.kit.worktime.errors import DeadlineError
from services.kit.worktime.limits import LimitUnit, TimeLimit
from services.kit.worktime.trail import TrailKind, TrailStep
from services.kit.worktime.zone import date_vi, moment_at, moment_vi, to_local, truncated, whole_ms


@dataclass(frozen=True, slots=True)
class Deadline:
    """A due moment with its derivation.

    Attributes:
        due_at: last moment that is still in time, UTC, whole milliseconds.
        trail: the steps that led to it, ready for ``explain``.
    """

    due_at: datetime
    trail: tuple[TrailStep, ...]


class Outcome(StrEnum):
    """How a finished dossier compares with its promise (Thông tư 01/2018/TT-VPCP, Điều 13)."""

    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"

    @property
    def label_vi(self) -> str:
        """The word used in reports."""
        return {"early": "trước hạn", "on_time": "đúng hạn", "late": "quá hạn"}[self.value]


def due(received_at: datetime, limit: TimeLimit, calendar: WorkCalendar) -> Deadline:
    """Return when a dossier received at ``received_at`` is due.

    - Receipt outside office hours counts from the next working moment.
    - Hour limits run from the minute (Bộ luật Dân sự 2015, Điều 147 khoản 1).
    - Day and month limits leave out the day of receipt (Điều 147 khoản 2, 3) and end with the last day (Điều 148
      khoản 1; khoản 3 for a month without that date); a last day off moves to the next working day (khoản 5).
    - A part of a working day is added as hours after the whole days.
    - A same-day limit ends that day, or the next working day if received after the cut-off (NĐ 23/2015/NĐ-CP, Điều 7).

    Raises:
        NaiveMomentError: the moment has no time zone.
        CalendarError: a date outside the calendar's years.
    """
    received = truncated(received_at)
    start = calendar.next_working_moment(received)
    day = to_local(start).date()
    steps = [TrailStep(TrailKind.RECEIVED, received, f"tiếp nhận lúc {moment_vi(received)}")]
    if start != received:
        text = f"ngoài giờ làm việc nên tính từ {moment_vi(start)}"
        steps.append(TrailStep(TrailKind.COUNTED_FROM, start, text, calendar.hours_on(day).legal_basis))
    due_at = _same_day(start, limit, calendar, steps)
    if due_at is None:
        last = _last_day(day, limit, calendar, steps)
        due_at = calendar.end_of_working_day(last) if last != day else start
        if limit.hours:
            due_at = calendar.add_working_time(due_at, limit.hours)
    steps += _days_off(day, to_local(due_at).date(), calendar)
    steps.append(_due_step(due_at))
    return Deadline(due_at, tuple(steps))


def split(
    received_at: datetime, due_at: datetime, shares: Sequence[Decimal | float], calendar: WorkCalendar
) -> list[datetime]:
    """Divide the office time of a dossier among its steps; return when each step is due, cumulative.

    For interlinked agencies that work in turn, each with the limit written on its slip (Nghị định 61/2018/NĐ-CP,
    Điều 19 khoản 6). The due times never fall and the last one is ``due_at`` itself, so the steps' limits add up to
    the procedure's. A share of 0 is a step without time of its own, such as handing over the result.

    Raises:
        DeadlineError: no shares, a negative share, all shares 0, or ``due_at`` before ``received_at``.
        NaiveMomentError: a moment has no time zone.
    """
    start, end = truncated(received_at), truncated(due_at)
    # Through str: a float share of 0.1 must mean one tenth.
    weights = [Fraction(str(share)) for share in shares]
    total = sum(weights)
    if end < start:
        raise DeadlineError("a dossier cannot be due before it was received")
    if total <= 0 or min(weights) < 0:
        raise DeadlineError("shares of steps must be 0 or more, and one of them above 0")
    available = whole_ms(calendar.working_time_between(start, end))
    moments: list[datetime] = []
    reached = Fraction(0)
    for weight in weights:
        reached += weight
        span = timedelta(milliseconds=int(available * reached / total))
        moments.append(end if reached == total else min(end, calendar.add_working_time(start, span)))
    return moments


def resume(
    due_at: datetime,
    paused_from: datetime,
    paused_until: datetime,
    limit: TimeLimit,
    calendar: WorkCalendar,
    *,
    legal_basis: str = "",
) -> Deadline:
    """Return the due moment after a stop whose time the law does not count; never earlier than ``due_at``.

    For waits such as verification in civil status (Nghị định 123/2015/NĐ-CP). Hour limits get back the office time of
    the stop. Day limits get back days, counted like the limit itself: the day of stopping counts as used, the day of
    resuming does not count (Bộ luật Dân sự 2015, Điều 147 khoản 2), and a last day off moves on (Điều 148 khoản 5).
    A stop that starts at or after the due moment changes nothing: it cannot heal a dossier that is late already.
    ``legal_basis`` is the text that leaves this wait out of the limit; the trail quotes it.

    Raises:
        DeadlineError: the stop ends before it starts.
        NaiveMomentError: a moment has no time zone.
    """
    old, stop, restart = truncated(due_at), truncated(paused_from), truncated(paused_until)
    if restart < stop:
        raise DeadlineError("a stop cannot end before it starts")
    steps = [
        TrailStep(TrailKind.STOPPED, stop, f"thời gian dừng từ {moment_vi(stop)} không tính", legal_basis),
        TrailStep(TrailKind.RESUMED, restart, f"giải quyết tiếp từ {moment_vi(restart)}"),
    ]
    new = old if stop >= old else max(old, _after_stop(old, stop, restart, limit, calendar))
    return Deadline(new, (*steps, _due_step(new)))


def provisional(deadline: Deadline) -> Deadline:
    """Return the same date, said to hold only until the competent agency has the dossier (phi địa giới).

    A dossier handed in elsewhere is promised a date at once, but its limit runs from the moment when the competent
    agency receives it (Nghị định 309/2026/NĐ-CP, Điều 17 khoản 3): call ``due`` again with that moment.
    """
    *steps, last = deadline.trail
    text = "ngày hẹn là tạm tính: thời hạn được tính lại từ khi cơ quan có thẩm quyền nhận hồ sơ"
    step = TrailStep(TrailKind.PROVISIONAL, last.at, text, law.FROM_COMPETENT_AGENCY)
    return Deadline(deadline.due_at, (*steps, step, last))


def outcome(finished_at: datetime, due_at: datetime) -> Outcome:
    """Compare the end of processing (not the pick-up) with the promise, by date in Viet Nam.

    Thông tư 01/2018/TT-VPCP, Điều 13 scores shorter, equal and longer than the limit; limits in days are equal by day.

    Raises:
        NaiveMomentError: a moment has no time zone.
    """
    finished, promised = to_local(finished_at).date(), to_local(due_at).date()
    if finished == promised:
        return Outcome.ON_TIME
    return Outcome.EARLY if finished < promised else Outcome.LATE


def _same_day(start: datetime, limit: TimeLimit, calendar: WorkCalendar, steps: list[TrailStep]) -> datetime | None:
    """Return the due moment of a same-day limit, or ``None`` for the other units."""
    if limit.unit is not LimitUnit.SAME_DAY:
        return None
    local = to_local(start)
    steps.append(TrailStep(TrailKind.LIMIT, start, "giải quyết trong ngày", law.SAME_DAY))
    # "sau 15 giờ" in the decree: 15:00 itself is still in time.
    if local.time() <= limit.cutoff:
        return calendar.end_of_working_day(local.date())
    text = f"nhận sau {limit.cutoff:%H:%M} nên được trả trong ngày làm việc tiếp theo"
    steps.append(TrailStep(TrailKind.CUTOFF_PASSED, start, text, law.SAME_DAY))
    return calendar.end_of_working_day(calendar.nth_working_day(local.date(), 1))


def _last_day(day: date, limit: TimeLimit, calendar: WorkCalendar, steps: list[TrailStep]) -> date:
    """Return the day on which the whole-day part of the limit ends; ``day`` itself if it has none."""
    at = _start_of(day)
    counts_days = limit.unit is not LimitUnit.WORKING_HOURS and limit.whole > 0
    if not counts_days:
        steps.append(TrailStep(TrailKind.LIMIT, at, f"thời hạn {limit.label_vi}", law.HOURS_FROM_THE_MOMENT))
        return day
    basis = law.ENDS_WITH_THE_MONTH if limit.unit is LimitUnit.MONTHS else law.ENDS_WITH_THE_DAY
    steps.append(TrailStep(TrailKind.FIRST_DAY_EXCLUDED, at, "không tính ngày đầu tiên", law.FIRST_DAY_NOT_COUNTED))
    steps.append(TrailStep(TrailKind.LIMIT, at, f"thời hạn {limit.label_vi}", basis))
    if limit.unit is LimitUnit.WORKING_DAYS:
        return calendar.nth_working_day(day, limit.whole)
    plain = _months_later(day, limit.whole) if limit.unit is LimitUnit.MONTHS else day + timedelta(days=limit.whole)
    last = calendar.working_day_on_or_after(plain)
    if last != plain:
        text = f"ngày cuối {date_vi(plain)} là ngày nghỉ nên chuyển sang ngày làm việc tiếp theo"
        steps.append(TrailStep(TrailKind.MOVED_FROM_DAY_OFF, _start_of(plain), text, law.MOVED_FROM_DAY_OFF))
    return last


def _after_stop(
    due_at: datetime, stop: datetime, restart: datetime, limit: TimeLimit, calendar: WorkCalendar
) -> datetime:
    if limit.hours:
        lost_time = calendar.working_time_between(stop, restart)
        # Adding nothing to a due moment at closing time would move it to the next opening.
        return calendar.add_working_time(due_at, lost_time) if lost_time else due_at
    stopped_on, resumed_on, due_on = (to_local(moment).date() for moment in (stop, restart, due_at))
    if limit.unit in (LimitUnit.CALENDAR_DAYS, LimitUnit.MONTHS):
        return calendar.end_of_working_day(calendar.working_day_on_or_after(due_on + (resumed_on - stopped_on)))
    lost = calendar.working_days_between(stopped_on, resumed_on)
    return calendar.end_of_working_day(calendar.nth_working_day(due_on, lost)) if lost else due_at


def _days_off(after: date, until: date, calendar: WorkCalendar) -> list[TrailStep]:
    """Return a step for every holiday, swap and made-up day inside the term; ordinary weekends go unsaid."""
    return [
        TrailStep(TrailKind.MADE_UP_DAY, _start_of(row.date), f"có làm việc {date_vi(row.date)}", row.legal_basis)
        if row.kind.is_working
        else TrailStep(
            TrailKind.DAY_OFF, _start_of(row.date), f"nghỉ {date_vi(row.date)}: {row.label_vi}", row.legal_basis
        )
        for row in calendar.special_days(after, until)
    ]


def _due_step(due_at: datetime) -> TrailStep:
    return TrailStep(TrailKind.DUE, due_at, f"hạn trả kết quả là {moment_vi(due_at)}")


def _start_of(day: date) -> datetime:
    return moment_at(day.toordinal(), 0)


def _months_later(day: date, count: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, months.monthrange(year, month + 1)[1]))
