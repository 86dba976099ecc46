"""Traces that follow a dossier: HTTP -> outbox -> Kafka -> consumer, by W3C traceparent.

Spans are always made, so that ids exist and travel; they are exported only where `OTEL_EXPORTER_OTLP_ENDPOINT` is set.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.kit.ids import new_id

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("motcua")


def configure(process: str) -> None:
    """Install the tracer provider of this process; later calls change nothing."""
    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return
    provider = TracerProvider(resource=Resource.create({"service.name": f"motcua-{process}"}))
    if _exported():
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def traceparent() -> str | None:
    """The current span in W3C form, or None outside any."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def link(name: str, parent: str | None, **attributes: str | int) -> str | None:
    """The next link of a chain that nothing but its name is to be told of, in W3C form.

    A span is made where spans are exported; elsewhere only its id, which costs a twentieth and travels the same.
    """
    if _exported():
        with span(name, parent, **attributes):
            return traceparent()
    before = parent or traceparent()
    if before is None:
        return None
    version, trace_id, _, flags = before.split("-")
    return f"{version}-{trace_id}-{random.getrandbits(64) | 1:016x}-{flags}"


def _exported() -> bool:
    return bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))


def correlation_id() -> str:
    """The trace id of the current span, so that logs, events and traces of one request share a word."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else new_id()


@contextmanager
def span(name: str, parent: str | None = None, **attributes: str | int) -> Iterator[trace.Span]:
    """A span that continues `parent` (a traceparent) when one is given, else the current one."""
    context = _propagator.extract({"traceparent": parent}) if parent else None
    with _tracer.start_as_current_span(name, context=context, attributes=attributes) as current:
        yield current
