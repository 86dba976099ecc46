"""What counts as soon, and how much working time is left: on an agency's own calendar."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.kit.clock import VIETNAM
from services.kit.mongo import Mongo
from services.kit.worktime import CalendarError, WorkCalendar
from services.kit.worktime.edition import table_of
from services.kit.worktime.table import calendar_for
from services.routing.deadlines import UnitReckoning
from services.routing.domain.policy import Policy
from services.routing.queries.inbox import Horizon
from services.routing.store import CALENDARS, POLICIES, THE_CALENDAR, THE_POLICY

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Left:
    """Working time from now to a due time, or since it."""

    due_at: datetime
    over: bool
    soon: bool
    days: int = 0
    """Working days between the two dates; 0: the same day."""
    minutes: int | None = None
    """Working minutes; None: no calendar knows that year."""


@dataclass(frozen=True)
class Desk:
    """An agency's sense of time at a moment."""

    calendar: WorkCalendar
    horizon: Horizon

    def left(self, due_at: datetime | None) -> Left | None:
        if due_at is None:
            return None
        now = self.horizon.now
        over = now > due_at
        first, last = (due_at, now) if over else (now, due_at)
        found = Left(due_at, over, not over and due_at <= self.horizon.soon)
        try:
            days = self.calendar.working_days_between(_day(first), _day(last))
            minutes = self.calendar.working_time_between(first, last) // MINUTE
        except CalendarError:
            return found
        return Left(due_at, over, found.soon, days, minutes)


async def desk_of(mongo: Mongo, agency: str, now: datetime) -> Desk:
    """By the calendar and the policy in force."""
    edition, revision = await asyncio.gather(CALENDARS.read(mongo, THE_CALENDAR), POLICIES.read(mongo, THE_POLICY))
    policy = revision.policy if revision else Policy()
    calendar = calendar_for(table_of(edition), agency)
    return Desk(calendar, Horizon(now, UnitReckoning(calendar).later(now, policy.step_due_soon_hours)))


def _day(at: datetime) -> date:
    return at.astimezone(VIETNAM).date()
