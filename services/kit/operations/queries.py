"""What operators look at: parked keys, dead letters, and the log of what was done about them.

Lists and single entries hold what the consumer noted: codes, places, rules. The content of a record may be anything
when nobody can read it, somebody's phone number too: looking at it is an operation of its own (`contents.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.envelope import Envelope
from contracts.problems import Missing
from contracts.types import DOSSIER_CODE_PATTERN
from services.kit import logs, places
from services.kit.decoding import Decoded, decode
from services.kit.failures import (
    DEAD_LETTERS,
    LETTER_EDITS,
    PARKED,
    PARKED_KEYS,
    LetterState,
    stored_record,
    type_of,
)
from services.kit.mongo import Mongo
from services.kit.operations.operation import OPERATIONS, Command, OperationState

Row = dict[str, Any]
WITHOUT_CONTENT = {"value": 0}
MOST_ROWS = 200
MOST_OPERATIONS = 50
HIDDEN = "?"
"""Instead of what was sent: `contents.py` shows it, and notes who looked."""
_DOSSIER = re.compile(DOSSIER_CODE_PATTERN)
_CODE = re.compile(r"[A-Za-z0-9._:/@-]{1,100}")


@dataclass(frozen=True)
class Page:
    """Some rows, and where the next ones begin; None: that was all."""

    rows: list[Row]
    next: str | None


@dataclass(frozen=True)
class Wish:
    """Which rows, and how many."""

    slug: str | None = None
    topic: str | None = None
    after: str | None = None
    limit: int = 100


async def parked_keys(mongo: Mongo, wish: Wish) -> Page:
    """Parked keys, the longest waiting first. Raises: Invalid `page-unknown`."""
    query: Row = {} if wish.slug is None else {"slug": wish.slug}
    if wish.topic is not None:
        query["$and"] = [{"$or": [{"head.topic": wish.topic}, {"head": None}]}]  # None: parked by an older release
    query |= _behind("parked_at", wish.after)
    found: list[Row] = []
    async for key in mongo.collection(PARKED_KEYS).find(query).sort([("parked_at", 1), ("_id", 1)]):
        head = key.get("head") or await _head(mongo, key["_id"])
        if wish.topic is None or (head is not None and head["topic"] == wish.topic):
            found.append(_key(key, head))
        if len(found) > wish.limit:
            break
    return _page(found, "parked_at", wish.limit)


async def parked_key(mongo: Mongo, id: str) -> Row:
    """One key with the first records that wait, and what was done about it. Raises: Missing `parked-key-unknown`."""
    key = await mongo.collection(PARKED_KEYS).find_one({"_id": id})
    if key is None:
        raise Missing("parked-key-unknown", "Không có hồ sơ nào đang bị giữ lại với khóa này.")
    cursor = mongo.collection(PARKED).find({"parked_key": id}, WITHOUT_CONTENT).sort("_id", 1).limit(MOST_ROWS)
    rows = [_parked(row) async for row in cursor]
    log = await operations(mongo, LogWish(subject=id, limit=MOST_OPERATIONS))
    return {**_key(key, rows[0] if rows else None), "records": rows, "operations": log.rows}


async def letters(mongo: Mongo, wish: Wish, states: tuple[LetterState, ...] = (LetterState.OPEN,)) -> Page:
    """Dead letters, the oldest first. Raises: Invalid `page-unknown`."""
    one = states[0].value if len(states) == 1 else None
    query: Row = {"state": one or {"$in": [state.value for state in states]}}
    query |= {name: value for name, value in (("slug", wish.slug), ("topic", wish.topic)) if value is not None}
    query |= _behind("at", wish.after)
    order = [*([("state", 1)] if one else []), ("at", 1), ("_id", 1)]  # of one state the index gives the order
    cursor = mongo.collection(DEAD_LETTERS).find(query, WITHOUT_CONTENT).sort(order).limit(wish.limit + 1)
    return _page([_letter(letter) async for letter in cursor], "at", wish.limit)


async def letter(mongo: Mongo, id: str) -> Row:
    """One letter with its envelope, whether this release can read it, its corrected copies, and what was done.

    Raises: Missing `letter-unknown`.
    """
    found = await known_letter(mongo, id)
    cursor = mongo.collection(LETTER_EDITS).find({"letter": id}, WITHOUT_CONTENT).sort("_id", 1)
    edits = [{name: edit[name] for name in ("number", "at", "by", "operation", "changed")} async for edit in cursor]
    record = stored_record(found)
    item = decode(record)
    readable = isinstance(item, Decoded)
    return {
        **_letter(found),
        "bytes": len(record.value or b""),
        "envelope": None if item.envelope is None else _envelope(item.envelope),
        "readable": readable,
        "order_key": item.order_key if isinstance(item, Decoded) else None,
        "unreadable_because": None if isinstance(item, Decoded) else item.slug,
        "edited": edits,
        "operations": (await operations(mongo, LogWish(subject=id, limit=MOST_OPERATIONS))).rows,
    }


@dataclass(frozen=True)
class LogWish:
    """Which operations, and how many."""

    subject: str | None = None
    command: Command | None = None
    state: OperationState | None = None
    after: str | None = None
    limit: int = 100


async def operations(mongo: Mongo, wish: LogWish) -> Page:
    """The log, the newest first."""
    wanted = (("subject", wish.subject), ("command", wish.command), ("state", wish.state))
    query: Row = {name: str(value) for name, value in wanted if value is not None}
    if wish.after is not None:
        query["_id"] = {"$lt": wish.after}
    cursor = mongo.collection(OPERATIONS).find(query).sort("_id", -1).limit(wish.limit + 1)
    found = [shown(operation) async for operation in cursor]
    rows = found[: wish.limit]
    return Page(rows, rows[-1]["id"] if len(found) > wish.limit else None)


async def operation(mongo: Mongo, id: str) -> Row:
    """One operation. Raises: Missing `operation-unknown`."""
    found = await mongo.collection(OPERATIONS).find_one({"_id": id})
    if found is None:
        raise Missing("operation-unknown", "Không có thao tác nào với mã này.")
    return shown(found)


def shown(operation: Mapping[str, Any]) -> Row:
    """An operation as JSON values."""
    return {"id" if name == "_id" else name: value for name, value in operation.items()}


async def known_letter(mongo: Mongo, id: str) -> Row:
    """The whole document. Raises: Missing `letter-unknown`."""
    found: Row | None = await mongo.collection(DEAD_LETTERS).find_one({"_id": id})
    if found is None:
        raise Missing("letter-unknown", "Không có thư chết nào với mã này.")
    return found


async def _head(mongo: Mongo, key: str) -> Row | None:
    cursor = mongo.collection(PARKED).find({"parked_key": key}, WITHOUT_CONTENT).sort("_id", 1).limit(1)
    return next(iter([_parked(row) async for row in cursor]), None)


def _key(key: Mapping[str, Any], head: Row | None) -> Row:
    return {
        "id": key["_id"],
        "order_key": key["_id"].partition("|")[2],
        **{name: key[name] for name in ("group", "slug", "detail", "count", "attempts", "parked_at", "next_at")},
        "head": None if head is None else head["id"],
        "topic": None if head is None else head["topic"],
        "type": None if head is None else head["type"],
    }


def _parked(row: Mapping[str, Any]) -> Row:
    return {
        "id": row["_id"],
        **{name: row[name] for name in ("slug", "at", "topic", "partition", "offset")},
        "type": type_of(row),
        "letter": row.get("letter"),
        "skipped_by": row.get("skip", {}).get("by"),
    }


def _letter(letter: Mapping[str, Any]) -> Row:
    names = ("state", "slug", "detail", "at", "group", "topic", "partition", "offset")
    return {
        "id": letter["_id"],
        **{name: letter[name] for name in names},
        "type": _code(type_of(letter)),
        "edits": letter.get("edits", 0),
        "operation": letter.get("operation"),
    }


def _envelope(envelope: Envelope) -> Row:
    """Whoever sent it wrote these: what is no code of the house may be anything, somebody's name or phone too."""
    names = ("id", "source", "type", "correlation_id", "causation_id")
    subject = envelope.subject
    return {
        "time": envelope.time,
        "sequence": envelope.sequence,
        "subject": subject if subject is None or _DOSSIER.fullmatch(subject) else HIDDEN,
        **{name: _code(getattr(envelope, name)) for name in names},
    }


def _code(text: str | None) -> str | None:
    return text if text is None or (_CODE.fullmatch(text) and not logs.looks_personal(text)) else HIDDEN


def _behind(moment: str, after: str | None) -> Row:
    """The rows behind a place, in the order of a moment and the id."""
    if after is None:
        return {}
    at, id, _ = places.read(after)
    return {"$or": [{moment: {"$gt": at}}, {moment: at, "_id": {"$gt": id}}]}


def _page(found: list[Row], moment: str, limit: int) -> Page:
    rows = found[:limit]
    if len(found) <= limit:
        return Page(rows, None)
    at: datetime = rows[-1][moment]
    return Page(rows, places.written(at, rows[-1]["id"]))
