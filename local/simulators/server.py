"""Serves an application on the loopback address: for the command line, and inside a test's own event loop."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Generator

import uvicorn
from fastapi import FastAPI

from local.simulators.settings import LOOPBACK

_DRAIN_SECONDS = 1  # a withheld reply would otherwise keep the process alive for the whole of its hold


class LoopbackServer(uvicorn.Server):
    """A server that leaves signals alone: uvicorn would raise them again and end a clean stop with an error code."""

    def __init__(self, app: FastAPI, port: int) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=LOOPBACK,
                port=port,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=_DRAIN_SECONDS,
                backlog=2_048,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield

    @property
    def base_url(self) -> str:
        """Return the address it really listens on, the port having been chosen by the system if it was 0."""
        port = self.servers[0].sockets[0].getsockname()[1]
        return f"http://{LOOPBACK}:{port}"


async def serve_until_told(app: FastAPI, port: int) -> bool:
    """Serve until SIGTERM or SIGINT; tell whether the server ever came up."""
    server = LoopbackServer(app, port)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    await server.serve()
    return server.started


@contextlib.asynccontextmanager
async def serving(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    """Serve within the running event loop; yields the base URL.

    Raises:
        RuntimeError: when the server ends before it listens.
    """
    server = LoopbackServer(app, port)
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if task.done():
                await task
                raise RuntimeError("the server ended before it listened")
            await asyncio.sleep(0.005)
        yield server.base_url
    finally:
        server.should_exit = True
        await task
