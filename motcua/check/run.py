"""Read, compare, report. Safe on a live system: it only reads, and what is younger than a minute is given time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from motcua.check import rules
from motcua.check.facts import Facts, read_event_log, read_phones, read_service, read_states
from motcua.check.findings import Report
from motcua.check.life import lives
from motcua.check.tallies import tallies
from services.kit.mongo import Mongo


@dataclass(frozen=True)
class Sources:
    """Where to read."""

    databases: Mapping[str, Mongo]
    """By service: intake, routing, notify."""
    kafka_bootstrap: str | None = None
    simulators: str | None = None


GRACE = timedelta(seconds=60)
"""On a live system younger things may still be on their way."""


async def check(
    sources: Sources,
    now: datetime,
    on_phase: Callable[[str], None] = lambda phase: None,
    *,
    grace: timedelta = GRACE,
) -> Report:
    """Compare everything.

    Args:
        grace: what is younger is given time; zero on a system at rest.

    States are read before journals and journals before the log: what is seen in a later one may be newer, and newer
    things are never missed in the earlier.
    """
    facts, report = Facts(), Report()
    if sources.simulators:
        on_phase("Đọc tin nhắn trên các điện thoại mô phỏng")
        await read_phones(facts, sources.simulators)
    on_phase("Đọc cơ sở dữ liệu")
    await read_states(facts, sources.databases)
    for service, mongo in sources.databases.items():
        on_phase(f"Đọc nhật ký sự kiện của {service}")
        await read_service(facts, service, mongo)
    if sources.kafka_bootstrap:
        on_phase("Đọc các topic Kafka")
        await read_event_log(facts, sources.kafka_bootstrap)
    if "routing" in sources.databases:
        on_phase("Đếm lại thống kê")
        await tallies(sources.databases["routing"], report, now, grace)
    on_phase("So sánh")
    _judge(facts, report, now, grace)
    return report


def _judge(facts: Facts, report: Report, now: datetime, grace: timedelta) -> None:
    on_the_way = rules.on_their_way(facts, now, grace)
    rules.journals(facts, report, now, grace)
    rules.event_log(facts, report, now)
    rules.answers(facts, report, grace)
    lives(facts, report, now, on_the_way)
    rules.dossiers_and_cases(facts, report, on_the_way)
    rules.numbering(facts, report, on_the_way)
    rules.notices(facts, report, now, grace)
    rules.phones(facts, report, now, grace)
    rules.statistics(facts, report, on_the_way)
    report.seen.update(
        {
            "dossiers": len(facts.dossiers),
            "cases": len(facts.cases),
            "events": len(facts.journal),
            "records": len(facts.log or ()),
            "notices": len(facts.notices),
            "messages": len(facts.messages or ()),
        }
    )
    for service, number in facts.dead_letters.items():
        if number:
            report.notes.append(f"{number} dead letters of {service} wait for an operator")
