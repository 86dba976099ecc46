"""The network between the services and their engines breaks in every way it can, under load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from local.faults.proxy import Proxy
from tests.faults.installation import patient_town, quick_stack
from tests.faults.load import crowd, each_told_once, finish_all
from tests.journeys.town import Town

pytestmark = [pytest.mark.fault, pytest.mark.long, pytest.mark.timeout(420)]
DOSSIERS, FINISHED = 64, 6
PACE_S = 2.0
BROKEN_S = 12.0
"""Longer than leases (6 s) and sessions (10 s) last."""
SLOW_S = 0.1
NARROW = 60_000
"""Bytes a second."""
Break = Callable[[Proxy], None]
WAYS: dict[str, Break] = {
    "cut": Proxy.cut,
    "half_open": Proxy.half_open,
    "strand": Proxy.strand,
    "delay": lambda proxy: proxy.delay(SLOW_S),
    "throttle": lambda proxy: proxy.throttle(NARROW),
}


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    stack = quick_stack(tmp_path_factory.mktemp("town"), through_proxies=True)
    if len(stack.engines.brokers) != 1 or stack.engines.mongo is None:
        pytest.skip("a proxy stands before one broker and one database of ours")
    async with patient_town(stack) as everybody:
        yield everybody


@pytest.mark.parametrize("way", WAYS)
async def test_kafka(town: Town, way: str) -> None:
    await survives(town, town.stack.kafka_proxy, WAYS[way])


@pytest.mark.parametrize("way", WAYS)
async def test_mongodb(town: Town, way: str) -> None:
    await survives(town, town.stack.mongo_proxy, WAYS[way])


async def survives(town: Town, proxy: Proxy, breaks: Break) -> None:
    """While clerks register one dossier after another, the network is broken for a while."""
    load = asyncio.create_task(crowd(town, DOSSIERS, pace_s=PACE_S))
    await asyncio.sleep(PACE_S)
    assert proxy.connections > 0
    breaks(proxy)
    try:
        await asyncio.sleep(BROKEN_S)
    finally:
        proxy.pass_through()
    codes = await load
    some = dict(list(codes.items())[:FINISHED])
    await finish_all(town, some)
    report = await town.nothing_lost(180)
    assert report.seen["dossiers"] == report.seen["cases"]
    await each_told_once(town, some, 3)
    await each_told_once(town, {code: who for code, who in codes.items() if code not in some}, 1)
