"""The life of an engine process: refusals, failures, leftovers, and death with its starter."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from local.engines import (
    AlreadyRunning,
    BinaryMissing,
    EngineDied,
    EngineProcess,
    NotReady,
    PortTaken,
    Secantus,
    Tansu,
)
from local.engines.pidfile import process_identity
from local.engines.ports import is_free
from tests.eventually import eventually

pytestmark = pytest.mark.asyncio

LISTENS = "import socket,sys,time; s=socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
DIES = "import sys; print('mở tệp thất bại'); sys.exit(7)"


class Scripted(EngineProcess):
    """An engine that is a line of Python, for what real engines do too seldom to test."""

    name = "scripted"

    def __init__(self, data_dir: Path, script: str, port: int = 0, *, stop_grace_s: float = 10.0) -> None:
        super().__init__(data_dir, port, stop_grace_s=stop_grace_s)
        self.script = script

    def command(self) -> Sequence[str]:
        return (sys.executable, "-c", self.script, str(self.port))

    async def answers(self) -> bool:
        return not is_free(self.port)


@pytest_asyncio.fixture
async def scripted(tmp_path: Path) -> AsyncIterator[Scripted]:
    engine = Scripted(tmp_path, LISTENS)
    yield engine
    await engine.kill()


async def test_an_engine_starts_answers_and_stops(scripted: Scripted) -> None:
    assert scripted.pid is None
    await scripted.start()
    await scripted.wait_ready(10)
    assert scripted.pid is not None
    assert os.getpgid(scripted.pid) != os.getpgid(0), "Ctrl-C would reach the engine before us"
    await scripted.stop()
    assert scripted.pid is None
    assert is_free(scripted.port)


async def test_start_is_idempotent_and_restart_keeps_the_port(scripted: Scripted) -> None:
    await scripted.start()
    await scripted.wait_ready(10)
    first, port = scripted.pid, scripted.port
    await scripted.start()
    assert scripted.pid == first
    await scripted.restart(10)
    assert scripted.pid != first
    assert scripted.port == port


@pytest.mark.parametrize("engine", [Tansu, Secantus])
async def test_a_taken_port_is_named(engine: type[Tansu] | type[Secantus], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(PortTaken, match=f"127.0.0.1:{port}") as caught:
            await engine(tmp_path, port).start()
    assert caught.value.port == port


async def test_a_taken_port_leaves_the_directory_free_for_the_next_try(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger, pytest.raises(PortTaken):
        await Scripted(tmp_path, LISTENS, stranger.getsockname()[1]).start()
    engine = Scripted(tmp_path, LISTENS)
    await engine.start()
    await engine.stop()


async def test_a_missing_program_is_named_with_its_remedy(tmp_path: Path) -> None:
    class Absent(Scripted):
        def command(self) -> Sequence[str]:
            return ("/nowhere/engine",)

    with pytest.raises(BinaryMissing, match=r"/nowhere/engine.*make"):
        await Absent(tmp_path, "").start()


async def test_an_engine_that_dies_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    engine = Scripted(tmp_path, DIES)
    await engine.start()
    with pytest.raises(EngineDied, match="mở tệp thất bại") as caught:
        await engine.wait_ready(10)
    assert caught.value.returncode == 7


async def test_an_engine_that_died_by_itself_can_be_started_again(scripted: Scripted) -> None:
    await scripted.start()
    await scripted.wait_ready(10)
    assert scripted.pid is not None
    os.kill(scripted.pid, signal.SIGKILL)
    assert await scripted.wait_ended() == -signal.SIGKILL
    await scripted.start()
    await scripted.wait_ready(10)


async def test_an_engine_that_gives_no_answer_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    engine = Scripted(tmp_path, DEAF)
    await engine.start()
    try:
        await eventually(lambda: "deaf" in engine.log_tail())
        with pytest.raises(NotReady, match="deaf"):
            await engine.wait_ready(0.2)
    finally:
        await engine.kill()


async def test_an_engine_deaf_to_sigterm_is_killed_after_the_grace(tmp_path: Path) -> None:
    engine = Scripted(tmp_path, DEAF, stop_grace_s=0.2)
    await engine.start()
    await eventually(lambda: "deaf" in engine.log_tail())
    await engine.stop()
    assert await engine.wait_ended() == -signal.SIGKILL


async def test_a_second_engine_on_the_same_directory_is_refused(scripted: Scripted) -> None:
    await scripted.start()
    with pytest.raises(AlreadyRunning) as caught:
        await Scripted(scripted.data_dir, LISTENS).start()
    assert caught.value.pid == scripted.pid
    assert scripted.running


async def test_a_pid_file_of_a_process_that_is_gone_does_not_matter(scripted: Scripted) -> None:
    (scripted.data_dir / "scripted.pid").write_text(json.dumps({"pid": 2**22 - 1, "identity": "boot:1"}))
    await scripted.start()
    await scripted.wait_ready(10)


async def test_a_reused_pid_is_not_taken_for_the_old_engine(scripted: Scripted) -> None:
    bystander = await asyncio.create_subprocess_exec("sleep", "60")
    try:
        note = {"pid": bystander.pid, "identity": "another boot:1"}
        (scripted.data_dir / "scripted.pid").write_text(json.dumps(note))
        await scripted.start()
        assert process_identity(bystander.pid) is not None
    finally:
        bystander.kill()
        await bystander.wait()


async def test_an_orphan_of_a_dead_starter_is_ended_before_the_start(scripted: Scripted) -> None:
    orphan = await asyncio.create_subprocess_exec(sys.executable, "-c", LISTENS, str(scripted.port))
    note = {"pid": orphan.pid, "identity": process_identity(orphan.pid)}
    (scripted.data_dir / "scripted.pid").write_text(json.dumps(note))
    await scripted.start()
    assert await asyncio.wait_for(orphan.wait(), 10) == -signal.SIGTERM
    await scripted.wait_ready(10)


STARTER = """
import asyncio, sys
from pathlib import Path
from local.engines import Secantus, Tansu

async def main():
    engines = [Tansu(Path(sys.argv[1]) / "tansu"), Secantus(Path(sys.argv[1]) / "secantus")]
    for engine in engines:
        await engine.start()
        await engine.wait_ready()
    print(*[engine.pid for engine in engines], flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_engines_die_with_a_starter_that_is_killed_and_the_next_start_goes_on(tmp_path: Path) -> None:
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STARTER, str(tmp_path), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert starter.stdout is not None
    pids = [int(pid) for pid in (await asyncio.wait_for(starter.stdout.readline(), 60)).split()]
    assert len(pids) == 2
    assert all(process_identity(pid) for pid in pids)
    starter.kill()
    await starter.wait()
    await eventually(lambda: not any(process_identity(pid) for pid in pids))
    again = Secantus(tmp_path / "secantus")
    await again.start()
    try:
        await again.wait_ready()
    finally:
        await again.stop()
