"""What the incremental check remembers of everything it has read, dossier by dossier: a trail.

The rules need a dossier's whole story, and the journal has no index by dossier: on a collection that every command
writes it would cost more than all checks. So the check keeps, for each, the ids of its events and what the log showed
of them. When to look at it again stands with it: at once while something is wrong or on its way, later where only time
decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from sys import intern
from typing import Any, Literal

from contracts.topics import COUNTER_REPLIES
from motcua.check.facts import Command, Logged, Row

Of = Literal["dossier", "series", "event", "command", "outbox"]


def trail_id(of: Of, id: str) -> str:
    return f"{of}/{id}"


def of_row(row: Row) -> str:
    """Where a journal row is remembered."""
    return trail_id("event", row.id) if row.sequence is None else trail_id("dossier", row.subject)


def of_record(record: Logged) -> str:
    """Where the journal row of a record is."""
    if record.topic == COUNTER_REPLIES.name:
        return trail_id("event", record.id)
    return trail_id("dossier", record.subject)


@dataclass
class Trail:
    """What is remembered of one thing."""

    rows: dict[str, Row] = field(default_factory=dict)
    """By event id."""
    strays: dict[str, Logged] = field(default_factory=dict)
    """Records of the log whose journal row was not there yet."""
    have: set[int] = field(default_factory=set)
    """Of a series: numbers whose dossier was seen."""
    command: Command | None = None
    look_at: datetime | None = None
    waits: tuple[str, ...] = ()
    """`group/topic/partition` of consumers that have yet to apply something of it: when one comes further, it is looked
    at. Until then it costs no run anything, however long that lasts."""
    stored: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    """The document it was read from."""

    def merge(self, rows: Iterable[Row]) -> None:
        """Rows as they are now; what the log showed of them stays."""
        for row in rows:
            before = self.rows.get(row.id)
            if before is not None:
                row.logged, row.back = row.logged or before.logged, row.back or before.back
                row.at = row.at or before.at
            self.rows[row.id] = row

    def to_document(self, id: str) -> dict[str, Any]:
        document: dict[str, Any] = {"_id": id}
        if self.rows:
            document["rows"] = [_packed(row) for row in self.rows.values()]
        if self.strays:
            document["strays"] = [_packed_record(record) for record in self.strays.values()]
        if self.have:
            document["have"] = list(_ranges(self.have))
        if self.command is not None:
            document["sent"] = [[source, ms] for source, ms in self.command.sent_ms.items()]
            document["answers"] = [[answer, done] for answer, done in sorted(self.command.answers.items())]
            document["at"] = [[source, *at] for source, at in self.command.at.items()]
        if self.look_at is not None:
            document["look_at"] = self.look_at
        if self.waits:
            document["waits"] = list(self.waits)
        return document

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Trail:
        subject = document["_id"].partition("/")[2]
        rows = (_unpacked(packed, subject) for packed in document.get("rows", ()))
        strays = (_unpacked_record(packed) for packed in document.get("strays", ()))
        command = None
        if "sent" in document:
            at = {source: (partition, offset) for source, partition, offset in document["at"]}
            command = Command({source: ms for source, ms in document["sent"]}, dict(document["answers"]), at)
        return cls(
            {row.id: row for row in rows},
            {record.id: record for record in strays},
            {number for first, last in document.get("have", ()) for number in range(first, last + 1)},
            command,
            document.get("look_at"),
            tuple(document.get("waits", ())),
            document,
        )


def _packed(row: Row) -> list[Any]:
    """A list, not fields by name: the names would be most of it."""
    state = row.logged + 2 * row.back + 4 * row.pending
    key = None if row.key == row.subject.encode() else row.key
    subject = None if row.sequence is not None else row.subject
    return [row.id, row.service, row.topic, row.type, row.aggregate, row.sequence, row.created_at, row.sent_at,
            state, key, subject, *(row.at or ())]  # fmt: skip


def _unpacked(packed: Sequence[Any], subject: str) -> Row:
    id, service, topic, type_, aggregate, sequence, created_at, sent_at, state, key, other, *at = packed
    about = intern(subject if other is None else other)
    return Row(
        service=intern(service), id=id, topic=intern(topic), type=intern(type_), subject=about,
        aggregate=intern(aggregate), sequence=sequence, pending=bool(state & 4), created_at=created_at,
        sent_at=sent_at, key=about.encode() if key is None else bytes(key), logged=bool(state & 1),
        back=bool(state & 2), at=(at[0], at[1]) if at else None,
    )  # fmt: skip


def _packed_record(record: Logged) -> list[Any]:
    return [record.topic, record.key, record.id, record.source, record.type, record.subject, record.written_ms,
            *record.at]  # fmt: skip


def _unpacked_record(packed: Sequence[Any]) -> Logged:
    topic, key, id, source, type_, subject, written_ms, *at = packed
    key = None if key is None else bytes(key)
    return Logged(topic, key, id, source, type_, subject, None, written_ms, (at[0], at[1]))


def _ranges(numbers: Iterable[int]) -> Iterator[list[int]]:
    """First and last of each run."""
    run: list[int] = []
    for number in sorted(numbers):
        if run and number == run[1] + 1:
            run[1] = number
        else:
            if run:
                yield run
            run = [number, number]
    if run:
        yield run
