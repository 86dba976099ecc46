"""Event ids sort by time, and within one aggregate they always grow, whatever the clocks say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.kit.ids import first_id_at, new_id, next_id

FAR_AHEAD = datetime(2100, 1, 1, tzinfo=UTC)
START = datetime(2020, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 75 * 365 * 86_400_000).map(lambda ms: START + timedelta(milliseconds=ms))


@given(MOMENTS, st.integers(1, 30))
def test_the_next_id_is_greater_even_when_the_last_one_came_from_a_clock_ahead(last: datetime, count: int) -> None:
    ids = [first_id_at(last)]
    for _ in range(count):
        ids.append(next_id(ids[-1]))
    assert ids == sorted(set(ids))
    assert all(len(id) == 36 for id in ids)


def test_the_first_id_of_an_aggregate_is_a_fresh_uuid_7() -> None:
    assert UUID(next_id(None)).version == 7


def test_new_ids_are_unique_and_in_order_within_a_process() -> None:
    ids = [new_id() for _ in range(2000)]
    assert len(set(ids)) == 2000
    assert ids == sorted(ids)


@given(MOMENTS)
def test_the_first_id_of_a_moment_divides_what_is_before_from_what_is_after(moment: datetime) -> None:
    assert first_id_at(moment - timedelta(milliseconds=1)) < first_id_at(moment)
    assert UUID(first_id_at(moment)).version == 7
    assert UUID(first_id_at(moment)).int >> 80 == (moment - START) // timedelta(milliseconds=1) + 1_577_836_800_000


def test_an_id_made_now_is_not_before_the_first_id_of_now() -> None:
    before = datetime.now(UTC)
    assert first_id_at(before) <= new_id() < first_id_at(FAR_AHEAD)
