"""The outbox: events wait here, written in the same transaction as the state they tell of.

One document holds the events of one transaction: a batch of a hundred decisions is one insert and, once sent, one
update, where a document per event would be hundreds (measured on the embedded engine: most of what a dossier costs).
Sent documents stay: they are the service's journal (audit, rebuild, the checker, `republish`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel

from contracts.envelope import Envelope
from contracts.topics import MAX_BODY_BYTES
from services.kit.ids import next_id
from services.kit.mongo import Mongo

OUTBOX = "outbox"
INDEXES = (
    # Only waiting documents are in it: the relay's poll costs what is pending, not what was ever sent.
    IndexModel([("pending", ASCENDING), ("_id", ASCENDING)], name="pending", partialFilterExpression={"pending": True}),
    # What was sent since a moment, for the incremental check. A document gets its entry when it is marked, not when it
    # is written in the transaction of a command.
    IndexModel([("sent_at", ASCENDING)], name="sent", sparse=True),
)
MOST_EVENTS = 200
MOST_BYTES = 4 * 1024 * 1024
"""Far under MongoDB's 16 MB for a document."""

Event = dict[str, Any]
"""`id, topic, key, type, subject, aggregate, sequence, headers, body` of one event, ready to be sent."""


def row(topic: str, key: str, envelope: Envelope, body: bytes, aggregate: str = "") -> Event:
    """One event as it waits.

    Args:
        aggregate: collection and id of what produced it; `sequence` counts its events.

    Raises:
        ValueError: the body is larger than a broker takes; an event that can never be sent would block its key.
    """
    if len(body) > MAX_BODY_BYTES:
        raise ValueError(f"{envelope.type} of {len(body)} bytes is over {MAX_BODY_BYTES}")
    return {
        "id": envelope.id,
        "topic": topic,
        "key": key.encode(),
        "type": envelope.type,
        "subject": envelope.subject,
        "aggregate": aggregate,
        "sequence": envelope.sequence,
        "headers": [[name, value.encode()] for name, value in envelope.headers().items()],
        "body": body,
    }


def documents(events: Sequence[Event], after: str | None, now: datetime) -> list[dict[str, Any]]:
    """Pack the events of one transaction, in order.

    Args:
        after: the latest outbox document of any aggregate among them. The ids made here sort after it: the relay
            reads in id order, and two processes whose clocks are apart may write about one aggregate in turn.
    """
    packed = []
    for chunk in _chunks(events):
        after = next_id(after)
        packed.append({"_id": after, "pending": True, "created_at": now, "events": chunk})
    return packed


def _chunks(events: Sequence[Event]) -> Iterator[list[Event]]:
    chunk: list[Event] = []
    size = 0
    for event in events:
        weight = 1024 + len(event["body"] or b"") + sum(len(value or b"") for _, value in event["headers"])
        if chunk and (len(chunk) >= MOST_EVENTS or size + weight > MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(event)
        size += weight
    if chunk:
        yield chunk


async def pending(mongo: Mongo, limit: int) -> list[Mapping[str, Any]]:
    """The oldest waiting documents, oldest first. Read by state, not by position: ids do not become visible in id
    order."""
    waiting = mongo.collection(OUTBOX).find({"pending": True}).sort("_id", ASCENDING).limit(limit)
    documents: list[Mapping[str, Any]] = await waiting.to_list(None)
    return documents


async def republish(mongo: Mongo, since: datetime | None = None) -> int:
    """Let everything sent (from `since` on) be sent again, for a broker that lost its log. Consumers drop repeats.

    Returns: how many outbox documents wait now.
    """
    query: dict[str, Any] = {"sent_at": {"$exists": True}}
    if since is not None:
        query["created_at"] = {"$gte": since}
    result = await mongo.collection(OUTBOX).update_many(query, {"$set": {"pending": True}, "$unset": {"sent_at": ""}})
    return int(result.modified_count)
