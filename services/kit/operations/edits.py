"""A corrected copy of a dead record: what an operator changes, and where it differs from what was sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from services.kit.kafka import Record

MOST_PATHS = 100
_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")


@dataclass(frozen=True)
class Correction:
    """What becomes different; what is not named stays as it is."""

    body: bytes | None = None
    key: bytes | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    """By name, whatever its case; None takes it away."""

    def of(self, record: Record) -> Record:
        """The corrected record. Its place in the log stays: it tells where the original came from."""
        changed = {name.lower(): value for name, value in self.headers.items()}
        kept = tuple((name, value) for name, value in record.headers if name.lower() not in changed)
        added = tuple((name, value.encode()) for name, value in changed.items() if value is not None)
        return replace(
            record,
            value=record.value if self.body is None else self.body,
            key=record.key if self.key is None else self.key,
            headers=(*kept, *added),
        )


def differences(before: Record, after: Record) -> list[str]:
    """Where the two differ, as paths without values: `key`, `headers.ce_type`, `body.applicant`, `body.papers[2]`."""
    return list(_paths(before, after))[:MOST_PATHS]


def _paths(before: Record, after: Record) -> Iterator[str]:
    if before.key != after.key:
        yield "key"
    old, new = _by_name(before), _by_name(after)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"headers.{_said(name)}"
    if before.value != after.value:
        yield from _in_body(before.value, after.value)


def _by_name(record: Record) -> dict[str, list[bytes | None]]:
    found: dict[str, list[bytes | None]] = {}
    for name, value in record.headers:
        found.setdefault(name.lower(), []).append(value)
    return found


def _in_body(before: bytes | None, after: bytes | None) -> Iterator[str]:
    try:
        paths = list(_in_json(orjson.loads(before or b""), orjson.loads(after or b""), "body"))
    except orjson.JSONDecodeError:
        paths = []
    yield from paths or ["body"]  # no JSON, or the same one written otherwise


def _in_json(before: Any, after: Any, path: str) -> Iterator[str]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            place = f"{path}.{_said(name)}"
            if name in before and name in after:
                yield from _in_json(before[name], after[name], place)
            else:
                yield place
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _in_json(old, new, f"{path}[{number}]")
    else:
        yield path


def _said(name: str) -> str:
    """Names of broken input may be anything, somebody's name too."""
    return name if _NAME.fullmatch(name) else "?"
