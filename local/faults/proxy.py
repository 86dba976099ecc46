"""A network that can be broken: a TCP proxy on the loopback address that passes everything on until told otherwise.

One direction of one connection is one pump; each pump asks for the network's state before it passes on what it read,
so every change acts at once on connections that are open. Bytes are held back or refused, never altered or lost within
a connection: TCP would not do that either.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from local.engines.ports import HOST, choose_port

PIECE = 64 * 1024
PIECES_A_SECOND = 20
"""How finely a throttled line is dosed."""
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class _Connection:
    """A client's way to the server."""

    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    carried: int = 0
    """Bytes, both ways."""
    stranded: bool = False


class Proxy:
    """One way to one server. Start it, give clients its port, change its mode at any time."""

    def __init__(self, target_port: int, target_host: str = HOST, port: int = 0) -> None:
        """Choose the port now (0: a free one); it stays the same over `stop` and `start`."""
        self.port = choose_port(port)
        self._target = (target_host, target_port)
        self._listener: socket.socket | None = None
        self._connections: dict[asyncio.Task[None], _Connection] = {}
        self._flows = asyncio.Event()
        self._delay_s = 0.0
        self._rate = 0.0
        self._line_free_at = 0.0

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._connections)

    async def start(self) -> None:
        """Raises: OSError: the port is taken."""
        self.pass_through()

    async def stop(self) -> None:
        self.cut()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def pass_through(self) -> None:
        """An ordinary network again. What was frozen flows on, as TCP does after an outage."""
        self._set()

    def delay(self, seconds: float) -> None:
        """Whatever is sent arrives that much later, each way (up to twice that for what is sent close behind)."""
        self._set(delay_s=seconds)

    def throttle(self, bytes_per_second: float) -> None:
        """All connections together, both ways, share a narrow line."""
        self._set(rate=bytes_per_second)

    def half_open(self) -> None:
        """The other side is gone and nobody says so: connections are accepted and stay open, nothing ever arrives."""
        self._set(flows=False)

    def strand(self, busiest: int | None = None) -> None:
        """Open connections are dead and nobody says so, as when a router forgets them; new ones pass.

        Nothing brings them back, only `cut` ends them.

        Args:
            busiest: only so many, those that carried most; None: all.
        """
        by_use = sorted(self._connections.values(), key=lambda connection: connection.carried, reverse=True)
        for connection in by_use[:busiest]:
            connection.stranded = True
        self._set()

    def cut(self) -> None:
        """Open connections are reset, new ones refused."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        for task, connection in self._connections.items():
            for writer in connection.writers:
                _reset(writer)
            task.cancel()

    def _set(self, *, flows: bool = True, delay_s: float = 0.0, rate: float = 0.0) -> None:
        self._delay_s, self._rate, self._line_free_at = delay_s, rate, 0.0
        if flows:
            self._flows.set()
        else:
            self._flows.clear()
        if self._listener is None:
            self._listen()

    def _listen(self) -> None:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, self.port))
            listener.listen(128)
            listener.setblocking(False)
        except OSError:
            listener.close()
            raise
        self._listener = listener
        asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(BlockingIOError):
            while True:
                accepted, _ = listener.accept()
                accepted.setblocking(False)
                connection = _Connection()
                task = asyncio.create_task(self._serve(accepted, connection))
                self._connections[task] = connection
                task.add_done_callback(partial(self._forget, accepted))

    def _forget(self, accepted: socket.socket, task: asyncio.Task[None]) -> None:
        if not self._connections.pop(task).writers:
            accepted.close()  # ended before anything else owned it

    async def _serve(self, accepted: socket.socket, connection: _Connection) -> None:
        ways: list[asyncio.Task[None]] = []
        writers = connection.writers
        try:
            reader, writer = await asyncio.open_connection(sock=accepted)
            writers.append(writer)
            await self._flows.wait()  # on a frozen network not even the server is reached
            far_reader, far_writer = await asyncio.open_connection(*self._target)
            writers.append(far_writer)
            ways += [
                asyncio.create_task(self._pump(reader, far_writer, connection)),
                asyncio.create_task(self._pump(far_reader, writer, connection)),
            ]
            await asyncio.gather(*ways)
        except OSError:
            for writer in writers:
                _reset(writer)  # one side is gone: so that the other one sees it too
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for writer in writers:
                writer.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, connection: _Connection) -> None:
        """Until the source ends; then the sink is told."""
        while piece := await source.read(PIECE):
            connection.carried += len(piece)
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
            while piece:
                await self._way_is_open(connection)
                dose = self._dose()
                sink.write(piece[:dose])
                await sink.drain()
                await self._take_line(len(piece[:dose]))
                piece = piece[dose:]
        await self._way_is_open(connection)
        sink.write_eof()

    async def _way_is_open(self, connection: _Connection) -> None:
        await self._flows.wait()
        if connection.stranded:
            await asyncio.Event().wait()  # for ever: `cut` cancels it

    def _dose(self) -> int:
        return max(1, int(self._rate / PIECES_A_SECOND)) if self._rate else PIECE

    async def _take_line(self, size: int) -> None:
        if self._rate:
            self._line_free_at = max(self._line_free_at, time.monotonic()) + size / self._rate
            await asyncio.sleep(self._line_free_at - time.monotonic())


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection at once, with RST."""
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()
