"""A second door to the embedded broker for clients built on librdkafka (kcat, and most clients that are not Java).

The embedded broker's ApiVersions answer ends with optional tagged fields. They are allowed, but librdkafka reads the
length of a tag as one too large and loses its place ("Read underflow"). This door passes every byte on except two: it
drops those optional fields, and it puts its own port where the broker names itself, so that clients stay on this side.
Our own services do not use it; Apache Kafka does not need it.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field

METADATA, FIND_COORDINATOR, API_VERSIONS = 3, 10, 18
_HEADER = struct.Struct(">ihhi")
"""Length, api key, api version, correlation id."""
LONGEST_FRAME = 128 * 1024 * 1024


def without_tags(body: bytes) -> bytes:
    """An ApiVersions answer (v3 or later, after the correlation id) without its tagged fields.

    Layout: error int16, keys as compact array of (key, min, max int16, tags), throttle int32, tags.
    """
    count, at = _uvarint(body, 2)
    for _ in range(count - 1):
        at = _skip_tags(body, at + 6)
    return body[: at + 4] + b"\x00"


def _uvarint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
        shift += 7


def _skip_tags(body: bytes, at: int) -> int:
    count, at = _uvarint(body, at)
    for _ in range(count):
        _, at = _uvarint(body, at)
        length, at = _uvarint(body, at)
        at += length
    return at


@dataclass
class Doorway:
    """Listens on its own port of 127.0.0.1 and speaks for the broker behind it."""

    broker_port: int
    port: int
    named_port: int = 0
    """Where clients are told to find the broker: another door in front of this one; 0: here."""
    _server: asyncio.Server | None = None
    _connections: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        """Raises: OSError: the port is taken."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for connection in self._connections:
                connection.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", self.broker_port)
        except OSError:
            writer.close()
            return
        asked: dict[int, tuple[int, int]] = {}
        ways = [
            asyncio.create_task(self._requests(reader, broker_writer, asked)),
            asyncio.create_task(self._answers(broker_reader, writer, asked)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            writer.close()
            broker_writer.close()

    async def _requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: dict[int, tuple[int, int]]
    ) -> None:
        while True:
            frame = await _frame(reader)
            _, key, version, correlation = _HEADER.unpack_from(frame)
            if key in (METADATA, FIND_COORDINATOR, API_VERSIONS):
                asked[correlation] = (key, version)
            writer.write(frame)
            await writer.drain()

    async def _answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: dict[int, tuple[int, int]]
    ) -> None:
        while True:
            frame = await _frame(reader)
            key, version = asked.pop(int.from_bytes(frame[4:8], "big"), (-1, 0))
            body = frame[8:]
            if key == API_VERSIONS and version >= 3:
                body = without_tags(body)
            elif key in (METADATA, FIND_COORDINATOR):
                here = b"127.0.0.1" + (self.named_port or self.port).to_bytes(4, "big")
                body = body.replace(b"127.0.0.1" + self.broker_port.to_bytes(4, "big"), here)
            writer.write((len(body) + 4).to_bytes(4, "big") + frame[4:8] + body)
            await writer.drain()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """One length-prefixed frame, prefix included. Raises: IncompleteReadError at the end, ValueError for nonsense."""
    prefix = await reader.readexactly(4)
    length = int.from_bytes(prefix, "big")
    if not 4 <= length <= LONGEST_FRAME:
        raise ValueError(f"frame of {length} bytes")
    return prefix + await reader.readexactly(length)
