"""CloudEvents 1.0 in Kafka binary mode: the attributes travel as `ce_` headers, the record value is the data as is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

CONTENT_TYPE = "application/json"
SCHEMA_BASE = "urn:motcua:schema:"
_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")
LONGEST_ATTRIBUTE = 500
"""Bytes of one attribute: ids come back in our own events, and an event too large to send blocks its dossier."""
_REQUIRED = ("ce_specversion", "ce_id", "ce_source", "ce_type")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")


class EnvelopeError(ValueError):
    """Headers that are no CloudEvent; `slug` says what is wrong. Told in logs, lists and on a topic: the message names
    the header and never its value, which is content like the body."""

    def __init__(self, slug: str, message: str) -> None:
        super().__init__(message)
        self.slug = slug


@dataclass(frozen=True)
class Envelope:
    """Context attributes of one event."""

    id: str
    """Unique per source; the key under which a consumer remembers that it has applied the event."""
    source: str
    """`/intake`, `/routing`, `/notify`, or a partner's own."""
    type: str
    time: datetime | None
    subject: str | None
    """Dossier code (or procedure, counter code on those topics)."""
    sequence: int | None = None
    """Number of the event in its producing aggregate, from 1, without gaps."""
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None

    def headers(self) -> dict[str, str]:
        """Kafka headers of the binary mode."""
        values: dict[str, str | None] = {
            "ce_specversion": "1.0",
            "ce_id": self.id,
            "ce_source": self.source,
            "ce_type": self.type,
            "ce_time": None if self.time is None else _rfc3339(self.time),
            "ce_subject": self.subject,
            "ce_dataschema": SCHEMA_BASE + self.type,
            "ce_sequence": None if self.sequence is None else str(self.sequence),
            "ce_correlationid": self.correlation_id,
            "ce_causationid": self.causation_id,
            "traceparent": self.traceparent,
            "content-type": CONTENT_TYPE,
        }
        return {name: value for name, value in values.items() if value is not None}


def from_headers(headers: Iterable[tuple[str, bytes | None]]) -> Envelope:
    """Read the envelope of a record.

    Raises:
        EnvelopeError: `null-header`, `header-not-utf8`, `not-a-cloudevent`, `specversion-unknown`,
            `content-type-unknown` or `header-too-long`.
    """
    text = _decode(headers)
    missing = [name for name in _REQUIRED if not text.get(name)]
    if missing:
        raise EnvelopeError("not-a-cloudevent", f"missing headers: {', '.join(missing)}")
    if text["ce_specversion"] != "1.0":
        raise EnvelopeError("specversion-unknown", "ce_specversion is not 1.0")
    content_type = text.get("content-type", CONTENT_TYPE).split(";")[0].strip().lower()
    if content_type != CONTENT_TYPE:
        raise EnvelopeError("content-type-unknown", f"content-type is not {CONTENT_TYPE}")
    traceparent = text.get("traceparent")
    return Envelope(
        id=text["ce_id"],
        source=text["ce_source"],
        type=text["ce_type"],
        time=_time(text.get("ce_time")),
        subject=text.get("ce_subject") or None,
        sequence=_sequence(text.get("ce_sequence")),
        correlation_id=text.get("ce_correlationid"),
        causation_id=text.get("ce_causationid"),
        # A broken trace header must not cost the record: tracing is a help, not a condition.
        traceparent=traceparent if traceparent and _TRACEPARENT.match(traceparent) else None,
    )


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _decode(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    text: dict[str, str] = {}
    for name, value in headers:
        if value is None:
            raise EnvelopeError("null-header", f"header {_told(name)} is null")
        if name.lower().startswith("ce_") and len(value) > LONGEST_ATTRIBUTE:
            raise EnvelopeError("header-too-long", f"header {_told(name)} has {len(value)} bytes")
        try:
            text[name.lower()] = value.decode("utf-8")
        except UnicodeDecodeError:
            raise EnvelopeError("header-not-utf8", f"header {_told(name)} is not UTF-8") from None
    return text


def _told(name: str) -> str:
    return name if _NAME.fullmatch(name) else "with a name that is none"


def _time(value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment_utc = moment.astimezone(UTC)
    except (ValueError, OverflowError):  # a zone offset can push the calendar's first and last day over its edge
        raise EnvelopeError("not-a-cloudevent", "ce_time is no RFC 3339 time") from None
    if moment.tzinfo is None:
        raise EnvelopeError("not-a-cloudevent", "ce_time has no time zone")
    return moment_utc


def _sequence(value: str | None) -> int | None:
    if value is None:
        return None
    # 18 digits fit MongoDB's 64-bit integer; int() itself raises on thousands of them.
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise EnvelopeError("not-a-cloudevent", "ce_sequence is no whole number")
    return int(value)
