"""`make chaos` itself, in small: a few faults under load, and one outage of each engine."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from local.chaos.installation import installed
from local.chaos.ladder import Outage, Wish, climb
from local.chaos.show import Show
from local.chaos.storm import Order, storm

pytestmark = [pytest.mark.fault, pytest.mark.long, pytest.mark.timeout(900)]
FAULTS = ("point-relay-after-publish", "kill-routing-worker", "kafka-cut", "records-again")


def show() -> Show:
    return Show(Console(file=io.StringIO()))


async def test_a_small_storm_loses_nothing_doubles_nothing_and_leaves_nothing_stuck() -> None:
    async with installed(lambda process, line: None, lambda phase: None, proxies=True) as stack:
        found = await storm(stack, Order(minutes=0.4, seed=5, rate=2.0, told=1.0, faults=FAULTS), "", show())
    assert found.good, found.as_dict()
    assert found.strikes
    assert found.verdict.answered == found.verdict.stored == found.load.answered > 0
    assert found.poison >= 1


@pytest.mark.parametrize("engine", ["kafka", "mongodb"])
async def test_an_engine_that_is_away_for_seconds_costs_nobody_a_dossier(engine: str) -> None:
    wish = Wish(rate=8.0, told=0.5, how="kill", recovered_within_s=300.0)
    outage = Outage("kafka" if engine == "kafka" else "mongodb", 6.0)
    async with installed(lambda process, line: None, lambda phase: None, proxies=False) as stack:
        rung = await climb(stack, outage, wish, show())
    assert rung.good, rung.as_dict()
    assert rung.outage_s >= outage.seconds
    if engine == "kafka":
        assert rung.during > 0  # counters go on
