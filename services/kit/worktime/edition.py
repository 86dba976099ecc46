"""A version of the calendar as a service keeps it: the published message itself, read into a table when it is needed.

The text is kept rather than its rows: a decision loads the calendar with everything it needs, and one string costs a
tenth of a thousand rows; reading it happens once a version and process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, Final

from services.kit.worktime.days import CalendarDay, DayKind, WorkingHours
from services.kit.worktime.table import EVERYBODY, NATIONAL_TABLE, CalendarTable, DayRow, HoursRow

#: One is in force; a second is being replaced. More only where one process serves several databases (tests).
_MOST_READ: Final = 16


@dataclass(frozen=True)
class CalendarEdition:
    """One version, as published.

    Attributes:
        version: grows by one with each change; an older one never replaces a newer one.
        published_at: when it was published.
        content: the body of the message `calendar.published`, JSON.
    """

    version: int
    published_at: datetime
    content: str


def table_of(edition: CalendarEdition | None) -> CalendarTable:
    """The rows of a version; none where nothing was published yet.

    Raises:
        CalendarError, ValueError, KeyError: the content is no such message.
    """
    return NATIONAL_TABLE if edition is None else _read(edition.content)


@lru_cache(maxsize=_MOST_READ)
def _read(content: str) -> CalendarTable:
    return from_message(json.loads(content))


def from_message(message: Mapping[str, Any]) -> CalendarTable:
    """Read the plain form of the message `calendar.published`.

    Raises:
        CalendarError, ValueError, KeyError: it is none.
    """
    return CalendarTable(
        message["version"],
        tuple(_day_row(row) for row in message.get("days", ())),
        tuple(_hours_row(row) for row in message.get("hours", ())),
    )


def to_message(table: CalendarTable) -> dict[str, Any]:
    """The rows in the plain form of the message: `days` and `hours`."""
    return {
        "days": [
            {
                "unit": row.unit or None,
                "legal_basis": row.day.legal_basis,
                "day": row.day.date.isoformat(),
                "kind": row.day.kind.value,
                "name": row.day.name or None,
            }
            for row in table.days
        ],
        "hours": [
            {
                "unit": row.unit or None,
                "legal_basis": row.hours.legal_basis,
                "windows": [[f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in row.hours.windows],
                "valid_from": row.hours.valid_from.isoformat(),
                "valid_until": row.hours.valid_until.isoformat() if row.hours.valid_until else None,
            }
            for row in table.hours
        ],
    }


def _day_row(row: Mapping[str, Any]) -> DayRow:
    day = CalendarDay(date.fromisoformat(row["day"]), DayKind(row["kind"]), row["legal_basis"], row.get("name") or "")
    return DayRow(day, row.get("unit") or EVERYBODY)


def _hours_row(row: Mapping[str, Any]) -> HoursRow:
    until = row.get("valid_until")
    hours = WorkingHours(
        tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in row["windows"]),
        date.fromisoformat(row["valid_from"]),
        date.fromisoformat(until) if until else None,
        row["legal_basis"],
    )
    return HoursRow(hours, row.get("unit") or EVERYBODY)
