"""`make chaos MINUTES=10`: load, and one fault after the other with a pause to recover between them."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from local.chaos import engines, processes, records
from local.chaos.draw import in_turn
from local.chaos.figures import Storm, Strike
from local.chaos.installation import Installation
from local.chaos.people import People, at_work
from local.chaos.records import Poison, unburied
from local.chaos.scene import Fault, Missed, Scene
from local.chaos.show import Show
from local.chaos.verdict import judge

RECOVERED_WITHIN_S = 180.0
SERVED_WITHIN_S = 180.0
"""Whoever stands at a clerk when the doors close."""
PAUSE_S = (0.5, 3.0)
TICK_S = 0.5


@dataclass(frozen=True)
class Order:
    """What is asked for."""

    minutes: float
    seed: int
    rate: float
    told: float
    faults: tuple[str, ...] = ()
    """Names; empty: all."""


def known() -> list[Fault]:
    """Every fault there is."""
    return [*processes.faults(), *engines.faults(), *records.faults()]


async def storm(stack: Installation, order: Order, kind: str, show: Show) -> Storm:
    """On a running installation. Returns: what it came to, verdict included."""
    async with at_work(stack, order.rate, order.told, worked=True) as people:
        scene = Scene(
            stack, people.crowd, people.wire, random.Random(order.seed)
        )  # a seed repeats the order of the faults
        wanted = [fault for fault in known() if not order.faults or fault.name in order.faults]
        skipped = {fault.name: why for fault in wanted if (why := fault.impossible(scene))}
        possible = [fault for fault in wanted if fault.name not in skipped]
        poison, closing = Poison(stack, people.wire), asyncio.Event()
        poisoning = asyncio.create_task(poison.flow())
        coming = asyncio.create_task(people.crowd.come(closing))
        try:
            strikes, missed = await _strike(scene, people, possible, order, show)
            closing.set()
            show.phase("Đóng cửa, chờ phục vụ xong người đang ở quầy")
            await asyncio.wait_for(coming, SERVED_WITHIN_S)
            load = people.loaded()
        finally:
            for task in (poisoning, coming):
                task.cancel()
            await asyncio.gather(poisoning, coming, return_exceptions=True)
        verdict = await judge(stack, people.road, people.crowd, show)
        verdict = replace(verdict, unburied=tuple(await unburied(stack, poison.sent)))
        return Storm(order.seed, kind, load, tuple(strikes), skipped, missed, len(poison.sent), verdict)


async def _strike(
    scene: Scene, people: People, faults: Sequence[Fault], order: Order, show: Show
) -> tuple[list[Strike], Counter[str]]:
    strikes: list[Strike] = []
    missed: Counter[str] = Counter()
    turns = in_turn([fault.name for fault in faults], scene.chance)
    by_name = {fault.name: fault for fault in faults}
    seconds = order.minutes * 60
    with show.bar(seconds):
        began = time.monotonic()
        showing = asyncio.create_task(_show(people, began, show))
        try:
            await people.road.flows_again(people.crowd, scene.stack.clock.now(), RECOVERED_WITHIN_S)
            while time.monotonic() - began < seconds:
                fault = by_name[next(turns)]
                try:
                    strike = await _one(scene, people, fault)
                except Missed:
                    missed[fault.name] += 1
                else:
                    strikes.append(strike)
                    show.struck(strike)
                await asyncio.sleep(scene.seconds(*PAUSE_S))
        finally:
            showing.cancel()
    return strikes, missed


async def _one(scene: Scene, people: People, fault: Fault) -> Strike:
    began = time.monotonic()
    try:
        detail = await fault.strike(scene)
    except TimeoutError:
        return Strike(fault.name, fault.words, "máy chủ không trở lại", time.monotonic() - began, None)
    held_s = time.monotonic() - began
    recovery_s = await people.road.flows_again(people.crowd, scene.stack.clock.now(), RECOVERED_WITHIN_S)
    return Strike(fault.name, fault.words, detail, held_s, recovery_s)


async def _show(people: People, began: float, show: Show) -> None:
    while True:
        crowd = people.crowd
        show.at(time.monotonic() - began, f"đã có phiếu hẹn {crowd.answered:,} hồ sơ")
        await asyncio.sleep(TICK_S)
