"""The installation that is measured: the whole house, with as many workers a service as are asked for."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from bench.notices import SETTINGS
from local.demo.day import opening_offset
from local.demo.run import check_stack
from local.engines.ports import choose_port
from local.notices_told import unfinished, within
from local.plan import Ports, ProcessPlan
from local.stack import Stack
from local.up import load_samples
from local.year.run import SETTINGS as OLD_REGISTERS
from motcua.check import Report
from motcua.install import SERVICES
from services.kit.outbox import OUTBOX

GRACE = timedelta(seconds=60)
"""What is younger may be on its way."""
QUIET_WITHIN_S = 240.0


class House(Stack):
    """Simulated gateways at the rates of the benchmarks, registers of the past welcome."""

    @classmethod
    def at(cls, data: Path) -> House:
        offset = opening_offset(datetime.now(UTC))
        settings = {**SETTINGS, **OLD_REGISTERS}
        return cls(data, lambda _, __: None, ports=Ports.free(), clock_offset=offset, settings=settings)

    async def open(self) -> None:
        await self.start()
        await load_samples(self)

    def worker_plans(self, each: int = 1) -> list[ProcessPlan]:
        """So many workers of each service."""
        return [_copy(plan, n) for plan in self._plans() if plan.name.endswith("-worker") for n in range(each)]

    def api_plans(self) -> list[ProcessPlan]:
        """The processes that answer over HTTP."""
        return [plan for plan in self._plans() if plan.name.endswith("-api")]

    async def work_with(self, each: int) -> None:
        """Stop the workers that run, start so many of each service."""
        await self.supervisor.stop_workers(10.0)
        self.supervisor.running = {n: r for n, r in self.supervisor.running.items() if not n.endswith("-worker")}
        await self.supervisor.start(self.worker_plans(each))

    def pids(self) -> dict[str, int]:
        """Of everything, engines included, by name."""
        found = {name: process.pid for name, process in self.supervisor.running.items()}
        for engine in (*self.engines.brokers, self.engines.mongo):
            if engine is not None:
                found[engine.name] = engine.pid
        return {"bench": os.getpid(), **{name: pid for name, pid in found.items() if pid is not None}}

    async def quiet(self) -> bool:
        """Wait until nothing waits to be sent and every notice is at its end."""

        async def at_rest() -> bool:
            return not any(await asyncio.gather(*map(self._pending, SERVICES))) and not await unfinished(self)

        return await within(QUIET_WITHIN_S, at_rest, 1.0)

    async def check(self) -> Report:
        """The checker, once it is quiet."""
        await self.quiet()
        return await check_stack(self, GRACE)

    async def _pending(self, service: str) -> int:
        mongo = self.mongo(service)
        number: int = await mongo.collection(OUTBOX).count_documents({"pending": True})
        await mongo.close()
        return number


def _copy(plan: ProcessPlan, number: int) -> ProcessPlan:
    """The same process once more, on a port of its own; the last part of its name says what it is."""
    if not number:
        return plan
    service, port = plan.name.removesuffix("-worker"), choose_port(0)
    env = {**plan.env, f"{service.upper()}_WORKER_PORT": str(port)}
    return replace(plan, name=f"{service}-{number + 1}-worker", env=env, health=f"http://127.0.0.1:{port}/readyz")


@dataclass
class Session:
    """What all benchmarks of one run share."""

    house: House
    console: Console
    seconds: float
    rounds: int
    processors: int = os.cpu_count() or 1

    def say(self, words: str) -> None:
        self.console.print(f"[dim]{words}[/]")


def by_service(pids: Sequence[str]) -> dict[str, str]:
    """Name of a process -> what it counts as: all workers of a service are one."""
    return {name: "-".join(part for part in name.split("-") if not part.isdigit()) for name in pids}
