"""The outbox: events wait here, written in the same transaction as the state they tell of. Sent rows stay: they are
the service's journal (audit, rebuild, the checker, `republish`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel

from contracts.envelope import Envelope
from contracts.topics import MAX_BODY_BYTES
from services.kit.mongo import Mongo

OUTBOX = "outbox"
INDEXES = (
    # Only waiting rows are in it: the relay's poll costs what is pending, not what was ever sent.
    IndexModel([("pending", ASCENDING), ("_id", ASCENDING)], name="pending", partialFilterExpression={"pending": True}),
)


def row(topic: str, key: str, envelope: Envelope, body: bytes, now: datetime) -> dict[str, Any]:
    """An outbox row.

    Raises:
        ValueError: the body is larger than a broker takes; a row that can never be sent would block its key.
    """
    if len(body) > MAX_BODY_BYTES:
        raise ValueError(f"{envelope.type} of {len(body)} bytes is over {MAX_BODY_BYTES}")
    return {
        "_id": envelope.id,
        "pending": True,
        "topic": topic,
        "key": key.encode(),
        "type": envelope.type,
        "subject": envelope.subject,
        "sequence": envelope.sequence,
        "headers": [[name, value.encode()] for name, value in envelope.headers().items()],
        "body": body,
        "created_at": now,
    }


async def pending_rows(mongo: Mongo, limit: int) -> list[dict[str, Any]]:
    """The oldest waiting rows, oldest first. Read by state, not by position: ids do not become visible in id order."""
    cursor = mongo.collection(OUTBOX).find({"pending": True}).sort("_id", ASCENDING).limit(limit)
    return [document async for document in cursor]


async def republish(mongo: Mongo, since: datetime | None = None) -> int:
    """Let every sent row (from `since` on) be sent again, for a broker that lost its log. Consumers drop repeats.

    Returns: how many rows wait now.
    """
    query: dict[str, Any] = {"sent_at": {"$exists": True}}
    if since is not None:
        query["created_at"] = {"$gte": since}
    result = await mongo.collection(OUTBOX).update_many(query, {"$set": {"pending": True}, "$unset": {"sent_at": ""}})
    return int(result.modified_count)
