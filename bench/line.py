"""A clerk's connection to an API: HTTP/1.1, kept alive, nothing more. A full client costs as much of the machine as the
server that is measured."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit


class Line:
    """One connection; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: str) -> None:
        self._reader, self._writer, self._headers = reader, writer, headers

    @classmethod
    async def to(cls, base_url: str, key: str = "") -> Line:
        """Connect; every request carries the API key."""
        place = urlsplit(base_url)
        assert place.hostname is not None
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        login = f"Authorization: Bearer {key}\r\n" if key else ""
        return cls(reader, writer, f"Host: {place.netloc}\r\nContent-Type: application/json\r\n{login}")

    async def post(self, path: str, body: bytes, idempotency_key: str) -> tuple[int, bytes]:
        """Returns: status and body."""
        head = f"POST {path} HTTP/1.1\r\n{self._headers}Idempotency-Key: {idempotency_key}\r\n"
        self._writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await self._writer.drain()
        answer = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        return int(answer.split(b" ", 2)[1]), await self._reader.readexactly(length)

    def close(self) -> None:
        self._writer.close()
