"""An engine that ends by itself comes back, however often the attempt fails; one that is stopped does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

from local.caretaker import Caretaker
from local.engines.base import EngineProcess
from local.engines.errors import EngineDied
from services.kit.kafka import KafkaUnreachable
from tests.eventually import eventually


class FakeEngine:
    """Writes down what is done to it."""

    name = "fake"

    def __init__(self, done: list[str], failing_starts: int = 0) -> None:
        self.done, self.failing_starts = done, failing_starts
        self.ended = asyncio.Event()

    async def wait_ended(self) -> int:
        await self.ended.wait()
        return -9

    async def start(self) -> None:
        self.done.append("start")
        self.ended.clear()

    async def wait_ready(self) -> None:
        if self.failing_starts:
            self.failing_starts -= 1
            raise EngineDied(self.name, 1, "no reason")
        self.done.append("ready")


def noting(done: list[str], word: str, failures: int = 0) -> Callable[[], Coroutine[Any, Any, None]]:
    left = [failures]

    async def step() -> None:
        done.append(word)
        if left[0]:
            left[0] -= 1
            raise KafkaUnreachable("not yet")

    return step


async def test_what_is_lost_is_cleared_away_before_the_engine_comes_back_and_filled_after() -> None:
    done: list[str] = []
    engine, caretaker = FakeEngine(done), Caretaker(lambda name, line: None, pause_s=0.0)
    caretaker.watch(cast(EngineProcess, engine), noting(done, "lost"), noting(done, "filled"))
    engine.ended.set()
    await eventually(lambda: "filled" in done)
    assert done == ["lost", "start", "ready", "filled"]
    await caretaker.stop()


async def test_an_attempt_that_fails_is_made_again_from_the_beginning() -> None:
    done: list[str] = []
    engine, caretaker = FakeEngine(done, failing_starts=1), Caretaker(lambda name, line: None, pause_s=0.0)
    caretaker.watch(cast(EngineProcess, engine), noting(done, "lost"), noting(done, "filled", failures=1))
    engine.ended.set()
    await eventually(lambda: done.count("filled") == 2)
    once = ["lost", "start", "ready", "filled"]
    assert done == ["lost", "start", *once, *once]
    await caretaker.stop()


async def test_after_stop_nothing_is_started_again() -> None:
    done: list[str] = []
    engine, caretaker = FakeEngine(done), Caretaker(lambda name, line: None, pause_s=0.0)
    caretaker.watch(cast(EngineProcess, engine))
    await caretaker.stop()
    engine.ended.set()
    await asyncio.sleep(0)
    assert done == []
