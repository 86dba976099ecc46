"""What people read at the end of a demonstration and in the terminal meanwhile."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.demo.measure import percentile
from local.supervisor import readable


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, 0.0),
        ([7.0], 0.0, 7.0),
        ([7.0], 0.99, 7.0),
        ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0),
        ([4.0, 1.0, 3.0, 2.0], 0.5, 2.0),
        ([1.0, 2.0, 3.0], 0.5, 2.0),
        (list(map(float, range(1, 101))), 0.95, 95.0),
        (list(map(float, range(1, 101))), 0.99, 99.0),
        (list(map(float, range(1, 101))), 1.0, 100.0),
        (list(map(float, range(1, 11))), 0.95, 10.0),
    ],
)
def test_the_percentile_is_the_nearest_rank(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


@given(
    values=st.lists(st.floats(0, 1e6), min_size=1),
    low=st.floats(0, 1),
    high=st.floats(0, 1),
)
def test_percentiles_are_measured_values_and_grow_with_the_share(values: list[float], low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert percentile(values, low) in values
    assert percentile(values, low) <= percentile(values, high)
    assert sum(value <= percentile(values, high) for value in values) >= high * len(values) - 1e-6 * len(values)


def line(**entry: Any) -> bytes:
    return json.dumps(entry).encode() + b"\n"


def test_a_log_line_is_shown_as_level_event_and_details_without_what_repeats_itself() -> None:
    shown = readable(
        line(level="info", event="lease.taken", at="2026", process="w", context="kit", trace_id="t", lease="worker")
    )
    assert shown == "INFO     lease.taken lease=worker"


def test_an_exception_stands_on_lines_of_its_own() -> None:
    shown = readable(line(level="error", event="http.bug", exception="Traceback\nValueError"))
    assert shown.splitlines() == ["ERROR    http.bug", "Traceback", "ValueError"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain words of a library\n", "plain words of a library"),
        (b"\xff not utf-8 \n", "\N{REPLACEMENT CHARACTER} not utf-8"),
        (b'["a", "list"]\n', '["a", "list"]'),
        (b"7\n", "7"),
        (b"\n", ""),
        (b"{}\n", ""),
        (b'{"event": 7, "level": null}\n', "NONE     7"),
    ],
)
def test_what_is_no_log_entry_is_shown_as_it_is(raw: bytes, shown: str) -> None:
    assert readable(raw) == shown


@given(st.binary(max_size=200))
def test_no_line_whatever_stops_the_terminal(raw: bytes) -> None:
    assert isinstance(readable(raw), str)
