"""Counting as routing's rules need it, on the project's one method (`services/kit/worktime`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import groupby

from contracts.types import Timeliness
from services.kit import trails, worktime
from services.kit.clock import VIETNAM
from services.kit.worktime.zone import moment_vi
from services.routing.domain.clock import Due, Limit, Line, kept

EXTENSION = "NĐ 61/2018/NĐ-CP, Điều 19 khoản 9"
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class UnitReckoning:
    """On the calendar of one unit."""

    calendar: worktime.WorkCalendar

    def due(self, since: datetime, limit: Limit) -> Due:
        return _due(worktime.due(since, _limit(limit), self.calendar))

    def resumed(
        self, due_at: datetime, stopped_at: datetime, resumed_at: datetime, limit: Limit, basis: str | None
    ) -> Due:
        deadline = worktime.resume(
            due_at, stopped_at, resumed_at, _limit(limit), self.calendar, legal_basis=basis or ""
        )
        return _due(deadline)

    def extended(self, due_at: datetime, at: datetime) -> Due:
        day = due_at.astimezone(VIETNAM).date()
        if not self.calendar.is_working_day(day):
            due_at = self.calendar.end_of_working_day(self.calendar.nth_working_day(day, 1))
        words = f"cơ quan giải quyết xin lỗi và hẹn lại (một lần) vào {moment_vi(due_at)}"
        ends = f"hạn trả kết quả là {moment_vi(due_at)}"
        return Due(due_at, (Line("extended", at, words, EXTENSION), Line("due", due_at, ends)))

    def parts(self, start: datetime, due_at: datetime, parts: Sequence[Fraction]) -> list[datetime]:
        try:
            whole = self.calendar.working_time_between(start, due_at) // MILLISECOND
        except worktime.CalendarError:  # an old register's dates: what no calendar knows cannot be divided
            return [due_at for _ in parts]
        return [
            due_at if part == 1 else min(due_at, self.calendar.add_working_time(start, int(whole * part) * MILLISECOND))
            for part in parts
        ]

    def later(self, at: datetime, hours: float) -> datetime:
        return self.calendar.add_working_time(at, timedelta(hours=hours))

    def earlier(self, at: datetime, hours: float) -> datetime:
        return self.calendar.subtract_working_time(at, timedelta(hours=hours))

    def minutes(self, start: datetime, end: datetime) -> int:
        return max(0, self.calendar.working_time_between(start, end) // timedelta(minutes=1))

    def timeliness(self, finished_at: datetime, due_at: datetime) -> Timeliness:
        return Timeliness(worktime.outcome(finished_at, due_at).value)


def _due(deadline: worktime.Deadline) -> Due:
    return Due(deadline.due_at, kept(trails.lines(deadline.trail)))


def _limit(limit: Limit) -> worktime.TimeLimit:
    return worktime.TimeLimit(limit.value, worktime.LimitUnit(limit.unit.value))


def explained(lines: Sequence[Line]) -> str:
    """The reasons as one Vietnamese sentence, neighbours with one legal basis naming it once; empty for none."""
    parts: list[str] = []
    for (_, basis), alike in groupby(lines, key=lambda line: (line.kind, line.legal_basis)):
        words = ", ".join(line.text for line in alike)
        parts.append(f"{words} ({basis})" if basis else words)
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}." if sentence else ""
