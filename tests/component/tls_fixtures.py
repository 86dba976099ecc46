"""A TLS server on 127.0.0.1 with a certificate of its own, good for one name and a hundred years."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

TLS_NAME = "agency.example.vn"
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIBATAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBFhZ2VuY3ku
ZXhhbXBsZS52bjAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowHDEa
MBgGA1UEAwwRYWdlbmN5LmV4YW1wbGUudm4wWTATBgcqhkjOPQIBBggqhkjOPQMB
BwNCAASj1AZOA2PmtA9Z410Foy7BoFlMmOMjd5vi/QyAoBu7PDycvnjRE/e4of/X
yHyoEMqgGebrrS8b79rgMfxbfaxeo1AwTjAPBgNVHRMBAf8EBTADAQH/MBwGA1Ud
EQQVMBOCEWFnZW5jeS5leGFtcGxlLnZuMB0GA1UdDgQWBBRm8KEMpwFkCQr6gkiB
iLdpiNLe7jAKBggqhkjOPQQDAgNIADBFAiB1OG5newTLsFalotJJ2zhPTgNtCyIm
2AqpdUs/C/GtuwIhAJ6YjpXrBGJX6iNXumv6IzYbF4gMSQ/bSwYgglvjIlFc
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3Eb67+vmfi7WZgzI
lfNkvd63jOCl1l6yUhDHxqQDmMuhRANCAASj1AZOA2PmtA9Z410Foy7BoFlMmOMj
d5vi/QyAoBu7PDycvnjRE/e4of/XyHyoEMqgGebrrS8b79rgMfxbfaxe
-----END PRIVATE KEY-----
"""
"""Of this file only: it protects nothing."""


def trusting() -> ssl.SSLContext:
    """A client that trusts this certificate and no other."""
    return ssl.create_default_context(cadata=CERTIFICATE)


@asynccontextmanager
async def tls_server(folder: Path) -> AsyncIterator[int]:
    """Answers every request with 204; yields the port."""
    file = folder / "server.pem"
    file.write_text(CERTIFICATE + KEY, encoding="utf-8")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        port: int = server.sockets[0].getsockname()[1]
        yield port
