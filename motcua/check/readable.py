"""Whether a stored document can be read: the fields that the rules and the services need are there, and are what they
should be. One that is broken is a finding; it must not end the check, nor hide what is wrong with the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from services.kit.outbox import OUTBOX
from services.notify.store import NOTICES
from services.routing.store import CASES

Test = Callable[[Any], bool]


def _is(*types: type) -> Test:
    return lambda value: isinstance(value, types) and not (types == (int,) and isinstance(value, bool))


def _each(tests: Mapping[str, Test]) -> Test:
    return lambda value: (
        isinstance(value, list) and all(isinstance(one, Mapping) and _first_bad(one, tests) is None for one in value)
    )


_MAYBE_TIME = _is(datetime, type(None))
_MAYBE_WORD = _is(str, type(None))
_EVENTS = {"id": _is(str), "topic": _is(str), "type": _is(str), "subject": _is(str), "aggregate": _is(str),
           "sequence": _is(int, type(None))}  # fmt: skip
_ATTEMPTS = {"id": _is(str), "provider_id": _is(str), "delivered_at": _MAYBE_TIME}
_FIELDS: Mapping[str, Mapping[str, Test]] = {
    OUTBOX: {"created_at": _is(datetime), "events": _each(_EVENTS)},
    "numbers": {"last": _is(int), "taken": lambda value: value is None or _numbers(value)},
    "dossiers": {"status": _is(str), "mechanism": _is(str), "due_at": _MAYBE_TIME, "timeliness": _MAYBE_WORD,
                 "answer_due_at": _MAYBE_TIME},
    "cases": {"state": _is(str), "mechanism": _is(str), "timeliness": _MAYBE_WORD, "steps": _each({"state": _is(str)})},
    "notices": {"code": _is(str), "kind": _is(str), "state": _is(str), "event_id": _is(str),
                "created_at": _is(datetime), "expires_at": _is(datetime), "attempts": _each(_ATTEMPTS)},
}  # fmt: skip
_WHOLE: Mapping[str, Callable[[Mapping[str, Any]], object]] = {"cases": CASES.to_state, "notices": NOTICES.to_state}
"""Read whole, and turned into objects as the services do. (Dossiers are not: they hold what is personal.)"""


def _numbers(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, int) for one in value)


def _first_bad(document: Mapping[str, Any], tests: Mapping[str, Test]) -> str | None:
    return next((name for name, fits in tests.items() if not fits(document.get(name))), None)


def fault(collection: str, document: Mapping[str, Any]) -> str | None:
    """What is wrong with it, without its values; None: it can be read."""
    bad = _first_bad(document, _FIELDS.get(collection, {}))
    if bad is not None:
        return f"field {bad}"
    whole = _WHOLE.get(collection)
    if whole is None:
        return None
    try:
        whole(document)
    except Exception as error:  # noqa: BLE001 - whatever the service would stumble over
        return f"cannot be turned into an object ({type(error).__name__})"
    return None


def is_read_whole(collection: str) -> bool:
    return collection in _WHOLE
