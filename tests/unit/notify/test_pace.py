"""Calls a second: promised, halved on a complaint, grown back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.notify.pace import SLOWEST, Pace


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(st.floats(0.5, 500), st.lists(st.floats(0, 2), min_size=1, max_size=60))
def test_no_second_has_more_calls_than_promised_and_a_little(rate: float, gaps: list[float]) -> None:
    clock = Clock()
    pace, times = Pace("p", rate, clock), []
    for gap in gaps:
        clock.now += gap / rate
        times.append(clock.now + pace.book())
    assert times == sorted(times)
    for begin in times:
        assert sum(begin <= at < begin + 1 for at in times) <= rate * 1.1 + 2


def test_a_complaint_halves_once_for_all_calls_that_were_under_way_and_grows_back() -> None:
    clock = Clock()
    pace = Pace("p", 100, clock)
    for _ in range(20):
        pace.slow_down()
    assert pace.current == 50
    clock.now += 2
    pace.slow_down()
    assert pace.current == 25
    clock.now += 300
    assert pace.current == 100


def test_however_often_a_gateway_complains_it_is_still_called() -> None:
    clock = Clock()
    pace = Pace("p", 10, clock)
    for _ in range(50):
        clock.now += 1.5
        pace.slow_down()
    assert pace.current >= SLOWEST
