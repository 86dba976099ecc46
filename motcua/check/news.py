"""What is new since the last incremental check, and everything that belongs to it.

In the order that a full check reads in: which dossiers have news, their states, the journals, the log. What the
journals tell in between of further dossiers is left for the next run, which reads it again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from motcua.check.facts import Command, Facts, Logged, Row
from motcua.check.log import LogReading, logged
from motcua.check.marks import Marks, Memory, Read
from motcua.check.reading import Log, Reader
from motcua.check.rules import given
from motcua.check.trails import Trail, of_record, of_row, trail_id
from services.intake.domain.numbering import parts
from services.kit.kafka import Partition, Record
from services.notify.store import slot_of, slot_token

OVERLAP = timedelta(minutes=10)
"""Of journal rows by the moment they were sent, of notices by the moment they were made: clocks of hosts may differ."""
MOST_SLOTS = 100
WIDTHS = range(4, 9)
"""Digits that the number of a dossier code may have."""


class LogBeganAnew(Exception):
    """The log is not the one that was read before: what was seen of it means nothing any more."""


@dataclass
class News:
    """One reading of what is new."""

    facts: Facts
    reader: Reader
    memory: Memory
    now: datetime
    marks: Marks
    """How far the last run read; moved on by this one."""
    trails: dict[str, Trail] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    """Dossiers whose states were read: the rules may be asked about them."""
    all_that_wait: bool = False
    """Look also at what waits for a consumer that has not moved."""
    _journals: dict[str, list[str]] = field(default_factory=dict)
    """By service, outbox documents that could not be read before."""

    async def read_databases(self) -> None:
        """States before journals, as the full check does."""
        since = dict(self.marks.sent)
        await self.reader.waiting(self.facts)
        wanted = set(await self.memory.due(self.now, self._moved()))
        self.marks.fences = self.facts.fences.by_name()
        for service in self.reader.databases:
            wanted |= {of_row(row) async for row in self._news_of(service, since, mark=True)}
        self._journals = _outbox_ids(wanted)
        codes = {id.partition("/")[2] for id in wanted if id.startswith("dossier/")}
        codes |= {key.subject for key in self.facts.parked_before}
        codes |= await self._codes_of_new_notices()
        units = {id.partition("/")[2] for id in wanted if id.startswith("series/")}
        await self._read_states(codes, units | _units(codes))
        rows: dict[str, Row] = {}
        self.facts.unreadable = {k: v for k, v in self.facts.unreadable.items() if "/outbox/" not in k}
        for service in self.reader.databases:
            async for row in self._news_of(service, since):
                rows[row.id] = row
            await self.reader.troubles(self.facts, service)
        wanted |= {trail_id("dossier", code) for code in self.touched} | {of_row(row) for row in rows.values()}
        self.trails |= await self._recall(wanted - self.trails.keys())
        for row in rows.values():
            self.trails[of_row(row)].merge([row])
        self.facts.journal = [row for trail in self.trails.values() for row in trail.rows.values()]

    async def read_log(self, log: Log, reading: LogReading, lost_before_ms: float) -> None:
        """
        Args:
            lost_before_ms: where a record is older and no journal knows it, the dossier is looked at as a whole.

        Raises: LogBeganAnew.
        """
        for trail in self.trails.values():
            self._recognise(reading, trail.strays.values())
            trail.strays.clear()
        unknown: list[Logged] = []
        self.facts.answers_began_ms = self.marks.answers_began_ms
        async with log.read({place: read.offset for place, read in self.marks.log.items()}) as records:
            async for record in follow(records, self.marks.log, log):
                found = logged(record)
                if found is not None and not reading.take(found):
                    unknown.append(found)
        self.marks.answers_began_ms = self.facts.answers_began_ms
        further = await self._recall({of_record(record) for record in unknown} - self.trails.keys())
        for trail in further.values():
            reading.know(trail.rows.values())
            self.facts.journal += trail.rows.values()
            self._recognise(reading, trail.strays.values())
            trail.strays.clear()
        self.trails |= further
        self._recognise(reading, unknown)
        lost = {record.subject for record in self.facts.strays.values() if record.written_ms <= lost_before_ms}
        known = {id.partition("/")[2] for id in self.trails if id.startswith("series/")}
        await self._read_states(lost - self.touched, _units(lost) - known)
        await self._remember_commands()

    def _moved(self) -> list[str] | None:
        """Where a consumer has come further since the last run; None: look everywhere."""
        if self.all_that_wait:
            return None
        now = self.facts.fences.by_name()
        return [name for name in now.keys() | self.marks.fences.keys() if now.get(name) != self.marks.fences.get(name)]

    async def _news_of(self, service: str, since: dict[str, datetime], *, mark: bool = False) -> AsyncIterator[Row]:
        """What waits, then what was sent: a row that goes from the one to the other meanwhile is read twice, and one
        that is read in neither is sent after `now`, so that the next run reads it."""
        newest: datetime | None = None
        sent = {"sent_at": {"$gte": since.get(service, self.now - OVERLAP)}}
        queries: list[dict[str, Any]] = [{"pending": True}, sent]
        if ids := self._journals.get(service):
            queries.append({"_id": {"$in": ids}})
        for query in queries:
            async for row in self.reader.journal(self.facts, service, query):
                if row.sent_at is not None and not row.pending:
                    newest = row.sent_at if newest is None else max(newest, row.sent_at)
                yield row
        if mark and newest is not None:
            self.marks.sent[service] = min(newest, self.now) - OVERLAP

    async def _codes_of_new_notices(self) -> set[str]:
        if "notify" not in self.reader.databases:
            return set()
        last = slot_of(self.now)
        slots = list(range(self.marks.slots_from, last + 1))
        for start in range(0, len(slots), MOST_SLOTS):
            tokens = [slot_token(slot) for slot in slots[start : start + MOST_SLOTS]]
            await self.reader.states(self.facts, "notify", "notices", {"tokens": {"$in": tokens}})
        self.marks.slots_from = slot_of(self.now - OVERLAP)
        return {notice["code"] for notice in self.facts.notices.values()}

    async def _read_states(self, codes: set[str], units: set[str]) -> None:
        """Of dossiers and of series; also of the dossiers whose number was given and of which nothing was ever told."""
        facts, reader = self.facts, self.reader
        self.trails |= await self._recall({trail_id("series", unit) for unit in units})
        await reader.states(facts, "intake", "numbers", {}, units)
        before = facts.dossiers.keys() | set()
        await reader.states(facts, "intake", "dossiers", {}, codes | self._untold(units, codes))
        codes = codes | (facts.dossiers.keys() - before)
        if "routing" in reader.databases:
            await reader.states(facts, "routing", "cases", {}, codes)
        if "notify" in reader.databases:
            further = await reader.notices_of(codes) - facts.notices.keys()
            await reader.states(facts, "notify", "notices", {}, further)
            await reader.states(facts, "notify", "recipients", {"contact": {"$ne": None}}, codes)
        self.touched |= codes

    def _untold(self, units: Iterable[str], codes: Iterable[str]) -> set[str]:
        """What the dossiers may be called of numbers that no trail and no news knows."""
        at_hand: dict[str, set[int]] = {}
        for code in codes:
            if series := _series(code):
                at_hand.setdefault(series[0], set()).add(series[1])
        found: set[str] = set()
        for unit in units:
            have, now = self.trails[trail_id("series", unit)].have, at_hand.get(unit, set())
            self.facts.numbered.setdefault(unit, set()).update(have - now)
            if unit in self.facts.numbers:
                missing = given(self.facts.numbers[unit]) - have - now
                found |= {f"{unit}-{number:0{width}d}" for number in missing for width in WIDTHS}
        return found

    def _recognise(self, reading: LogReading, records: Iterable[Logged]) -> None:
        for record in records:
            if not reading.recognise(record):
                reading.stray(record)

    async def _remember_commands(self) -> None:
        ids = {trail_id("command", id) for id in self.facts.commands}
        self.trails |= await self._recall(ids - self.trails.keys())
        for id, trail in self.trails.items():
            of, _, name = id.partition("/")
            if of == "command":
                before, now = trail.command or Command(), self.facts.commands.get(name, Command())
                at = {source: at for source, at in now.at.items() if source not in before.sent_ms}
                trail.command = Command(before.sent_ms | now.sent_ms, before.answers | now.answers, before.at | at)
                self.facts.commands[name] = trail.command

    async def _recall(self, ids: Iterable[str]) -> dict[str, Trail]:
        wanted = set(ids)
        found = await self.memory.trails(wanted)
        return {id: found.get(id, Trail()) for id in sorted(wanted)}


async def follow(records: AsyncIterator[Record], marks: dict[Partition, Read], log: Log) -> AsyncIterator[Record]:
    """Records after those that the marks name; the marks move on.

    Raises: LogBeganAnew: the last record that was read before is not where it was.
    """
    before = dict(marks)
    checked: set[Partition] = set()
    async for record in records:
        place = (record.topic, record.partition)
        last, now = before.get(place), Read(record.offset, _id_of(record), record.timestamp_ms)
        if last is not None and place not in checked:
            checked.add(place)
            if record.offset < last.offset or (record.offset == last.offset and now != last):
                raise LogBeganAnew
            if record.offset == last.offset:
                continue
        marks[place] = now
        yield record
    if gone := before.keys() - checked:
        ends = await log.ends()
        if any(place not in ends or ends[place].end <= before[place].offset for place in gone):
            raise LogBeganAnew


def _id_of(record: Record) -> str:
    found = logged(record)
    return "" if found is None else found.id


def _units(codes: Iterable[str]) -> set[str]:
    return {series[0] for code in codes if (series := _series(code))}


def _series(code: str) -> tuple[str, int] | None:
    """Series and number of a dossier code; None: it is none, as the code of a procedure."""
    try:
        return parts(code)
    except ValueError:
        return None


def _outbox_ids(wanted: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for id in wanted:
        of, _, rest = id.partition("/")
        if of == "outbox":
            service, _, document = rest.partition("/")
            found.setdefault(service, []).append(document)
    return found
