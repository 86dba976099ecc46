"""What lies in the log and waits for one of our consumers, told in a note: while a consumer stands still nothing that
waits for it is compared, and that must not look like an installation in order."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from contracts.topics import CONSUMERS
from motcua.check.findings import Report
from motcua.check.reading import Log, Reader
from services.kit.kafka import LogEnds, Partition


async def note_unread(report: Report, reader: Reader, log: Log, grace: timedelta) -> None:
    """As it is now: what a consumer has come to since the check began is not worth a word.

    Raises: KafkaUnreachable.
    """
    fences = await reader.fences()
    for group, read_to in fences.next.items():
        ends = await log.ends([topic.name for topic in CONSUMERS[group]], read_to)
        if words := unread(group, read_to, ends, time.time() * 1000 - 1000 * grace.total_seconds()):
            report.notes.append(words)


def unread(group: str, read_to: Mapping[Partition, int], ends: Mapping[Partition, LogEnds], before_ms: float) -> str:
    """How much waits for a consumer, and since when; nothing while none of it was written before a moment."""
    number, oldest_ms = 0, before_ms
    for place, log in ends.items():
        if log.unread_since_ms is not None:  # else the rest was compacted away: nothing can be read there
            number += max(0, log.end - max(log.first, read_to.get(place, 0)))
            oldest_ms = min(oldest_ms, log.unread_since_ms)
    if oldest_ms == before_ms:
        return ""
    since = datetime.fromtimestamp(oldest_ms / 1000, UTC)
    return f"{number} records wait for {group}, the oldest since {since:%Y-%m-%d %H:%M} UTC: not compared until read"
