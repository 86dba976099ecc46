"""JSON logs: `context.thing_happened` with key=value, no sentences, no personal data."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog
from opentelemetry import trace

# Any run of 9 to 12 digits may be a phone (0xxxxxxxxx, 84xxxxxxxxx) or an identity number (CMND 9, CCCD 12).
# Digits inside ids, codes and hex strings stand next to letters, dots or hyphens and are left alone.
_PERSONAL = re.compile(r"(?<![\w.\-:/])\+?\d{9,12}(?![\w.\-:/])")
_NEVER = frozenset(
    {"phone", "name", "full_name", "id_number", "address", "email", "applicant", "contact", "text", "body", "token"}
)


def scrub(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last gate: drop fields that hold personal data, and mask what looks like a phone or an identity number."""
    for key in list(event):
        if key in _NEVER:
            event[key] = "[removed]"
        elif isinstance(event[key], str):
            event[key] = _PERSONAL.sub("[number]", event[key])
    return event


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
