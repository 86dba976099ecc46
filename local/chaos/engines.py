"""Faults of engines and of the network to them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from functools import partial

from local.chaos.scene import Fault, Scene
from local.engines import EngineProcess
from local.faults.proxy import Proxy
from local.notices_told import within
from local.stack import Stack

BROKEN_S = (3.0, 15.0)
DELAY_S = (0.05, 0.4)
RATE = (20_000.0, 200_000.0)
BACK_WITHIN_S = 120.0
LOOK_S = 0.1
Engines = Callable[[Stack], Sequence[EngineProcess]]
NETWORK = {"cut": "cắt", "half-open": "treo nửa chừng", "delay": "chậm", "throttle": "nghẽn"}


def brokers(stack: Stack) -> Sequence[EngineProcess]:
    return stack.engines.brokers


def database(stack: Stack) -> Sequence[EngineProcess]:
    return () if stack.engines.mongo is None else (stack.engines.mongo,)


def faults() -> list[Fault]:
    """All that can be done to engines and their lines."""
    found = [Fault("kafka-node-lost", "SIGKILL một nút của cụm Kafka", _node_lost, _no_cluster)]
    for name, words, engines in (("kafka", "Kafka", brokers), ("mongodb", "MongoDB", database)):
        found.append(
            Fault(
                f"{name}-killed",
                f"SIGKILL máy chủ {words}",
                partial(_killed, engines=engines),
                partial(_not_ours, engines=engines),
            )
        )
        for how, said in NETWORK.items():
            act = partial(_network, name=name, how=how)
            found.append(Fault(f"{name}-{how}", f"Mạng tới {words} bị {said}", act, _no_proxies))
    return found


def _not_ours(scene: Scene, engines: Engines) -> str:
    return "" if engines(scene.stack) else "máy chủ không do bản cài này khởi động"


def _no_cluster(scene: Scene) -> str:
    return "" if len(brokers(scene.stack)) > 1 else "Kafka chỉ có một nút (KAFKA_NODES=3)"


def _no_proxies(scene: Scene) -> str:
    return "" if scene.stack.through_proxies else "bản cài không đi qua proxy"


async def _killed(scene: Scene, engines: Engines) -> str:
    """The caretaker brings it back; a broker that keeps nothing is filled again."""
    processes = engines(scene.stack)
    await gone_and_back(processes)
    return ", ".join(process.name for process in processes)


async def _node_lost(scene: Scene) -> str:
    node = scene.chance.choice(brokers(scene.stack))
    await gone_and_back((node,))
    return node.address


async def gone_and_back(processes: Sequence[EngineProcess], within_s: float = BACK_WITHIN_S) -> None:
    """Kill engines and wait until they answer again. Raises: TimeoutError: they did not come back."""
    before = {process: process.pid for process in processes}
    for pid in before.values():
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    async def back() -> bool:
        for process, pid in before.items():
            if process.pid in (None, pid) or not await process.answers():
                return False
        return True

    if not await within(within_s, back, LOOK_S):
        raise TimeoutError(f"not back in {within_s:g} s")


async def _network(scene: Scene, name: str, how: str) -> str:
    proxy = scene.stack.kafka_proxy if name == "kafka" else scene.stack.mongo_proxy
    seconds = scene.seconds(*BROKEN_S)
    detail = _break(scene, proxy, how)
    try:
        await asyncio.sleep(seconds)
    finally:
        proxy.pass_through()
    return f"{detail}{seconds:g} s"


def _break(scene: Scene, proxy: Proxy, how: str) -> str:
    match how:
        case "cut":
            proxy.cut()
        case "half-open":
            proxy.half_open()
        case "delay":
            late = round(scene.chance.uniform(*DELAY_S), 2)
            proxy.delay(late)
            return f"{late:g} s mỗi chiều, "
        case _:
            rate = round(scene.chance.uniform(*RATE), -3)
            proxy.throttle(rate)
            return f"{rate / 1000:g} kB/s, "
    return ""
