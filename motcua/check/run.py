"""Read everything, compare, report. Safe on a live system: it only reads, and what is younger than a minute is given
time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from motcua.check.facts import Facts
from motcua.check.findings import Report
from motcua.check.judge import judge
from motcua.check.log import LogReading
from motcua.check.reading import KafkaLog, Log, Reader, read_event_log, read_everything, read_phones
from motcua.check.tallies import tallies
from motcua.check.unread import note_unread
from services.kit.mongo import Mongo


@dataclass(frozen=True)
class Sources:
    """Where to read."""

    databases: Mapping[str, Mongo]
    """By service: intake, routing, notify."""
    kafka_bootstrap: str | None = None
    simulators: str | None = None
    pause_s: float = 0.0
    """After every thousand documents, where the databases have other work."""
    other_log: Log | None = None
    """In place of a broker."""

    @property
    def log(self) -> Log | None:
        return self.other_log or (KafkaLog(self.kafka_bootstrap) if self.kafka_bootstrap else None)

    def reader(self, epoch: str | None) -> Reader:
        return Reader(self.databases, self.pause_s, epoch)


GRACE = timedelta(seconds=60)
"""On a live system younger things may still be on their way."""
OnPhase = Callable[[str], None]


async def check(
    sources: Sources,
    now: datetime,
    on_phase: OnPhase = lambda phase: None,
    *,
    grace: timedelta = GRACE,
    epoch: str | None = None,
) -> Report:
    """Compare everything.

    Args:
        grace: what is younger is given time, and what a consumer has not come to; zero on a system at rest.
        epoch: the life of the log, as settings name it; None: the last one that a consumer was in.

    Phones are read before states, states before journals and journals before the log: what is seen in a later one may
    be newer, and newer things are never missed in the earlier.
    """
    facts, report, began = Facts(), Report(at=now), time.monotonic()
    if sources.simulators:
        on_phase("Đọc tin nhắn trên các điện thoại mô phỏng")
        await read_phones(facts, sources.simulators)
    await read_everything(facts, sources.reader(epoch), on_phase)
    if sources.log is not None:
        on_phase("Đọc các topic Kafka")
        await read_event_log(LogReading(facts, report), sources.log)
    if "routing" in sources.databases:
        on_phase("Đếm lại thống kê")
        await tallies(sources.databases["routing"], report, now, grace)
    on_phase("So sánh")
    judge(facts, report, now, grace)
    if sources.log is not None:
        await note_unread(report, sources.reader(epoch), sources.log, grace)
    report.seconds = time.monotonic() - began
    return report
