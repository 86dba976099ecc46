"""How long a body may be depends on where it is sent, and an over-long one is refused before it is read."""

from __future__ import annotations

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from services.kit.body_limit import BodyLimit, BodyLimits

LIMITS = BodyLimits(
    100,
    {
        "/v1/dossiers/{code}/files": 5000,
        "/v1/dossiers/import": 3000,
        "/v1/dossiers/{code}": 200,
        "/v1/drafts": 64,
        "/v1/drafts/{id}/files/": 5000,
        "/v1/{any}/import": 10,
    },
)


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/v1/dossiers", 100),
        ("/v1/dossiers/", 100),
        ("/v1/dossiers/H12-260302-0001", 200),
        ("/v1/dossiers/H12-260302-0001/hand-over", 200),
        ("/v1/dossiers/H12-260302-0001/files", 5000),
        ("/v1/dossiers/H12-260302-0001/files/", 5000),
        ("/v1/dossiers/H12-260302-0001/files/7", 5000),
        ("/v1/dossiers/H12-260302-0001/filesystem", 200),
        ("/v1/dossiers//files", 200),
        ("/v1/dossiers/import", 3000),
        ("/v1/other/import", 10),
        ("/v1/drafts", 64),
        ("/v1/draftsman", 100),
        ("/v1/drafts/7", 64),
        ("/v1/drafts/7/files", 5000),
        ("/", 100),
        ("", 100),
    ],
)
def test_the_longest_beginning_of_whole_parts_rules(path: str, limit: int) -> None:
    assert LIMITS.of(path) == limit


class _Exchange:
    """One request against an application that reads all it can."""

    def __init__(self, path: str, chunks: list[bytes], announced: int | None = None) -> None:
        headers = [] if announced is None else [(b"content-length", str(announced).encode())]
        self.scope: Scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
        self.waiting = list(chunks)
        self.read = 0
        self.body = b""

    async def receive(self) -> Message:
        chunk = self.waiting.pop(0)
        self.read += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": bool(self.waiting)}

    async def send(self, message: Message) -> None:
        self.body += message.get("body", b"")

    async def run(self) -> str:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            size = 0
            while True:
                message = await receive()
                size += len(message["body"])
                if not message["more_body"]:
                    break
            await PlainTextResponse(f"read {size}")(scope, receive, send)

        refuse = lambda limit: PlainTextResponse(f"over {limit}")  # noqa: E731
        await BodyLimit(app, LIMITS, refuse)(self.scope, self.receive, self.send)
        return self.body.decode()


@pytest.mark.parametrize(("path", "limit"), [("/v1/x", 100), ("/v1/dossiers/a/files", 5000), ("/v1/drafts/7", 64)])
async def test_at_the_limit_it_is_read_and_one_byte_over_it_is_not(path: str, limit: int) -> None:
    assert await _Exchange(path, [b"x" * limit], limit).run() == f"read {limit}"
    over = _Exchange(path, [b"x" * (limit + 1)], limit + 1)
    assert await over.run() == f"over {limit}"
    assert over.read == 0


async def test_without_an_announced_length_reading_ends_at_the_limit() -> None:
    exchange = _Exchange("/v1/drafts/7", [b"x" * 50] * 1000)
    assert await exchange.run() == "over 64"
    assert exchange.read == 100


async def test_a_length_that_is_announced_too_short_does_not_help() -> None:
    assert await _Exchange("/v1/drafts/7", [b"x" * 50] * 4, announced=10).run() == "over 64"
