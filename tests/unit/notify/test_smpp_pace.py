"""Places on the SMPP line: all parts of a text or none, and what has begun goes first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.channels.smpp_pace import PartPace


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_text_gets_places_one_after_another_and_the_next_text_those_behind() -> None:
    pace = PartPace("p", 2, Clock())
    assert pace.book_all(3, 10.0) == pytest.approx([0.0, 0.4, 0.9])
    assert pace.book_all(2, 10.0) == pytest.approx([1.4, 1.9])


def test_a_text_whose_last_part_would_come_too_late_takes_no_place() -> None:
    pace = PartPace("p", 2, Clock())
    assert pace.book_all(3, 0.8) is None
    assert pace.book_all(3, 0.95) == pytest.approx([0.0, 0.4, 0.9])


def test_what_is_offered_again_goes_before_those_that_are_to_come_and_in_line_with_its_like() -> None:
    clock = Clock()
    pace = PartPace("p", 2, clock)
    pace.book_all(20, 60.0)
    assert [pace.again(), pace.again()] == pytest.approx([0.5, 1.0])
    assert pace.book_all(1, 60.0) == pytest.approx([9.9 + 2 * 0.5])
    clock.now += 100
    assert pace.again() == pytest.approx(0.5)
    assert pace.book_all(1, 60.0) == pytest.approx([0.5])


@given(st.floats(0.5, 500), st.lists(st.tuples(st.floats(0, 2), st.integers(1, 9)), min_size=1, max_size=30))
def test_no_second_has_more_parts_than_promised_and_a_little(rate: float, texts: list[tuple[float, int]]) -> None:
    clock = Clock()
    pace, times = PartPace("p", rate, clock), list[float]()
    for gap, parts in texts:
        clock.now += gap / rate
        times += [clock.now + wait for wait in pace.book_all(parts, 10.0) or []]
    assert times == sorted(times)
    for begin in times:
        assert sum(begin <= at < begin + 1 for at in times) <= rate * 1.1 + 2
