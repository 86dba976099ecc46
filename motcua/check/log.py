"""The event log against the journals: a fold over records, which keeps nothing of them but marks on the rows; and the
rules about what it left."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts.envelope import EnvelopeError, from_headers
from contracts.events import counter
from contracts.topics import COUNTER_INTAKE, COUNTER_REPLIES, TOPICS
from contracts.types import UNIT_CODE_PATTERN
from motcua.check.facts import Command, Facts, Logged, Row
from motcua.check.fences import Fences
from motcua.check.findings import Report
from services.kit.kafka import Record

KEPT_BY_KAFKA = timedelta(days=29)
"""A day less than the topics keep their records."""
OURS = frozenset({"/intake", "/routing", "/notify"})
UNIT_CODE = re.compile(UNIT_CODE_PATTERN)
COMMANDS = frozenset(command.TYPE for command in counter.COMMANDS)
COMPACTED = frozenset(topic.name for topic in TOPICS if topic.compacted)
REPEATS = "records sent again (known to consumers by their id)"
Stream = tuple[str, bytes | None, str, str]
"""Topic, key, service, aggregate: order is promised within it."""


def logged(record: Record) -> Logged | None:
    """What the checker keeps of a record; None: a partner's bad one, the consumers' dead letters tell of it."""
    try:
        envelope = from_headers(record.headers)
    except EnvelopeError:
        return None
    return Logged(
        record.topic, record.key, envelope.id, envelope.source, envelope.type, envelope.subject or "",
        envelope.causation_id, record.timestamp_ms, (record.partition, record.offset),
    )  # fmt: skip


@dataclass
class LogReading:
    """Takes records in the order of each partition."""

    facts: Facts
    report: Report
    _known: dict[str, Row] = field(default_factory=dict)
    _last: dict[Stream, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.facts.log_was_read = True
        self.know(self.facts.journal)

    def know(self, rows: Iterable[Row]) -> None:
        """Further rows, with the marks that an earlier reading left on them."""
        for row in rows:
            self._known[row.id] = row
            if row.logged and row.sequence is not None:
                stream = (row.topic, row.key, row.service, row.aggregate)
                self._last[stream] = max(row.sequence, self._last.get(stream, 0))

    def take(self, record: Logged) -> bool:
        """Returns: False when it is one of ours and no journal row is known for it."""
        self.facts.records += 1
        if record.topic in COMPACTED:
            key = (record.topic, record.key)
            self.facts.newest_ms[key] = max(record.written_ms, self.facts.newest_ms.get(key, 0))
        if record.topic in {COUNTER_INTAKE.name, COUNTER_REPLIES.name}:
            self._command(record)
        return self.recognise(record)

    def recognise(self, record: Logged) -> bool:
        """Mark the journal row of a record. Returns: as `take`."""
        row = self._known.get(record.id)
        if row is None:
            return record.source not in OURS
        if row.logged:
            self.report.seen[REPEATS] += 1
            return True
        row.logged = True
        row.at = record.at if self.facts.fences.behind(record.topic, record.at) else None
        if row.sequence is not None:
            stream = (record.topic, record.key, row.service, row.aggregate)
            last = self._last.get(stream, 0)
            row.back = row.sequence < last
            self._last[stream] = max(row.sequence, last)
        return True

    def stray(self, record: Logged) -> None:
        """It stays unknown."""
        self.facts.strays.setdefault(record.id, record)

    def _command(self, record: Logged) -> None:
        if record.topic == COUNTER_REPLIES.name:
            began = self.facts.answers_began_ms
            self.facts.answers_began_ms = record.written_ms if began is None else min(began, record.written_ms)
            answered = self.facts.commands.setdefault(record.causation or "", Command()).answers
            answered[record.id] = record.type == counter.CommandAccepted.TYPE
        elif record.type in COMMANDS and UNIT_CODE.match((record.key or b"").decode("utf-8", "replace")):
            command = self.facts.commands.setdefault(record.id, Command())
            if record.source not in command.sent_ms and self.facts.fences.behind(record.topic, record.at):
                command.at[record.source] = record.at
            command.sent_ms[record.source] = max(record.written_ms, command.sent_ms.get(record.source, 0))


def event_log(facts: Facts, report: Report, now: datetime, grace: timedelta) -> None:
    """The log holds every sent event, in order per dossier and source, and no event that no journal knows."""
    if not facts.log_was_read:
        report.notes.append("the event log was not read: no broker given")
        return
    before_ms = facts.began_ms - 1000 * grace.total_seconds()
    for record in facts.strays.values():
        if record.written_ms <= before_ms:
            detail = f"{record.topic} from {record.source}"
            report.add("orphan", "record-without-journal", record.id, detail, record.subject)
    for row in facts.journal:
        if row.back:
            detail = f"{row.topic}: {row.sequence}"
            report.add("out_of_order", "sequence-back", row.aggregate, detail, row.subject)
        if is_missing(row, now) and not _compacted_away(row, facts):
            report.add("lost", "event-not-in-log", row.id, f"{row.type} of {row.subject}", concern(row))


def is_missing(row: Row, now: datetime) -> bool:
    """Sent, kept by Kafka, and not seen there."""
    fresh = row.sent_at is not None and now - row.sent_at < KEPT_BY_KAFKA
    return fresh and not row.pending and not row.logged


def _compacted_away(row: Row, facts: Facts) -> bool:
    """Kafka keeps the newest record of each key there, and throws older ones away when it likes."""
    newest = facts.newest_ms.get((row.topic, row.key))
    return newest is not None and row.sent_at is not None and newest > row.sent_at.timestamp() * 1000


def concern(row: Row) -> str:
    """What a row belongs to: its dossier; itself, where it tells of no aggregate."""
    return row.subject if row.sequence is not None else row.id


def answers(facts: Facts, report: Report, grace: timedelta, fences: Fences) -> None:
    """Every command on the counters' topic is answered once: who sent it waits for that.

    One that intake has not come to is on its way, and so may be the answer while some wait to be sent. Commands from
    before the first answer were read by a release that did not answer.
    """
    began, until = facts.answers_began_ms, facts.began_ms - 1000 * grace.total_seconds()
    if began is None:
        return
    # One of those that wait may be this one.
    parked = any(key.service == "intake" for key in (*facts.parked, *facts.parked_before))
    unsent = any(row.pending and row.topic == COUNTER_REPLIES.name for row in facts.journal)
    for id, command in facts.commands.items():
        sources = {source for source, sent_ms in command.sent_ms.items() if began <= sent_ms <= until}
        if not sources:
            continue
        # One that was refused is answered once more when an operator replays it, and it is done after all.
        done = sum(command.answers.values())
        if max(done, len(command.answers) - done) > len(command.sent_ms):
            report.add("duplicated", "command-answered-twice", id, f"{len(command.answers)} answers")
            continue
        taken = {source for source in sources if not fences.behind(COUNTER_INTAKE.name, command.at.get(source))}
        if len(command.answers) < len(taken) and not parked and not unsent:
            report.add("stuck", "command-without-answer", id, f"from {', '.join(sorted(taken))}"[:200])
