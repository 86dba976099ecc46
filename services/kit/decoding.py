"""From a Kafka record to a message, record by record: one bad record never fails its neighbours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from contracts.envelope import Envelope, EnvelopeError, from_headers
from contracts.events import BY_TYPE, Message
from contracts.topics import BY_NAME, MAX_BODY_BYTES
from services.kit.kafka import Record
from services.kit.rule_words import rule_words

_TYPE = re.compile(r"[A-Za-z0-9._-]{1,200}")


@dataclass(frozen=True)
class Decoded:
    """A record that holds a message of a published type."""

    record: Record
    envelope: Envelope
    message: Message

    @property
    def event_id(self) -> str:
        return event_id(self.envelope)

    @property
    def order_key(self) -> str:
        """What must be applied in order: the dossier. Commands of a counter share the counter's record key, but one
        that fails must hold up its own dossier only, not the whole counter."""
        code = getattr(self.message, "code", None)
        if code is not None:
            return str(code)
        key = (self.record.key or b"").decode("utf-8", "backslashreplace")
        reference = getattr(self.message, "external_ref", None)
        return key if reference is None else f"{key}/{reference}"


@dataclass(frozen=True)
class Poison:
    """A record that can never be applied; it goes to the dead letters with its original bytes."""

    record: Record
    slug: str
    detail: str
    envelope: Envelope | None = None
    """None: not even that could be read."""
    taken: str | None = None
    """Event id under which the inbox knows it; None: it never came so far."""


def event_id(envelope: Envelope) -> str:
    """Unique over all producers: CloudEvents ids are unique per source only."""
    return f"{envelope.source}|{envelope.id}"


# What the record key must be equal to, per topic: a wrong key would break the order within one dossier.
_KEY_FIELD: Mapping[str, str] = {
    "dossier code": "code",
    "agency code": "agency",
    "counter code": "counter",
    "procedure code": "procedure_code",
}


def decode(record: Record) -> Decoded | Poison:
    """Read envelope and data. Never raises for anything a producer can write."""
    try:
        envelope = from_headers(record.headers)
    except EnvelopeError as error:
        return Poison(record, error.slug, str(error))
    if record.value is None:
        return Poison(record, "tombstone", "record without a body", envelope)
    if len(record.value) > MAX_BODY_BYTES:
        return Poison(record, "body-too-large", f"{len(record.value)} bytes, limit {MAX_BODY_BYTES}", envelope)
    model = BY_TYPE.get(envelope.type)
    if model is None:
        # Told in logs, lists and on a topic: only what looks like a type, the rest is content.
        told = repr(envelope.type) if _TYPE.fullmatch(envelope.type) else "that is no name"
        return Poison(record, "event-type-unknown", f"type {told} is not published", envelope)
    topic = BY_NAME.get(record.topic)
    if topic is not None and model not in topic.messages:
        words = f"type {envelope.type!r} does not belong on {record.topic}"
        return Poison(record, "event-type-misplaced", words, envelope)
    try:
        message = model.parse(record.value)
    except ValidationError as error:
        return Poison(record, "data-invalid", _explain(error), envelope)
    if topic is not None:
        expected = topic.constant_key or getattr(message, _KEY_FIELD[topic.key])
        if record.key != expected.encode():
            return Poison(record, "key-mismatch", f"the record key is not the {topic.key}", envelope)
    return Decoded(record, envelope, message)


def _explain(error: ValidationError) -> str:
    """Places and rules, never the values: they may be somebody's phone number."""
    parts = [
        f"{'.'.join(map(str, item['loc'])) or 'body'}: {rule_words(item)} ({item['type']})"
        for item in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    return "; ".join(parts[:10])[:500]
