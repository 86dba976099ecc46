"""The command line as a process of its own, and an installation for it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from local.engines.ports import choose_port
from motcua.__main__ import main
from services.kit.mongo import Mongo
from tests.drivers import DRIVER

CATALOGUE = """code,name,time_limit_value,time_limit_unit,agencies_in_steps
1.000001,Thủ tục một,3,ngày làm việc,Phòng Tư pháp
1.000002,Thủ tục hai,,,Phòng Tư pháp
1.000002,Thủ tục hai lần nữa,5,ngày,Phòng Tư pháp
[/mã],Thủ tục có mã lạ,5,ngày,Phòng Tư pháp
"""


@dataclass
class Ended:
    """A command that came to its end."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


# Each command is a process of its own, forked from one that has imported everything: imports are most of its second.
WARM = multiprocessing.get_context("forkserver")
WARM.set_forkserver_preload([__name__])
BY_MODULE = ("-m", "motcua")


def run_forked(arguments: tuple[str, ...], environ: dict[str, str], out: str, err: str) -> None:
    """What `python -m motcua` does after its imports."""
    for path, descriptor in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["motcua", *arguments]
    main()


async def motcua(*arguments: str, program: tuple[str, ...] = BY_MODULE, **env: str) -> Ended:
    """Run a command to its end; another program than `-m motcua` is started from nothing."""
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "COLUMNS": "200", "LC_ALL": "C.UTF-8"}
    environ |= {"MONGO_DRIVER": DRIVER, **env}
    ended = await (forked(arguments, environ) if program == BY_MODULE else started((*program, *arguments), environ))
    assert "Traceback" not in ended.said, ended.said
    return ended


async def forked(arguments: tuple[str, ...], environ: dict[str, str]) -> Ended:
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = WARM.Process(target=run_forked, args=(arguments, environ, str(out), str(err)))
        with patch.dict(os.environ, environ, clear=True):  # the warm process reads its width from it, once
            process.start()
        try:
            await _told_of(process.sentinel)
        finally:
            if process.is_alive():
                process.kill()
        # In this thread alone: each start looks at all that run, and of two who read an exit code one reads 255.
        process.join()
        assert process.exitcode is not None
        return Ended(process.exitcode, out.read_text(), err.read_text())


async def _told_of(end: int) -> None:
    """Wait until something can be read."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_reader(end, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(end)


async def started(command: tuple[str, ...], environ: dict[str, str]) -> Ended:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


@pytest.fixture
async def place(mongodb_url: str, prefix: str) -> AsyncIterator[dict[str, str]]:
    """The environment of an installation without anything in it, and without a broker."""
    yield {
        "MONGODB_URL": mongodb_url,
        "MONGODB_PREFIX": prefix,
        "KAFKA_BOOTSTRAP": f"127.0.0.1:{choose_port(0)}",
    }
    for service in ("intake", "routing", "notify"):
        mongo = Mongo(mongodb_url, f"{prefix}_{service}", driver=DRIVER)
        await mongo.drop()
        await mongo.close()
