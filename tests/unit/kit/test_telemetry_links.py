"""Links of a trace, where nobody collects its spans."""

from __future__ import annotations

import pytest

from contracts.envelope import from_headers
from services.kit import telemetry

PARENT = f"00-{'a' * 32}-{'b' * 16}-01"


@pytest.fixture(autouse=True)
def nobody_collects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)


def test_a_link_goes_on_in_its_trace_under_a_name_of_its_own_that_readers_take() -> None:
    link, other = (telemetry.link("apply something", PARENT) for _ in range(2))
    assert link is not None
    assert link.split("-")[1] == "a" * 32
    assert len({PARENT, link, other}) == 3
    needed = {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "/intake", "ce_type": "x"}
    headers = [(name, value.encode()) for name, value in {**needed, "traceparent": link}.items()]
    assert from_headers(headers).traceparent == link


def test_without_a_parent_it_belongs_to_what_is_under_way() -> None:
    telemetry.configure("test")
    with telemetry.span("consume"):
        here = telemetry.traceparent()
        link = telemetry.link("apply something", None)
    assert here is not None
    assert link is not None
    assert link.split("-")[1] == here.split("-")[1]
