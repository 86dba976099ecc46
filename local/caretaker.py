"""Starts an engine again that ended by itself, as the service manager of a server would."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from local.engines.base import EngineProcess
from local.engines.errors import EngineError
from local.supervisor import DidNotBecomeReady, Say
from services.kit.errors import Unavailable
from services.kit.mongo.driver import PyMongoError

Step = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    return


@dataclass
class Caretaker:
    """Watches engines until stopped; their own `stop` must come after its own."""

    say: Say
    pause_s: float
    _watches: list[asyncio.Task[None]] = field(default_factory=list)

    def watch(self, engine: EngineProcess, on_loss: Step = _nothing, on_return: Step = _nothing) -> None:
        """Look after a running engine.

        Args:
            on_loss: done before each attempt to start it again.
            on_return: done when it answers again; if that fails, all is tried anew.
        """
        self._watches.append(asyncio.create_task(self._keep(engine, on_loss, on_return), name=f"care {engine.name}"))

    async def stop(self) -> None:
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        self._watches.clear()

    async def _keep(self, engine: EngineProcess, on_loss: Step, on_return: Step) -> None:
        while True:
            code = await engine.wait_ended()
            self.say(engine.name, f"kết thúc với mã {code}, khởi động lại sau {self.pause_s:g} giây")
            await self._bring_back(engine, on_loss, on_return)
            self.say(engine.name, "đã chạy lại")

    async def _bring_back(self, engine: EngineProcess, on_loss: Step, on_return: Step) -> None:
        while True:
            await on_loss()
            await asyncio.sleep(self.pause_s)
            try:
                await engine.start()
                await engine.wait_ready()
                await on_return()
            except (EngineError, DidNotBecomeReady, Unavailable, PyMongoError) as error:
                self.say(engine.name, f"chưa chạy lại được: {error}")
            else:
                return
