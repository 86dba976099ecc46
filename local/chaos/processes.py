"""Faults of processes: killed, stopped for a while, both at a point of the road too, crowded, with a wrong clock."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import get_args

from contracts.events.agency import AcceptTransfer
from contracts.topics import AGENCY_ACTIONS
from local.chaos.crowd import DISTRICT, ONE_STOP
from local.chaos.installation import APIS, WORKERS
from local.chaos.scene import Fault, Missed, Scene
from local.demo.partners import record
from local.engines.ports import choose_port
from local.notices_told import within
from local.plan import ProcessPlan
from local.supervisor import DidNotBecomeReady
from services.kit.points import PointName

STOPPED_S = (3.0, 20.0)
"""Around the time after which a neighbour takes the lease (6 s) and the broker the partitions (10 s)."""
POINT_WITHIN_S = 12.0
POINT_LOOK_S = 0.1
TOO_EARLY_EVERY_S = 0.5
STORM_PAUSE_S = (0.5, 4.0)
SKEW_S = 120.0
"""Under the five minutes by which a partner's stated time may lie ahead."""
SKEWED_S = 8.0
JOIN_WITHIN_S = 60.0
JUSTICE = "H12.970.02"
"""The agency of the one-stop procedure at the district's desk."""
WEBHOOKS = "webhook-"
"""Points of the way to agencies' own web servers; nobody subscribes here."""


def faults() -> list[Fault]:
    """All that can be done to processes."""
    found = [Fault(f"kill-{name}", f"SIGKILL {name}", partial(_kill, process=name)) for name in (*WORKERS, *APIS)]
    found += [
        Fault(f"stop-{name}", f"SIGSTOP rồi SIGCONT {name}", partial(_stop, process=name)) for name in (*WORKERS, *APIS)
    ]
    found += [
        Fault(f"point-{point}", f"SIGKILL hoặc SIGSTOP tại điểm {point}", partial(_at_point, point=point))
        for point in POINTS
    ]
    return [
        *found,
        Fault("rebalance-storm", "Tiến trình thứ hai vào ra nhóm liên tục", _rebalance_storm),
        Fault("paused-leader", "Tiến trình dẫn đầu bị treo, tiến trình khác lên thay", _paused_leader),
        Fault("clock-skew", "Đồng hồ của một tiến trình lệch 2 phút", _clock_skew),
    ]


POINTS: tuple[PointName, ...] = tuple(point for point in get_args(PointName) if not point.startswith(WEBHOOKS))


async def _kill(scene: Scene, process: str) -> str:
    scene.stack.supervisor.running[process].kill()
    return process


async def _stop(scene: Scene, process: str) -> str:
    seconds = scene.seconds(*STOPPED_S)
    await _stopped(scene, process, seconds)
    return f"{process} {seconds:g} s"


async def _stopped(scene: Scene, process: str, seconds: float) -> None:
    if not scene.stack.signal(process, signal.SIGSTOP):
        return
    try:
        await asyncio.sleep(seconds)
    finally:
        scene.stack.signal(process, signal.SIGCONT)


async def _at_point(scene: Scene, point: PointName) -> str:
    """One of the processes that pass the point dies there, or stands still for a while."""
    process = scene.chance.choice(_who_passes(point))
    what, seconds = scene.chance.choice(("kill", "stop")), scene.seconds(*STOPPED_S)
    strikes = scene.stack.strikes
    strikes.arm(process, point, what)

    async def struck() -> bool:
        if not strikes.struck(process, point) and point.startswith("retrier"):
            await _too_early(scene)
        return strikes.struck(process, point)

    if not await within(POINT_WITHIN_S, struck, POINT_LOOK_S) and strikes.disarm(process, point):
        raise Missed(f"{process} không đi qua {point}")
    if what == "kill":
        return process
    await _stopped(scene, process, seconds)
    return f"{process} {seconds:g} s"


async def _too_early(scene: Scene) -> None:
    """An agency's action that overtakes the dossier it acts on: it waits with its key, and is tried again."""
    _, code = await scene.crowd.one((DISTRICT, ONE_STOP))
    action = AcceptTransfer(code=code, agency=JUSTICE, step=1)
    await scene.wire.put([record(AGENCY_ACTIONS.name, code, "/agency-software", action, scene.stack.clock.now)])
    await asyncio.sleep(TOO_EARLY_EVERY_S)


def _who_passes(point: str) -> tuple[str, ...]:
    place = point.partition("-")[0]
    if place in {"notice", "receipts"}:
        return ("notify-worker",)
    if place == "receipt":
        return ("notify-api",)
    if place == "decisions":
        return (*APIS[:2], "routing-worker", "notify-worker")
    if place == "retrier":
        return ("routing-worker",)
    return WORKERS


async def _rebalance_storm(scene: Scene) -> str:
    process = scene.chance.choice(WORKERS)
    rounds = scene.chance.randint(3, 5)
    for _ in range(rounds):
        second = await _second(scene, process)
        try:
            await asyncio.sleep(scene.seconds(*STORM_PAUSE_S))
            if scene.chance.random() < 0.5:  # half of them leave without a word
                scene.stack.supervisor.running[second.name].stopping = True
                scene.stack.supervisor.running[second.name].kill()
        finally:
            await _leave(scene, second)
        await asyncio.sleep(scene.seconds(*STORM_PAUSE_S))
    return f"{process}, {rounds} lần"


async def _paused_leader(scene: Scene) -> str:
    process = scene.chance.choice(WORKERS)
    second = await _second(scene, process)
    seconds = scene.seconds(9.0, 16.0)
    try:
        with suppress(DidNotBecomeReady):
            await scene.stack.supervisor.wait_ready(second.name, JOIN_WITHIN_S)
        await _stopped(scene, process, seconds)
        await asyncio.sleep(2.0)  # both are awake
    finally:
        await _leave(scene, second)
    return f"{process} {seconds:g} s"


async def _second(scene: Scene, process: str) -> ProcessPlan:
    """Start another worker of the service beside the first; it may still be joining when this returns."""
    supervisor = scene.stack.supervisor
    first = supervisor.running[process].plan
    port = choose_port(0)
    name = f"second-{process}"
    env = {**first.env, f"{process.replace('-', '_').upper()}_PORT": str(port)}
    second = replace(first, name=name, env=env, health=f"http://127.0.0.1:{port}/readyz")
    with suppress(DidNotBecomeReady):
        await supervisor.start([second], ready_within_s=0.0)
    return second


async def _leave(scene: Scene, second: ProcessPlan) -> None:
    running = scene.stack.supervisor.running
    if second.name in running:
        await running[second.name].stop(10.0)
        running.pop(second.name, None)


async def _clock_skew(scene: Scene) -> str:
    process = scene.chance.choice(WORKERS)
    seconds = scene.chance.choice((-SKEW_S, SKEW_S))
    scene.stack.move_clock(process, seconds)
    try:
        await asyncio.sleep(SKEWED_S)
    finally:
        scene.stack.move_clock(process, 0.0)
    return f"{process} {seconds:+g} s"
