"""The incremental check: what is new since the last run, what was wrong or on its way then, and what time has made due.

Its report is that of a full check on the same moment, at the price of the news; what it cannot see, docs/guarantees.md
says. It starts over by itself, and says so, where what it remembers is not about this installation any more.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from motcua.check.facts import Facts
from motcua.check.findings import Report
from motcua.check.judge import judge
from motcua.check.log import LogReading, logged
from motcua.check.marks import Marks, Memory
from motcua.check.news import OVERLAP, LogBeganAnew, News, follow
from motcua.check.reading import Reader, read_everything
from motcua.check.run import GRACE, OnPhase, Sources
from motcua.check.schedule import Schedule, complete
from motcua.check.tallies import tallies
from motcua.check.trails import Trail, of_row
from motcua.check.unread import note_unread
from services.notify.store import slot_of

RECOUNT_EVERY = timedelta(hours=24)
"""The statistics are sums over everything: recounting them reads everything."""
AGAIN_AFTER = timedelta(hours=6)
"""One that failed read as much as one that did not."""
NO_PHONES = "the phones were not compared: only the full check does"


@dataclass(frozen=True)
class Options:
    """How an incremental run differs from the usual one."""

    grace: timedelta = GRACE
    epoch: str = "0"
    """The life of the log, as settings name it."""
    from_start: bool = False
    recount: bool = False
    """Whatever was recounted lately."""


@dataclass
class Run:
    """One incremental run: its report, and what the next one must know."""

    sources: Sources
    memory: Memory
    now: datetime
    options: Options
    on_phase: OnPhase = lambda phase: None
    report: Report = field(default_factory=Report)
    facts: Facts = field(default_factory=Facts)
    marks: Marks = field(default_factory=lambda: Marks(""))
    trails: dict[str, Trail] = field(default_factory=dict)
    starts_over: bool = False
    over: set[str] = field(default_factory=set)
    """What need not be remembered any more."""
    _with_states: set[str] | None = None
    """Dossiers whose states were read; None: all."""

    async def compare(self) -> Report:
        """Read and judge; nothing is written yet."""
        began = time.monotonic()
        marks, why = await self._marks()
        if marks is not None:
            try:
                await self._read_news(marks)
            except LogBeganAnew:
                why = "the event log began anew"
        if why:
            self.starts_over = True
            await self._read_all()
            self.report.notes.append(f"everything was read: {why}")
        if self.sources.simulators:
            self.report.notes.append(NO_PHONES)
        await self._recount()
        self.on_phase("So sánh")
        on_the_way = judge(self.facts, self.report, self.now, self.options.grace)
        self.marks.log_read |= self.facts.log_was_read
        complete(self.trails, self.facts)
        grace = self.options.grace
        schedule = Schedule.of(
            self.facts, self.report, on_the_way, self._with_states, self.now, grace, self.marks.log_read
        )
        self.over = schedule.apply(self.trails)
        if self.sources.log is not None:
            await note_unread(self.report, self._reader, self.sources.log, grace)
        self.report.seconds = time.monotonic() - began
        return self.report

    @property
    def _reader(self) -> Reader:
        return self.sources.reader(self.options.epoch)

    async def keep(self) -> None:
        """Store what the next run must know."""
        await self.memory.prepare()
        if self.starts_over:
            await self.memory.forget()
        kept = {id: trail for id, trail in self.trails.items() if id not in self.over}
        await self.memory.keep(kept, self.over, self.marks)

    async def _marks(self) -> tuple[Marks | None, str]:
        """Where the last run stopped; None, and why everything must be read."""
        if self.options.from_start:
            return None, "as asked"
        marks = await self.memory.marks()
        if marks is None:
            return None, "no incremental check of this release was here before"
        if marks.epoch != self.options.epoch:
            return None, "the event log has a new epoch"
        if self.sources.log is not None and not marks.log_read:
            return None, "the event log was not read before"
        return marks, ""

    def _anew(self, marks: Marks) -> None:
        self.report = Report(mode="incremental", at=self.now)
        self.facts, self.marks, self.trails = Facts(), marks, {}

    async def _read_news(self, marks: Marks) -> None:
        self._anew(marks)
        self.on_phase("Đọc những gì mới kể từ lần trước")
        everywhere = not self.options.grace or self.sources.log is None  # no consumer is given time then
        news = News(self.facts, self._reader, self.memory, self.now, marks, all_that_wait=everywhere)
        await news.read_databases()
        if self.sources.log is not None:
            self.on_phase("Đọc phần mới của các topic Kafka")
            lost_before_ms = self.facts.began_ms - 1000 * self.options.grace.total_seconds()
            await news.read_log(self.sources.log, LogReading(self.facts, self.report), lost_before_ms)
        self.trails, self._with_states = news.trails, news.touched

    async def _read_all(self) -> None:
        self._anew(Marks(self.options.epoch, slots_from=slot_of(self.now - OVERLAP)))
        await read_everything(self.facts, self._reader, self.on_phase)
        self.marks.fences = self.facts.fences.by_name()
        for service in self.sources.databases:
            sent = [row.sent_at for row in self.facts.journal if row.service == service and row.sent_at is not None]
            self.marks.sent[service] = min([self.now, *([max(sent)] if sent else [])]) - OVERLAP
        for row in self.facts.journal:
            self.trails.setdefault(of_row(row), Trail()).merge([row])
        if self.sources.log is not None:
            self.on_phase("Đọc các topic Kafka")
            reading = LogReading(self.facts, self.report)
            async with self.sources.log.read({}) as records:
                async for record in follow(records, self.marks.log, self.sources.log):
                    found = logged(record)
                    if found is not None and not reading.take(found):
                        reading.stray(found)
            self.marks.answers_began_ms = self.facts.answers_began_ms

    async def _recount(self) -> None:
        last, failed = self.marks.recounted_at, self.marks.recount_failed_at
        routing = self.sources.databases.get("routing")
        if routing is None:
            return
        due = self.now - failed >= AGAIN_AFTER if failed else last is None or self.now - last >= RECOUNT_EVERY
        if due or self.options.recount:
            self.on_phase("Đếm lại thống kê")
            found = Report()
            if await tallies(routing, found, self.now, self.options.grace):
                self.marks.recounted_at, self.marks.recount_failed_at = self.now, None
            else:
                self.marks.recount_failed_at = self.now
            self.marks.differences = [(one.rule, one.subject, one.detail) for one in found.findings]
            self.report.notes += found.notes
        elif failed is not None:
            self.report.notes.append(f"the statistics could not be recounted at {failed:%Y-%m-%d %H:%M} UTC")
        else:
            self.report.notes.append(f"the statistics were last recounted at {last:%Y-%m-%d %H:%M} UTC")
        for rule, sum_, figures in self.marks.differences:
            self.report.add("statistics", rule, sum_, figures)
