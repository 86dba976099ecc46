"""A module of ours run as a process, as in service; what it logged is told where a test fails beside it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
TOLD_LINES = 60


@asynccontextmanager
async def module_process(module: str, environ: Mapping[str, object]) -> AsyncIterator[Process]:
    """Start `python -m module` with nothing but these settings; stop it by SIGTERM unless it is dead by then."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    with tempfile.TemporaryFile("w+b") as log:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, cwd=ROOT, env=kept | {k: str(v) for k, v in environ.items()},
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield child
        except BaseException as error:
            log.seek(0)
            lines = log.read().decode(errors="replace").splitlines()[-TOLD_LINES:]
            error.add_note("\n".join([f"{module}, ended with {child.returncode}, logged at last:", *lines]))
            raise
        finally:
            if child.returncode is None:
                child.send_signal(signal.SIGTERM)
                # uvicorn raises the signal again after it has stopped in good order.
                assert await asyncio.wait_for(child.wait(), 30) in (0, -signal.SIGTERM)


async def answers(port: int, path: str = "/readyz") -> bool:
    """Whether the process on this port answers 200."""
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(f"http://127.0.0.1:{port}{path}")).status_code == 200
        except httpx.HTTPError:
            return False
