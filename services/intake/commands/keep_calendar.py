"""Keep the copy of the working calendar that routing publishes: promises are made here, also while Kafka is away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.events.calendar import CalendarPublished
from services.intake.promise import THE_CALENDAR_REF
from services.intake.store import CALENDAR, THE_CALENDAR
from services.kit.store import Ref
from services.kit.work import Work
from services.kit.worktime import CalendarEdition


@dataclass(frozen=True)
class KeepCalendar:
    """From `calendar.published`. An older version never replaces a newer one."""

    published: CalendarPublished

    def needs(self) -> Iterable[Ref]:
        yield THE_CALENDAR_REF

    def decide(self, work: Work, now: datetime) -> None:
        kept = work.get(CALENDAR, THE_CALENDAR)
        if kept is None or kept.version < self.published.version:
            content = self.published.to_json().decode()
            work.put(
                CALENDAR, THE_CALENDAR, CalendarEdition(self.published.version, self.published.published_at, content)
            )
