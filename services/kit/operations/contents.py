"""The content of records that wait or are dead: shown to an operator who says why, and noted before it is shown."""

from __future__ import annotations

import base64
from typing import Any

from contracts.problems import Missing
from services.kit.clock import Now
from services.kit.failures import LETTER_EDITS, PARKED, stored_record
from services.kit.kafka import Record
from services.kit.mongo import Mongo
from services.kit.operations.operation import OPERATIONS, Acting, Command, entry
from services.kit.operations.queries import known_letter

Row = dict[str, Any]


async def read_parked(mongo: Mongo, now: Now, id: str, acting: Acting) -> Row:
    """The content of a waiting record. Raises: Missing `parked-record-unknown`."""
    row = await mongo.collection(PARKED).find_one({"_id": id})
    if row is None:
        raise Missing("parked-record-unknown", "Không có bản ghi nào đang chờ với mã này.")
    await mongo.collection(OPERATIONS).insert_one(
        entry(Command.PARKED_READ, row["parked_key"], acting, now(), record=id)
    )
    return {"id": id, **content(stored_record(row))}


async def read_letter(mongo: Mongo, now: Now, id: str, acting: Acting) -> Row:
    """The content as it was sent, and the newest corrected copy.

    Raises: Missing `letter-unknown`.
    """
    found = await known_letter(mongo, id)
    await mongo.collection(OPERATIONS).insert_one(entry(Command.LETTER_READ, id, acting, now()))
    newest = [edit async for edit in mongo.collection(LETTER_EDITS).find({"letter": id}).sort("_id", -1).limit(1)]
    edit = {"number": newest[0]["number"], **content(stored_record(newest[0]))} if newest else None
    return {"id": id, **content(stored_record(found)), "edit": edit}


def content(record: Record) -> Row:
    """Everything that was sent; what is no UTF-8 in base64."""
    return {
        "key": _text(record.key),
        "headers": [[name, _text(value)] for name, value in record.headers],
        "body": _text(record.value),
    }


def _text(value: bytes | None) -> str | dict[str, str] | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}
