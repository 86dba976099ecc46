"""A dead record as somebody corrects it in a form, and back: JSON in lines, headers one a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from contracts.problems import Invalid
from services.kit.failures import LETTER_EDITS, stored_record
from services.kit.mongo import Mongo
from services.kit.operations.contents import content
from services.kit.operations.edits import Correction
from services.kit.operations.queries import known_letter


def as_typed(shown: Mapping[str, Any], reason: str) -> dict[str, list[str]]:
    """The fields of the form, from what `contents` shows of a record."""
    headers = "\n".join(f"{name}: {value}" for name, value in shown["headers"] if isinstance(value, str))
    return {
        "body": [_in_lines(shown["body"])],
        "key": [shown["key"] if isinstance(shown["key"], str) else ""],
        "headers": [headers],
        "reason": [reason],
    }


async def correction(mongo: Mongo, id: str, body: str, key: str, headers: str) -> Correction:
    """What the fields change of the newest copy. Bytes that no form can show stay, unless something was typed instead.

    Raises: Missing `letter-unknown`; Invalid `headers-malformed`.
    """
    shown = await _newest(mongo, id)
    before = as_typed(shown, "")
    typed = _headers(headers)
    known = _headers(before["headers"][0])
    changed: dict[str, str | None] = {name: value for name, value in typed.items() if known.get(name) != value}
    changed |= {name: None for name in known if name not in typed}
    return Correction(
        body=None if _same(body, before["body"][0]) else _compact(body),
        key=None if key == before["key"][0] else key.encode(),
        headers=changed,
    )


async def _newest(mongo: Mongo, id: str) -> Mapping[str, Any]:
    letter = await known_letter(mongo, id)
    edits = mongo.collection(LETTER_EDITS).find({"letter": id}).sort("_id", -1).limit(1)
    newest = [edit async for edit in edits]
    return content(stored_record(newest[0] if newest else letter))


def _headers(text: str) -> dict[str, str]:
    """By name in small letters; the last of one name counts."""
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise Invalid("headers-malformed", "Mỗi dòng tiêu đề phải có dạng tên: giá trị.")
        found[name.strip().lower()] = value.strip()
    return found


def _in_lines(body: Any) -> str:
    if not isinstance(body, str):
        return ""
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return body


def _compact(text: str) -> bytes:
    try:
        return orjson.dumps(orjson.loads(text))
    except orjson.JSONDecodeError:
        return text.encode()


def _same(one: str, other: str) -> bool:
    """Browsers send lines with another end; JSON is the same with other spaces."""
    try:
        return bool(orjson.loads(one) == orjson.loads(other))
    except orjson.JSONDecodeError:
        return one.split() == other.split()
