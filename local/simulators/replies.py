"""The shapes of an answer, and of no answer, that both gateways share."""

import asyncio

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

TRANSPORT = "motcua.transport"
"""Where the application keeps the request's connection in its scope."""
# What stands in front of both gateways when it breaks: a web server's own page, not the gateway's JSON.
_BAD_GATEWAY_PAGE = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


def json_reply(body: object, headers: dict[str, str] | None = None) -> Response:
    """Return HTTP 200 with JSON: both gateways answer so for business errors too."""
    return Response(orjson.dumps(body), media_type="application/json", headers=headers)


def bad_gateway() -> Response:
    """Return an HTTP 502 with an HTML body."""
    return Response(_BAD_GATEWAY_PAGE, status_code=502, media_type="text/html")


class NoReply(Response):
    """Closes the connection without a byte of reply, at once or after holding it until the client gives up.

    ASGI has no word for this; the transport is reached through the bound `receive` of uvicorn, taken where the request
    enters the application. When uvicorn no longer binds it, the look-up fails loudly and every caller sees a 500.
    """

    def __init__(self, hold_ms: int = 0) -> None:
        super().__init__()
        self._hold_ms = hold_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold the connection, then close it."""
        transport: asyncio.Transport = scope[TRANSPORT]
        try:
            async with asyncio.timeout(self._hold_ms / 1000):
                await _disconnected(receive)
        except (TimeoutError, asyncio.CancelledError):  # cancelled: the server stops, and still no reply must leave
            transport.close()
            await _disconnected(receive)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
