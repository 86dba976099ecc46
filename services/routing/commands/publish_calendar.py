"""Publish the working calendar (lịch làm việc): a new version when anything changed, told to intake and partners.

New dossiers are counted on it at once. Open ones keep their dates until an audited job counts them anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.events.calendar import CalendarPublished
from contracts.problems import Invalid
from contracts.topics import CALENDAR, MAX_BODY_BYTES
from services.kit.store import Ref
from services.kit.work import Work
from services.kit.worktime import EVERYBODY, CalendarEdition, CalendarTable, table_of, to_message
from services.routing.calendar import Changes, compare
from services.routing.domain.directory import Directory
from services.routing.store import CALENDARS, DIRECTORY, THE_CALENDAR, THE_DIRECTORY

KEY = "calendar"


@dataclass(frozen=True)
class Published:
    """What publishing did, or would do."""

    version: int
    """In force afterwards; 0: none was ever published."""
    changes: Changes
    unknown_units: tuple[str, ...]
    """Units of the new table that the directory of agencies does not know: perhaps slips of the pen."""
    stored: bool


@dataclass(frozen=True)
class PublishCalendar:
    """Put a read table in force; the same one again changes nothing."""

    table: CalendarTable
    """Its version is ignored: it follows the one in force."""
    dry_run: bool = False
    """Compare only."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(CALENDARS, THE_CALENDAR)
        yield Ref(DIRECTORY, THE_DIRECTORY)

    def decide(self, work: Work, now: datetime) -> Published:
        """Raises: Invalid `calendar-too-large`."""
        in_force = table_of(work.get(CALENDARS, THE_CALENDAR))
        changes = compare(in_force, self.table)
        unknown = tuple(_unknown_units(self.table, work.get(DIRECTORY, THE_DIRECTORY)))
        if not changes:
            return Published(in_force.version, changes, unknown, stored=False)
        event = _event(replace(self.table, version=in_force.version + 1), now)
        if self.dry_run:
            return Published(in_force.version, changes, unknown, stored=False)
        edition = CalendarEdition(event.version, now, event.to_json().decode())
        work.put(CALENDARS, THE_CALENDAR, edition, (CALENDAR, KEY, event))
        return Published(event.version, changes, unknown, stored=True)


def _event(table: CalendarTable, now: datetime) -> CalendarPublished:
    event = CalendarPublished.model_validate({"version": table.version, "published_at": now, **to_message(table)})
    if len(event.to_json()) > MAX_BODY_BYTES:
        words = f"Lịch dài quá {MAX_BODY_BYTES // 1024} KiB. Hãy bỏ các năm đã qua hoặc viết căn cứ ngắn hơn."
        raise Invalid("calendar-too-large", words)
    return event


def _unknown_units(table: CalendarTable, directory: Directory | None) -> Iterator[str]:
    """A desk is known by the agency it belongs to, a province by those below it."""
    known = {agency.code for agency in directory.agencies} if directory else set()
    for unit in sorted({row.unit for row in table.rows} - {EVERYBODY}):
        desk_of = unit.rpartition(".")[0]
        if unit not in known and desk_of not in known and not any(code.startswith(f"{unit}.") for code in known):
            yield unit
