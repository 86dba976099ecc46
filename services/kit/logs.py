"""JSON logs: `context.thing_happened` with key=value, no sentences, no personal data."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from datetime import datetime
from typing import Any

import orjson
import structlog
from opentelemetry import trace

# Left alone: UUIDs and dossier codes, which may hold as many digits as a phone.
_CODES = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-Z]{2,3}(?:\.[0-9A-Z]{2,3})*-\d{6}-\d{4,8}"
# Any run of 9 to 12 digits may be a phone (0xxxxxxxxx, 84xxxxxxxxx) or an identity number (CMND 9, CCCD 12), and so
# may a phone written in groups. Digits inside hex strings stand next to letters; a fraction stands behind its point.
_NUMBERS = (
    r"(?<!\w)(?<!\d\.)\+?\d{9,12}(?!\w)"
    r"|(?<!\w)(?<!\d[.\-])(?:\+?84|0(?!\.))(?:[ .\-]?\(?\d\)?){9,10}(?!\w)"
)
_PERSONAL = re.compile(rf"(?<![\w.\-])(?P<code>{_CODES})(?![\w\-])|{_NUMBERS}")
_NEVER = frozenset(
    {"phone", "name", "full_name", "id_number", "address", "email", "applicant", "contact", "text", "body", "token"}
)


def scrub(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last gate: drop fields that hold personal data, and mask what looks like a phone or an identity number."""
    for key in list(event):
        if not key.startswith("_"):  # structlog's own, taken out before the line is written
            event[key] = _scrubbed(key, event[key])
    return event


def looks_personal(text: str) -> bool:
    """Whether a text holds what looks like a phone or an identity number."""
    return any(found["code"] is None for found in _PERSONAL.finditer(text))


def _scrubbed(key: object, value: Any) -> Any:
    if isinstance(key, str) and key.lower() in _NEVER:
        return "[removed]"
    if isinstance(value, int | float | datetime | None):
        return value
    if isinstance(value, Mapping):
        return {inner: _scrubbed(inner, of) for inner, of in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrubbed(None, of) for of in value]
    # Everything else becomes text in the log line: bytes, exceptions, models.
    return _PERSONAL.sub(lambda found: found["code"] or "[number]", str(value))


def _trace(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event.setdefault("trace_id", f"{context.trace_id:032x}")
    return event


def configure(process: str, level: str = "INFO") -> None:
    """Send the process's own logs and those of its libraries to standard error, one JSON object a line."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _trace,
        structlog.processors.format_exc_info,
        scrub,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_dumps),
            ],
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


def _dumps(value: Any, **_: Any) -> str:
    return orjson.dumps(value, default=str).decode()


def get(name: str) -> Any:
    """A logger bound to its module's context word (`kit.relay`, `intake`)."""
    return structlog.get_logger(context=name)
