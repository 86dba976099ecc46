"""The answers on `counter.replies.v1`: one for each record of a command, in the transaction of its effect."""

from __future__ import annotations

import hashlib
from typing import Any

from pydantic import TypeAdapter, ValidationError

from contracts.events import Message
from contracts.events.counter import COMMANDS, CommandAccepted, CommandRejected
from contracts.topics import COUNTER_REPLIES, Topic
from contracts.types import Reference, UnitCode
from services.kit.replies import Rejection, Settled

LONGEST_WORDS = 500
_TYPES = frozenset(command.TYPE for command in COMMANDS)
_UNIT: TypeAdapter[str] = TypeAdapter(UnitCode)
_REFERENCE: TypeAdapter[str] = TypeAdapter(Reference)


def reply(settled: Settled) -> tuple[Topic, str, Message] | None:
    """None for what is no command of ours, or names no counter in its key: nobody could be answered."""
    command = settled.envelope.type
    counter = _valid(_UNIT, (settled.record.key or b"").decode("utf-8", "replace"))
    if command not in _TYPES or counter is None:
        return None
    said: dict[str, Any] = {
        "counter": counter,
        "command_id": command_id(settled.envelope.id),
        "command": command,
        "external_ref": getattr(settled.message, "external_ref", None),
    }
    code = getattr(settled.result, "code", None) or getattr(settled.message, "code", None)
    if settled.rejection is not None:
        words = _words(settled.rejection, readable=settled.message is not None)
        answer: Message = CommandRejected(**said, code=code, slug=settled.rejection.slug, message=words)
    else:
        answer = CommandAccepted(**said, code=code, repeated=getattr(settled.result, "repeated", False))
    return COUNTER_REPLIES, counter, answer


def command_id(id: str) -> str:
    """`ce_id` as it was sent; one that is no reference (over 100 characters, a space, letters beyond ASCII) as
    `sha256:` and the digest of its UTF-8 bytes in hex."""
    return _valid(_REFERENCE, id) or f"sha256:{hashlib.sha256(id.encode()).hexdigest()}"


def _words(rejection: Rejection, *, readable: bool) -> str:
    """A record that cannot be read has no sentence of ours: say which field breaks which rule, never its value."""
    words = rejection.words if readable else f"Không đọc được lệnh này: {rejection.words}"
    return words[:LONGEST_WORDS] or rejection.slug


def _valid(adapter: TypeAdapter[str], value: str) -> str | None:
    try:
        return adapter.validate_python(value)
    except ValidationError:
        return None
