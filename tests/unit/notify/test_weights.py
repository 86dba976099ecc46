"""Points of SMS gateways: their sum, their bounds, the way away from trouble and the slow way back."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.weights import (
    ALL,
    REST_AFTER_ERRORS,
    STEP,
    Weights,
    Why,
    at_rest,
    is_failing,
    is_slow,
    resting_points,
)

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NAMES = ("esms", "speedsms", "vnpt", "smpp")
PROVIDERS = st.lists(st.sampled_from(NAMES), min_size=1, unique=True)
WANTED = st.dictionaries(st.sampled_from(NAMES), st.integers(-5, 1000))
HAPPENINGS = st.lists(
    st.tuples(st.sets(st.sampled_from(NAMES)), st.sampled_from([Why.ERRORS, Why.SLOW, Why.BACK]), st.integers(0, 1200)),
    max_size=60,
)


def two(esms: int = 60, speedsms: int = 40) -> Weights:
    return at_rest({"esms": esms, "speedsms": speedsms})


def lived(weights: Weights, happenings: list[tuple[set[str], Why, int]]) -> tuple[Weights, datetime]:
    moment = NOW
    for sick, why, seconds in happenings:
        moment += timedelta(seconds=seconds)
        weights = weights.back(moment) if why is Why.BACK else weights.away(sick, moment, why)
    return weights, moment


@given(WANTED, PROVIDERS)
def test_resting_points_sum_to_a_hundred_whatever_was_wanted(wanted: dict[str, int], providers: list[str]) -> None:
    points = resting_points(wanted, providers)
    assert set(points) == set(providers)
    assert sum(points.values()) == ALL
    assert all(0 <= share <= ALL for share in points.values())


def test_resting_points_keep_the_wanted_shares_and_who_is_not_named_stands_by() -> None:
    assert resting_points({"esms": 100}, ["esms", "speedsms"]) == {"esms": 100, "speedsms": 0}
    assert resting_points({"esms": 2, "speedsms": 1}, ["esms", "speedsms"]) == {"esms": 67, "speedsms": 33}
    assert resting_points({"esms": 100}, ["vnpt", "smpp"]) == {"vnpt": 50, "smpp": 50}
    assert resting_points({"esms": 100}, []) == {}


@given(WANTED, PROVIDERS, HAPPENINGS)
def test_the_sum_is_kept_and_no_gateway_leaves_its_bounds(
    wanted: dict[str, int], providers: list[str], happenings: list[tuple[set[str], Why, int]]
) -> None:
    weights, _ = lived(at_rest(resting_points(wanted, providers)), happenings)
    assert sum(weights.points.values()) == ALL
    assert all(0 <= points <= ALL for points in weights.points.values())
    assert any(weights.points.values())


@given(WANTED, PROVIDERS, HAPPENINGS)
def test_when_nothing_happens_any_more_all_is_back_at_rest_in_the_end(
    wanted: dict[str, int], providers: list[str], happenings: list[tuple[set[str], Why, int]]
) -> None:
    weights, moment = lived(at_rest(resting_points(wanted, providers)), happenings)
    for _ in range(3 + ALL // STEP * len(providers)):
        moment += 15 * MINUTE
        weights = weights.back(moment)
    assert weights.points == weights.resting


def test_a_gateway_in_trouble_loses_ten_points_to_the_others_and_not_again_within_a_minute() -> None:
    weights = two().away({"esms"}, NOW, Why.ERRORS)
    assert weights.points == {"esms": 50, "speedsms": 50}
    assert (weights.shifts["esms"].why, weights.shifts["speedsms"].why) == (Why.ERRORS, Why.RELIEF)
    assert weights.away({"esms"}, NOW + REST_AFTER_ERRORS - timedelta(milliseconds=1), Why.ERRORS) is weights
    assert weights.away({"esms"}, NOW + REST_AFTER_ERRORS, Why.ERRORS).points == {"esms": 40, "speedsms": 60}


def test_what_is_lost_is_shared_by_those_that_work() -> None:
    weights = at_rest({"esms": 60, "speedsms": 40, "vnpt": 0, "smpp": 0})
    after = weights.away({"esms", "smpp"}, NOW, Why.ERRORS)
    assert after.points == {"esms": 50, "speedsms": 45, "vnpt": 5, "smpp": 0}


def test_a_gateway_loses_no_more_than_it_has() -> None:
    weights = at_rest({"esms": 96, "speedsms": 4}).away({"speedsms"}, NOW, Why.ERRORS)
    assert weights.points == {"esms": 100, "speedsms": 0}
    assert weights.away({"speedsms"}, NOW + MINUTE, Why.ERRORS) is weights


@pytest.mark.parametrize("why", [Why.ERRORS, Why.SLOW])
def test_when_all_are_in_trouble_nobody_is_better(why: Why) -> None:
    assert two().away({"esms", "speedsms"}, NOW, why).points == two().points
    assert at_rest({"esms": 100}).away({"esms"}, NOW, why).points == {"esms": 100}


def test_slowness_shows_only_after_minutes_so_it_is_acted_upon_every_five() -> None:
    weights = two().away({"esms"}, NOW, Why.SLOW)
    assert weights.away({"esms"}, NOW + 4 * MINUTE, Why.SLOW) is weights
    assert weights.away({"esms"}, NOW + 5 * MINUTE, Why.SLOW).points["esms"] == 40


def test_the_way_back_is_slow() -> None:
    weights = two().away({"esms"}, NOW, Why.ERRORS).away({"esms"}, NOW + MINUTE, Why.ERRORS)
    begun = NOW + MINUTE
    assert weights.back(begun + 15 * MINUTE - timedelta(seconds=1)) is weights
    once = weights.back(begun + 15 * MINUTE)
    assert once.points == {"esms": 50, "speedsms": 50}
    assert once.back(begun + 19 * MINUTE) is once
    assert once.back(begun + 20 * MINUTE).points == {"esms": 60, "speedsms": 40}


def test_at_rest_nothing_moves() -> None:
    weights = two()
    assert weights.back(NOW) is weights


@given(WANTED, PROVIDERS, HAPPENINGS, st.floats(0, 1, exclude_max=True))
def test_every_gateway_is_in_the_order_once_and_those_without_points_come_last(
    wanted: dict[str, int], providers: list[str], happenings: list[tuple[set[str], Why, int]], dice: float
) -> None:
    weights, _ = lived(at_rest(resting_points(wanted, providers)), happenings)
    order = weights.order(dice)
    assert sorted(order) == sorted(providers)
    chances = [weights.points[name] > 0 for name in order]
    assert chances == sorted(chances, reverse=True)


def test_over_all_throws_each_is_first_and_second_as_often_as_its_points_say() -> None:
    weights = at_rest({"esms": 50, "speedsms": 30, "vnpt": 20})
    orders = [tuple(weights.order(throw / 100_000)) for throw in range(100_000)]
    first = Counter(order[0] for order in orders)
    assert first == {"esms": 50_000, "speedsms": 30_000, "vnpt": 20_000}
    behind_esms = Counter(order[1] for order in orders if order[0] == "esms")
    assert behind_esms["speedsms"] == pytest.approx(30_000, abs=5)


@pytest.mark.parametrize(
    ("calls", "errors", "in_a_row", "failing"),
    [
        (20, 5, 1, True),
        (21, 5, 1, False),
        (4, 4, 4, False),
        (0, 0, 5, True),
        (1000, 249, 3, False),
        (1000, 250, 3, True),
    ],
)
def test_trouble_is_five_errors_and_a_quarter_of_a_minutes_calls_or_five_in_a_row(
    calls: int, errors: int, in_a_row: int, failing: bool
) -> None:
    assert is_failing(calls, errors, in_a_row) is failing


@pytest.mark.parametrize(("taken", "slow", "expected"), [(33, 5, True), (34, 5, False), (4, 4, False), (0, 0, False)])
def test_slow_is_fifteen_in_a_hundred_and_five_at_least(taken: int, slow: int, expected: bool) -> None:
    assert is_slow(taken, slow) is expected
