"""The command line as a process of its own, and an installation for it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from local.engines.ports import choose_port
from services.kit.mongo import Mongo

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


async def motcua(*arguments: str, program: tuple[str, ...] = ("-m", "motcua"), **env: str) -> Ended:
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "COLUMNS": "200", "LC_ALL": "C.UTF-8", **env}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *program, *arguments,
        env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode is not None
    ended = Ended(process.returncode, out.decode(), err.decode())
    assert "Traceback" not in ended.said, ended.said
    return ended


@pytest.fixture
async def place(mongodb_url: str, prefix: str) -> AsyncIterator[dict[str, str]]:
    """The environment of an installation without anything in it, and without a broker."""
    yield {
        "MONGODB_URL": mongodb_url,
        "MONGODB_PREFIX": prefix,
        "KAFKA_BOOTSTRAP": f"127.0.0.1:{choose_port(0)}",
    }
    for service in ("intake", "routing", "notify"):
        mongo = Mongo(mongodb_url, f"{prefix}_{service}")
        await mongo.drop()
        await mongo.close()
