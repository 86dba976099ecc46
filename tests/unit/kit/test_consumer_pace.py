"""How many records share a transaction."""

from __future__ import annotations

from services.kit.consumer import Pace


def test_it_grows_while_full_parts_go_well_and_never_beyond_its_most() -> None:
    pace = Pace(16, 128, hold_s=0.1)
    for _ in range(30):
        pace.held(pace.size, 0.02)
    assert pace.size == 128


def test_parts_that_were_not_full_say_nothing_about_larger_ones() -> None:
    pace = Pace(16, 128)
    pace.held(3, 0.001)
    assert pace.size == 16


def test_one_that_held_others_up_for_too_long_is_made_smaller() -> None:
    pace = Pace(100, 128, hold_s=0.1)
    pace.held(100, 0.2)
    assert pace.size == 75
    pace.held(8, 0.2)  # a slow moment with few records: few are taken together until it is over
    assert pace.size == 6


def test_a_lost_race_makes_it_a_quarter_and_it_comes_to_single_records() -> None:
    pace = Pace(64, 500)
    for expected in (16, 4, 1, 1):
        pace.lost(pace.size)
        assert pace.size == expected
    pace.held(1, 0.01)
    assert pace.size == 2
