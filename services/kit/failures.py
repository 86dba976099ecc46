"""Where records go that cannot be applied: dead letters (never) and parked keys (not now).

A parked key is one dossier: its later events wait behind the one that failed, in order, while all others flow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pymongo import ASCENDING, IndexModel, InsertOne, ReplaceOne

from contracts.envelope import EnvelopeError, from_headers
from services.kit.decoding import Decoded, Poison
from services.kit.errors import Stale
from services.kit.ids import new_id
from services.kit.kafka import Record
from services.kit.mongo import Mongo, Session

DEAD_LETTERS = "dead_letters"
PARKED = "parked"
PARKED_KEYS = "parked_keys"
LETTER_EDITS = "dead_letter_edits"
"""Corrected copies of dead letters, by letter and number."""
INDEXES: Mapping[str, tuple[IndexModel, ...]] = {
    DEAD_LETTERS: (IndexModel([("state", ASCENDING), ("at", ASCENDING), ("_id", ASCENDING)], name="state_at_id"),),
    LETTER_EDITS: (),
    PARKED: (IndexModel([("parked_key", ASCENDING), ("_id", ASCENDING)], name="parked_key_id"),),
    PARKED_KEYS: (
        IndexModel([("group", ASCENDING), ("next_at", ASCENDING)], name="group_next_at"),
        IndexModel([("parked_at", ASCENDING), ("_id", ASCENDING)], name="parked_at_id"),
    ),
}
MOST_BYTES_KEPT = 8 * 1024 * 1024
"""Half of what a MongoDB document may hold."""
FIRST_DELAY = timedelta(seconds=1)
LONGEST_DELAY = timedelta(hours=6)
LONGEST_DETAIL = 500
"""Characters of what is said about a record; an event that is larger than a message may be blocks its dossier."""
MAX_COPY_BYTES = 1_040_000
"""A record larger than this does not fit, with our notes, into a message (1 MiB): its copy on the topic has no body."""


class LetterState(StrEnum):
    """What became of a dead letter."""

    OPEN = "open"
    """Waits for a person."""
    REPLAYING = "replaying"
    """Its record waits for its turn among the parked ones."""
    APPLIED = "applied"
    CLOSED = "closed"
    """A person decided that nothing need be done."""


def retry_delay(attempts: int) -> timedelta:
    """1 s, 2 s, 4 s ... 6 h: a fact that is only late arrives in seconds, a broken rule needs a person."""
    doublings: int = 2 ** min(attempts, 20)
    return min(LONGEST_DELAY, FIRST_DELAY * doublings)


def record_fields(record: Record) -> dict[str, Any]:
    """The original bytes, as they lay in the log (the first million of a record larger than a document may be)."""
    if _size(record) > MOST_BYTES_KEPT:
        # Compressed on the way, larger than a document may be: keep its start and what identifies the whole.
        whole = hashlib.sha256(record.value or b"").hexdigest()
        start = (record.value or b"")[:1_000_000]
        return {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "key": (record.key or b"")[:1_000],
            "value": start,
            "headers": [["truncated", whole.encode()]],
            "timestamp_ms": record.timestamp_ms,
        }
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": record.key,
        "value": record.value,
        "headers": [[name, value] for name, value in record.headers],
        "timestamp_ms": record.timestamp_ms,
    }


def stored_record(document: Mapping[str, Any]) -> Record:
    """The Kafka record that a parked or dead document holds, byte for byte."""
    return Record(
        document["topic"],
        document["partition"],
        document["offset"],
        document["key"],
        document["value"],
        tuple((name, value) for name, value in document["headers"]),
        document["timestamp_ms"],
    )


def dead_letter(group: str, epoch: str, poison: Poison, at: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """The document for operators and the outbox event that copies the record to the dead-letter topic."""
    record, detail = poison.record, poison.detail[:LONGEST_DETAIL]
    place = f"{record.topic}@{epoch}/{record.partition}/{record.offset}"
    document = {
        "_id": f"{group}/{place}",
        "state": LetterState.OPEN.value,
        "group": group,
        "slug": poison.slug,
        "detail": detail,
        "at": at,
        "taken": [] if poison.taken is None else [poison.taken],
        **record_fields(record),
    }
    notes = {"dlq_slug": poison.slug, "dlq_detail": detail, "dlq_source": place, "dlq_group": group}
    event = {
        "id": new_id(),
        "topic": f"{record.topic}.dlq.{group}",
        "key": record.key,
        "type": "dead-letter",
        "subject": place,
        "aggregate": "",
        "sequence": None,
        "headers": [*([n, v] for n, v in record.headers), *([n, v.encode()] for n, v in notes.items())],
        "body": record.value,
    }
    if _size(record) > MAX_COPY_BYTES:  # it would be refused again and again, and all that waits behind it with it
        notes["dlq_body"] = "only in the database"
        event |= {"key": None, "body": None, "headers": [[name, note.encode()] for name, note in notes.items()]}
    return document, event


def _size(record: Record) -> int:
    headers = sum(len(name.encode()) + len(value or b"") + 8 for name, value in record.headers)
    return len(record.value or b"") + len(record.key or b"") + headers


@dataclass
class ParkedKeys:
    """The parked keys of one consumer group, as one batch sees and changes them."""

    group: str
    epoch: str
    """Of the log that the records come from: a log that was lost is followed by one with the same offsets."""
    keys: dict[str, dict[str, Any]]
    appended: list[dict[str, Any]]

    @classmethod
    async def read(cls, mongo: Mongo, group: str, epoch: str, items: Iterable[Decoded]) -> ParkedKeys:
        """Those of the group's parked keys that these records belong to."""
        ids = sorted({parked_key_id(group, item) for item in items})
        keys = {document["_id"]: document for document in await mongo.found(PARKED_KEYS, {"_id": {"$in": ids}})}
        for key in keys.values():
            key["seen"] = {"tail": key["tail"], "count": key["count"]}
        return cls(group, epoch, keys, [])

    def id_of(self, item: Decoded) -> str:
        return parked_key_id(self.group, item)

    def __contains__(self, item: Decoded) -> bool:
        return self.id_of(item) in self.keys

    def append(self, item: Decoded, slug: str, detail: str, now: datetime, **more: Any) -> None:
        """Put a record behind what waits for its key, with `more` fields."""
        id = self.id_of(item)
        key = self.keys.setdefault(
            id, {"_id": id, "group": self.group, "tail": 0, "count": 0, "attempts": 0, "parked_at": now}
        )
        # News of a waiting dossier may be what its head waits for: try soon, whatever the backoff had come to.
        soon = now + retry_delay(0)
        key["next_at"] = min(key.get("next_at", soon), soon)
        key["tail"] += 1
        row = {
            # The number gives the order; the rest makes it another id when the key is emptied and parked again.
            "_id": f"{id}|{key['tail']:09d}|{new_id()}",
            "parked_key": id,
            "slug": slug,
            "at": now,
            "epoch": self.epoch,
            **more,
            **record_fields(item.record),
        }
        if key["count"] == 0:
            key |= {"slug": slug, "detail": detail, "head": head_of(row)}
        key["count"] += 1
        key["dirty"] = True
        self.appended.append(row)

    async def flush(self, mongo: Mongo, session: Session) -> None:
        """Write what `append` collected. The key's document is written too, as it was read, so that of this and of a
        retrier that empties the key at the same moment one decides again.

        Raises: Stale.
        """
        if not self.appended:
            return
        writes = [_key_write(key) for key in self.keys.values() if key.get("dirty")]
        result = await mongo.collection(PARKED_KEYS).bulk_write(writes, ordered=False, session=session)
        if result.matched_count + result.inserted_count != len(writes):
            raise Stale(PARKED_KEYS)
        await mongo.collection(PARKED).insert_many(self.appended, session=session)


def parked_key_id(group: str, item: Decoded) -> str:
    """Under which a record waits, where its key is parked."""
    return f"{group}|{item.order_key}"


def head_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a key tells of the record at its head."""
    return {"id": row["_id"], "topic": row["topic"], "type": type_of(row)}


def type_of(document: Mapping[str, Any]) -> str | None:
    """The type of a stored record, where its headers tell it."""
    try:
        return from_headers((name, value) for name, value in document["headers"]).type
    except (EnvelopeError, ValueError):  # damaged by hand
        return None


def _key_write(key: Mapping[str, Any]) -> InsertOne[dict[str, Any]] | ReplaceOne[dict[str, Any]]:
    document = {name: value for name, value in key.items() if name not in {"seen", "dirty"}}
    seen = key.get("seen")
    if seen is None:
        return InsertOne(document)
    return ReplaceOne({"_id": key["_id"], **seen}, document)
