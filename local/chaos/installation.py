"""The installation that is broken: the usual one, behind proxies, with points armed and clocks that can be moved."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx

from local.demo.day import opening_offset
from local.engines.cache import missing_native
from local.faults.strikes import Strikes
from local.plan import Ports, ProcessPlan
from local.stack import Stack
from local.supervisor import Say
from local.up import load_samples

WORKERS = ("intake-worker", "routing-worker", "notify-worker")
APIS = ("intake-api", "routing-api", "notify-api")
NOTIFY = {
    # A gateway's receipt may come late because its door was shut: Zalo's own first repeat comes after 30 s, too.
    "ZALO_UNKNOWN_SECONDS": "120",
    "ZALO_RECEIPT_SECONDS": "60",
    "SMS_UNKNOWN_SECONDS": "90",
    "GATEWAY_RATES": '{"zalo": 200, "esms": 200, "vnpt": 200, "speedsms": 50}',
}


@dataclass
class Installation(Stack):
    """Everything a fault needs to get at."""

    skews: dict[str, float] = field(default_factory=dict)
    """By process: seconds by which its clock is off."""

    def __post_init__(self) -> None:
        self.fault_dir = self.data_dir.absolute() / "points"
        super().__post_init__()
        self.strikes = Strikes(self.fault_dir)

    def _plans(self) -> list[ProcessPlan]:
        return [self._own(plan) for plan in super()._plans()]

    def _own(self, plan: ProcessPlan) -> ProcessPlan:
        own = NOTIFY if plan.name.startswith("notify") else {}
        clock = {"CLOCK_OFFSET_SECONDS": str(self.clock_offset + self.skews.get(plan.name, 0.0))}
        return replace(plan, env={**plan.env, **own, **clock})

    def move_clock(self, process: str, seconds: float) -> None:
        """Kill a process; it comes back with a clock that is off by so much."""
        self.skews[process] = seconds
        running = self.supervisor.running[process]
        running.plan = self._own(running.plan)
        running.kill()

    def signal(self, process: str, what: signal.Signals) -> bool:
        """Returns: whether there was a process."""
        pid = self.supervisor.running[process].pid
        if pid is None:
            return False
        try:
            os.kill(pid, what)
        except ProcessLookupError:
            return False
        return True


def choose_engines() -> str:
    """The native engines where they are prepared and nobody chose others. Returns: which."""
    if not os.environ.get("ENGINES", "").strip():
        os.environ["ENGINES"] = "embedded" if missing_native() else "native"
    return os.environ["ENGINES"]


@asynccontextmanager
async def installed(
    say: Say, on_phase: Callable[[str], None], *, proxies: bool, keep: bool = False, engine_pause_s: float = 1.0
) -> AsyncIterator[Installation]:
    """A fresh one with the sample catalogue; its data is removed afterwards unless it is to be kept.

    Args:
        proxies: all that the services say to their engines passes through this process, which costs it time.

    Raises: EngineError, DidNotBecomeReady.
    """
    data = Path(tempfile.mkdtemp(prefix="motcua-chaos-"))
    try:
        stack = Installation(
            data,
            say,
            ports=Ports.free(),
            clock_offset=opening_offset(datetime.now(UTC)),
            on_phase=on_phase,
            engine_pause_s=engine_pause_s,
            through_proxies=proxies,
        )
        async with stack:
            await load_samples(stack)
            try:
                yield stack
            finally:
                on_phase("Dừng hệ thống")
    finally:
        if not keep:
            shutil.rmtree(data, ignore_errors=True)


def client(url: str, key: str | None = None) -> httpx.AsyncClient:
    """For one kind of person."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=15.0, limits=limits, trust_env=False)
