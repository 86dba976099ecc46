"""`make chaos LADDER=1`: one engine away for longer and longer, while citizens come at a steady rate.

Each rung has an installation of its own, so that none pays for the dossiers of another. Citizens come before and during
the outage; the doors close when the engine answers again, and from then on it is counted how long it takes until
everybody who came is served and nothing waits any more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from local.chaos.engines import brokers, database, gone_and_back
from local.chaos.figures import Rung
from local.chaos.installation import Installation
from local.chaos.people import People, at_work
from local.chaos.road import AWAY
from local.chaos.show import Show
from local.chaos.verdict import judge
from local.engines import EngineProcess
from local.faults.proxy import Proxy

How = Literal["kill", "cut"]
BEFORE_S = 8.0
"""Of load while all is well."""
BACK_WITHIN_S = 300.0
STILL_S = 120.0
"""So long nobody in line may be served until it counts as not coming back; how long all take depends on the machine."""
FIRST_FLOW_WITHIN_S = 120.0
TICK_S = 0.5


@dataclass(frozen=True)
class Outage:
    """Which engine is away for how long."""

    engine: Literal["kafka", "mongodb"]
    seconds: float

    def __str__(self) -> str:
        return f"{'Kafka' if self.engine == 'kafka' else 'MongoDB'} vắng mặt {self.seconds:g} s"


@dataclass(frozen=True)
class Wish:
    """What is asked for."""

    rate: float
    told: float
    how: How
    recovered_within_s: float


async def climb(stack: Installation, outage: Outage, wish: Wish, show: Show) -> Rung:
    """One rung, on an installation that was started for it.

    Raises: TimeoutError: the engine did not come back.
    """
    async with at_work(stack, wish.rate, wish.told, worked=False) as people:
        closing = asyncio.Event()
        await people.road.flows_again(people.crowd, stack.clock.now(), FIRST_FLOW_WITHIN_S)
        coming = asyncio.create_task(people.crowd.come(closing))
        try:
            with show.bar(BEFORE_S + outage.seconds):
                showing = asyncio.create_task(_show(people, outage, show))
                try:
                    await asyncio.sleep(BEFORE_S)
                    before = people.crowd.answered
                    away_s = await _away(stack, outage, wish.how)
                    during = people.crowd.answered - before
                finally:
                    showing.cancel()
            back = time.monotonic()
            closing.set()
            await _served(coming, people)
            recovery_s = await _recovered(people, back, wish.recovered_within_s, show)
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
        load = people.loaded()
        verdict = await judge(stack, people.road, people.crowd, show)
        return Rung(outage.engine, wish.how, away_s, outage.seconds, load, during, recovery_s, verdict)


async def _served(coming: asyncio.Task[None], people: People) -> None:
    """Everybody who came has a receipt. Raises: TimeoutError: for `STILL_S` nobody got one."""
    answered, since = people.crowd.answered, time.monotonic()
    while not coming.done():
        await asyncio.wait({coming}, timeout=TICK_S)
        if people.crowd.answered > answered:
            answered, since = people.crowd.answered, time.monotonic()
        elif time.monotonic() - since > STILL_S:
            raise TimeoutError
    coming.result()


async def _away(stack: Installation, outage: Outage, how: How) -> float:
    """Returns: how long the engine did not answer the services."""
    began = time.monotonic()
    if how == "cut":
        proxy = stack.kafka_proxy if outage.engine == "kafka" else stack.mongo_proxy
        await _cut(proxy, outage.seconds)
    else:
        await _killed(stack, (brokers if outage.engine == "kafka" else database)(stack), outage.seconds)
    return time.monotonic() - began


async def _cut(proxy: Proxy, seconds: float) -> None:
    proxy.cut()
    try:
        await asyncio.sleep(seconds)
    finally:
        proxy.pass_through()


async def _killed(stack: Installation, processes: Sequence[EngineProcess], seconds: float) -> None:
    """The caretaker is told to wait so long before it starts the engine again."""
    usual, stack.caretaker.pause_s = stack.caretaker.pause_s, seconds
    try:
        await gone_and_back(processes, seconds + BACK_WITHIN_S)
    finally:
        stack.caretaker.pause_s = usual


async def _recovered(people: People, back: float, within_s: float, show: Show) -> float | None:
    """Seconds since the engine is back until nothing waits in an outbox and every consumer has read to the end."""
    road = people.road
    with show.bar(within_s):
        while (gone := time.monotonic() - back) < within_s:
            try:
                unsent, unread = await road.unsent(), await road.unread()
                # The end of the embedded broker's log may be told short; the cases are not.
                missing = await road.stored() - await road.cases()
            except AWAY:
                unsent = unread = missing = -1
            if not (unsent or unread or missing):
                return gone
            show.at(gone, f"chưa gửi {unsent:,} lô, chưa đọc {unread:,} bản ghi, chưa tới cơ quan {missing:,}")
            await asyncio.sleep(TICK_S)
    return None


async def _show(people: People, outage: Outage, show: Show) -> None:
    began = time.monotonic()
    while True:
        crowd = people.crowd
        gone = time.monotonic() - began
        show.at(gone, f"{outage}: đã nhận {crowd.answered:,} hồ sơ, {crowd.answered / max(gone, 1):.1f} mỗi giây")
        await asyncio.sleep(TICK_S)


def rungs(kafka: tuple[float, ...], mongodb: tuple[float, ...]) -> list[Outage]:
    """From the shortest to the longest, Kafka first."""
    return [Outage("kafka", seconds) for seconds in sorted(kafka)] + [
        Outage("mongodb", seconds) for seconds in sorted(mongodb)
    ]
