"""Running numbers: whatever order clerks, portal and old registers come in, none is given twice, none left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.numbering import DailyNumber, parts

STEPS = st.lists(st.one_of(st.none(), st.integers(1, 40)), max_size=60)
"""None: a clerk registers. A number: a code that came from elsewhere."""


@given(STEPS)
def test_no_interleaving_gives_a_number_twice_or_leaves_a_gap(steps: list[int | None]) -> None:
    """TT 01/2018/TT-VPCP Art 19."""
    series, ours, elsewhere = DailyNumber(), [], set()
    for step in steps:
        if step is None:
            series = series.next()
            ours.append(series.last)
        elif step > series.last:
            series = series.take(step)
            elsewhere.add(step)
    assert len(ours) == len(set(ours))
    assert not set(ours) & elsewhere
    assert ours == sorted(ours)
    assert set(range(1, series.last + 1)) <= set(ours) | elsewhere
    assert all(number > series.last for number in series.taken)


@given(STEPS, st.integers(1, 40))
def test_a_taken_number_is_taken_once(steps: list[int | None], number: int) -> None:
    series = DailyNumber()
    for step in steps:
        series = series.next() if step is None else series.take(step)
    once = series.take(number)
    assert once.take(number) == once


def test_a_series_that_is_all_the_portals_does_not_grow_with_its_numbers() -> None:
    series = DailyNumber()
    for number in (*range(1, 1000), 1001):
        series = series.take(number)
    assert series == DailyNumber(999, (1001,))
    assert (series.next().last, series.next().next().last) == (1000, 1002)


def test_a_code_is_its_series_and_its_number() -> None:
    assert parts("H12.970.00-261123-0042") == ("H12.970.00-261123", 42)
    assert parts("G15.01-261123-1510000") == ("G15.01-261123", 1510000)
