"""An engine as a child process: started on a leash, waited for by its protocol, stopped by its pid."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from local.engines import leash
from local.engines.errors import BinaryMissing, EngineDied, NotReady, PortTaken
from local.engines.logs import rotate, tail
from local.engines.pidfile import PidFile, end_orphan
from local.engines.ports import HOST, choose_port, is_free

# What a child may inherit. Engines also read settings from the environment (SECANTUS_DATA_NONLOGGED gives up
# durability, OTEL_EXPORTER_OTLP_ENDPOINT mixes the broker's telemetry into ours): only flags written here shall count.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "JAVA_HOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

_POLL_S = 0.05
_TAIL_LINES = 15
_LOG_LIMIT_BYTES = 20_000_000


class EngineProcess(ABC):
    """One engine, its data directory and its port.

    The port and the directory stay the same over stop, kill and restart, so clients can find it again. The process
    dies with the thread that called `start` (see leash).
    """

    name: str
    """How people and messages call it; also the name of its log and pid files."""

    default_deadline_s = 30.0
    """How long a start may take on a slow machine with data from earlier runs."""

    def __init__(self, data_dir: Path, port: int = 0, *, stop_grace_s: float = 10.0) -> None:
        """Choose the port now (0: a free one) and touch nothing else."""
        self.data_dir = data_dir.absolute()
        self.port = choose_port(port)
        self.stop_grace_s = stop_grace_s
        self._pid_file = PidFile(self.data_dir / f"{self.name}.pid")
        self._process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def log_file(self) -> Path:
        return self.data_dir / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """The pid of the running child, None when there is none."""
        return self._process.pid if self._process is not None and self.running else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return the program and its arguments.

        Raises BinaryMissing when it is not installed.
        """

    @abstractmethod
    async def answers(self) -> bool:
        """Say whether the engine gives a real protocol answer now."""

    def needed_ports(self) -> Sequence[int]:
        """Return every port the engine will listen on."""
        return (self.port,)

    async def prepare_data(self) -> None:  # noqa: B027 - most engines make their own files
        """Make what the engine needs in its data directory before the first start."""

    async def start(self) -> None:
        """Start the child; it does not answer yet.

        A leftover of a starter that died is ended first. Raises BinaryMissing, PortTaken, AlreadyRunning.
        """
        if self.running:
            return
        command = self._found(self.command())
        self._pid_file.release()  # still held when the previous child ended by itself
        orphan = self._pid_file.acquire(self.name)
        try:
            if orphan is not None:
                await end_orphan(orphan)
            for port in self.needed_ports():
                if not is_free(port):
                    raise PortTaken(self.name, HOST, port)
            rotate(self.log_file, _LOG_LIMIT_BYTES)
            await self.prepare_data()
            self._process = await self._spawn(command)
            self._pid_file.write(self._process.pid)
        except BaseException:
            await self.kill()
            raise

    async def wait_ready(self, deadline_s: float | None = None) -> None:
        """Wait until the engine answers its protocol.

        Raises EngineDied when the child ends meanwhile, NotReady when the deadline passes; both carry the log's end.
        """
        deadline_s = self.default_deadline_s if deadline_s is None else deadline_s
        loop = asyncio.get_running_loop()
        until = loop.time() + deadline_s
        while True:
            if self._process is None:
                raise RuntimeError(f"{self.name} was not started")
            if self._process.returncode is not None:
                raise EngineDied(self.name, self._process.returncode, self.log_tail())
            # Its own answer, not that of a stranger who took the port first: then the child ends, seen next time round.
            if await self.answers() and self.running:
                return
            if loop.time() >= until:
                raise NotReady(self.name, deadline_s, self.log_tail())
            await asyncio.sleep(_POLL_S)

    async def stop(self) -> None:
        """Ask the child to end (SIGTERM), after the grace end it (SIGKILL); does nothing when it does not run."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End the child at once (SIGKILL), as a crash would."""
        await self._end(signal.SIGKILL)

    async def restart(self, deadline_s: float | None = None) -> None:
        """Stop the child, start it on the same port and directory and wait until it answers."""
        await self.stop()
        await self.start()
        await self.wait_ready(deadline_s)

    async def wait_ended(self) -> int:
        """Wait until the child ends, for whatever reason, and return its code."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return await self._process.wait()

    def log_tail(self, lines: int = _TAIL_LINES) -> str:
        """Return the last lines the engine wrote."""
        return tail(self.log_file, lines)

    async def _end(self, signum: signal.Signals) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            try:
                process.send_signal(signum)
                await asyncio.wait_for(process.wait(), self.stop_grace_s)
            except ProcessLookupError:
                await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        self._pid_file.release()

    def _found(self, command: Sequence[str]) -> Sequence[str]:
        program = shutil.which(command[0])
        if program is None:
            raise BinaryMissing(command[0], "make install")
        return (program, *command[1:])

    async def _spawn(self, command: Sequence[str]) -> asyncio.subprocess.Process:
        """Start a program in the data directory, leashed to this process, in a process group of its own.

        Of its own, so that Ctrl-C at the terminal reaches us alone and the engines can be stopped last.
        """
        # -I -S: nothing of the caller's Python settings, and half the start-up time.
        leashed = (sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *command)
        with self.log_file.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *leashed,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data_dir,
                env={name: os.environ[name] for name in _INHERITED if name in os.environ},
                start_new_session=True,
            )
