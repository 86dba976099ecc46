"""Windows of a list in order of time: together they are the span, and none overlaps another."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.problems import Invalid
from services.kit import places
from services.routing.queries.windows import GROWING, MOST, Span

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt, "$gte": operator.ge, "$lt": operator.lt, "$lte": operator.le,
}  # fmt: skip
MOMENTS = st.integers(-400, 400).map(lambda hours: NOW + hours * HOUR)
IDS = st.sampled_from("abcde")


def holds(condition: Mapping[str, Any], at: datetime, id: str) -> bool:
    """Whether a document is one that the database would find."""
    for name, wanted in condition.items():
        value = {"at": at, "_id": id}[name]
        bounds = wanted if isinstance(wanted, Mapping) else {"$lte": wanted, "$gte": wanted}
        if not all(COMPARE[sign](value, bound) for sign, bound in bounds.items()):
            return False
    return True


@given(
    at=MOMENTS, id=IDS, since=st.none() | MOMENTS, until=st.none() | MOMENTS, after=st.none() | st.tuples(MOMENTS, IDS)
)
def test_what_lies_in_the_span_lies_in_one_window_and_what_does_not_in_none(
    at: datetime, id: str, since: datetime | None, until: datetime | None, after: tuple[datetime, str] | None
) -> None:
    assume(until is None or after is None or after[0] < until)
    wanted = (since is None or at >= since) and (until is None or at < until) and (after is None or (at, id) > after)
    span = Span("at", HOUR, since=since, until=until, turn=NOW, after=after)
    assert sum(holds(window, at, id) for window in span.windows()) == wanted


@given(one=st.tuples(MOMENTS, IDS), other=st.tuples(MOMENTS, IDS))
def test_windows_come_in_the_order_of_the_list(one: tuple[datetime, str], other: tuple[datetime, str]) -> None:
    windows = list(Span("at", HOUR, turn=NOW).windows())
    first, second = (next(n for n, window in enumerate(windows) if holds(window, *place)) for place in (one, other))
    assert (first <= second) or one > other


def test_windows_grow_and_the_last_holds_the_rest() -> None:
    windows = [window["at"] for window in Span("at", HOUR, since=NOW).windows()]
    lengths = [window["$lt"] - window["$gte"] for window in windows[:-1]]
    assert lengths == [HOUR * GROWING**n for n in range(MOST)]
    assert set(windows[-1]) == {"$gte"}


def test_a_place_at_the_end_of_time_has_windows_too() -> None:
    end = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    assert [window["at"] for window in Span("at", HOUR, after=(end, "x")).windows()] == [end, {"$gt": end}]
    assert [window["at"] for window in Span("at", HOUR, since=end).windows()] == [{"$gte": end}]


@given(
    at=st.datetimes(timezones=st.just(UTC)), id=st.from_regex(r"[A-Z0-9./-]{0,56}", fullmatch=True), more=st.booleans()
)
def test_a_place_is_read_as_it_was_written_and_needs_no_escaping(at: datetime, id: str, more: bool) -> None:
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    text = places.written(at, id, *([at] if more else []))
    assert places.read(text) == (at, id, at if more else None)
    assert len(text) <= 120
    assert not set(text) & set("+ &=#%?")


@pytest.mark.parametrize(
    "text", ["", "~", "x~y", "2026-03-02~x", "2026-03-02T00:00:00~x", "0001-01-01T00:00:00+14:00~x"]
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        places.read(text)
    assert refused.value.slug == "page-unknown"
