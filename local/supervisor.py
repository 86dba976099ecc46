"""Runs processes, shows their logs readably, starts a crashed one again, stops all of them in order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import orjson

from local.engines import leash
from local.plan import ProcessPlan

INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LOG_LEVEL", "MONGO_DRIVER", "PYTHONPATH",
             "OTEL_EXPORTER_OTLP_ENDPOINT")  # fmt: skip
LONGEST_PAUSE_S = 10.0
Say = Callable[[str, str], None]
"""Takes a process name and a line."""


class DidNotBecomeReady(RuntimeError):
    """A process did not answer in time; carries the end of its log."""


@dataclass
class Running:
    """One process under supervision."""

    plan: ProcessPlan
    log_file: Path
    say: Say
    stopping: bool = False
    restarts: int = 0
    longest_pause_s: float = LONGEST_PAUSE_S
    """Before it is started again, however often it ended."""
    _process: asyncio.subprocess.Process | None = None
    _watch: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        self.stopping = False
        await self._spawn()
        self._watch = asyncio.create_task(self._keep_running(), name=f"watch {self.plan.name}")

    async def stop(self, grace_s: float) -> None:
        """SIGTERM, and SIGKILL after the grace."""
        self.stopping = True
        process = self._process
        if process is not None and process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), grace_s)
            except TimeoutError:
                self.say(self.plan.name, f"không dừng trong {grace_s:g} giây, buộc kết thúc")
                process.kill()
                await process.wait()
        if self._watch is not None:
            await self._watch

    def kill(self) -> None:
        """SIGKILL, as a crash would; it is started again."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)

    async def _spawn(self) -> None:
        env = {name: os.environ[name] for name in INHERITED if name in os.environ} | dict(self.plan.env)
        # On a leash: it dies with its starter, so nothing is left behind when the terminal is closed.
        command = (sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *self.plan.command)
        self._process = await asyncio.create_subprocess_exec(
            *command,
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=1024 * 1024,
        )

    async def _keep_running(self) -> None:
        pause = 0.5
        while True:
            assert self._process is not None
            started = time.monotonic()
            await self._read_log()
            code = await self._process.wait()
            if self._must_end():
                return
            pause = 0.5 if time.monotonic() - started > 30 else min(self.longest_pause_s, pause * 2)
            self.restarts += 1
            self.say(self.plan.name, f"kết thúc với mã {code}, khởi động lại sau {pause:g} giây")
            await asyncio.sleep(pause)
            if self._must_end():
                return
            await self._spawn()

    def _must_end(self) -> bool:
        return self.stopping  # set by `stop` while this task waits

    async def _read_log(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        with self.log_file.open("ab") as log:
            async for line in self._process.stderr:
                log.write(line)
                log.flush()
                self.say(self.plan.name, readable(line))


def readable(line: bytes) -> str:
    """A JSON log line as one short line for people; anything else as it is."""
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line.decode("utf-8", "replace").rstrip()
    if not isinstance(entry, dict):
        return line.decode("utf-8", "replace").rstrip()
    hidden = {"at", "level", "event", "process", "context", "exception", "trace_id", "logger"}
    details = " ".join(f"{key}={value}" for key, value in entry.items() if key not in hidden)
    error = f"\n{entry['exception']}" if "exception" in entry else ""
    return f"{str(entry.get('level', '')).upper():8} {entry.get('event', '')} {details}".rstrip() + error


@dataclass
class Supervisor:
    """All processes of an installation."""

    data_dir: Path
    say: Say
    running: dict[str, Running] = field(default_factory=dict)

    async def start(self, plans: Sequence[ProcessPlan], *, ready_within_s: float = 60.0) -> None:
        """Start and wait until each answers ready.

        Raises: DidNotBecomeReady.
        """
        logs = self.data_dir / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        for plan in plans:
            process = Running(plan, logs / f"{plan.name}.log", self.say)
            self.running[plan.name] = process
            await process.start()
        await asyncio.gather(*(self.wait_ready(plan.name, ready_within_s) for plan in plans))

    async def wait_ready(self, name: str, seconds: float = 60.0) -> None:
        """Raises: DidNotBecomeReady."""
        process = self.running[name]
        until = time.monotonic() + seconds
        why = ""
        async with httpx.AsyncClient(timeout=3.0) as http:
            while time.monotonic() < until:
                try:
                    answer = await http.get(process.plan.health)
                    if answer.status_code == 200:
                        return
                    why = answer.text
                except httpx.HTTPError as error:
                    why = type(error).__name__
                await asyncio.sleep(0.1)
        tail = process.log_file.read_text("utf-8", "replace").splitlines()[-15:] if process.log_file.exists() else []
        raise DidNotBecomeReady(f"{name} chưa sẵn sàng sau {seconds:g} giây: {why}\n" + "\n".join(tail))

    async def stop(self, grace_s: float = 20.0) -> None:
        """Those that take work in from outside first, then the workers, then the phone networks."""
        apis = [r for name, r in self.running.items() if name.endswith("-api") and not name.startswith("notify")]
        workers = [r for name, r in self.running.items() if name.endswith("-worker")]
        rest = [r for r in self.running.values() if r not in apis and r not in workers]
        for group in (apis, workers, rest):
            await asyncio.gather(*(process.stop(grace_s) for process in group))

    async def stop_workers(self, grace_s: float) -> None:
        """Only those that talk to the broker; they are not started again until asked for."""
        workers = [r for name, r in self.running.items() if name.endswith("-worker")]
        await asyncio.gather(*(process.stop(grace_s) for process in workers))
