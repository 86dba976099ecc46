"""Where citizens go: counters with address, telephone and opening hours (giờ tiếp nhận)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.intake.store import CALENDAR, THE_CALENDAR
from services.kit import worktime
from services.kit.clock import VIETNAM, Now
from services.kit.mongo import Mongo

SOON = timedelta(days=14)
"""Days off, and Saturdays worked, are told so long before."""


@dataclass(frozen=True)
class Hours:
    """When a place receives people."""

    spans: tuple[str, ...] = ()
    """`07:00–11:00`; empty: outside the calendar's years."""
    unusual: tuple[str, ...] = ()
    """Days that differ from their weekday, soon."""


@dataclass(frozen=True)
class Place:
    """One counter."""

    code: str
    name: str
    address: str
    phone: str
    hours: Hours


@dataclass(frozen=True)
class Places:
    """The counters that a place tells its citizens of."""

    mongo: Mongo
    now: Now
    codes: Sequence[str]
    names: Mapping[str, str]
    addresses: Mapping[str, str]
    phones: Mapping[str, str]

    def name(self, code: str) -> str:
        return self.names.get(code, f"Bộ phận Một cửa {code}")

    async def all(self) -> list[Place]:
        """In the order of the settings; the hours are those of today."""
        table = worktime.table_of(await CALENDAR.read(self.mongo, THE_CALENDAR))
        today = self.now().astimezone(VIETNAM).date()
        return [
            Place(
                code, self.name(code), self.addresses.get(code, ""), self.phones.get(code, ""),
                hours(worktime.calendar_for(table, code), today),
            )
            for code in self.codes
        ]  # fmt: skip

    async def usual_hours(self) -> Hours:
        """Of everybody, where no counter is named."""
        table = worktime.table_of(await CALENDAR.read(self.mongo, THE_CALENDAR))
        return hours(worktime.calendar_for(table, worktime.EVERYBODY), self.now().astimezone(VIETNAM).date())


def hours(calendar: worktime.WorkCalendar, today: date) -> Hours:
    """Opening hours of a calendar as they are said."""
    try:
        windows = calendar.hours_on(today).windows
        days = calendar.special_days(today - timedelta(days=1), today + SOON)
    except worktime.CalendarError:
        return Hours()
    return Hours(
        tuple(f"{start:%H:%M}–{end:%H:%M}" for start, end in windows),
        tuple(
            f"{day.date:%d/%m/%Y}: {'có làm việc' if day.kind.is_working else 'nghỉ'} ({day.label_vi})" for day in days
        ),
    )
