"""One HTTP call to a gateway, and what its failures mean: was the request surely not taken, or is it unknown?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from services.kit.http_lanes import Lanes
from services.notify.domain.results import Result, Verdict

# The request never left: no connection, or none free.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
_FRONT_DOOR = 503
"""What stands in front of a gateway says that it is away; the request went no further. After a 502 nobody knows."""
_TOO_FAST = 429
_OUR_ACCOUNT = frozenset({401, 403, 404})


class Failed(Exception):
    """The call gave no answer of the gateway's own; `result` is what that means."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.verdict)
        self.result = result


@dataclass(frozen=True)
class Transport:
    """A client with one deadline over the whole exchange; httpx's own limits start anew with every byte."""

    client: httpx.AsyncClient
    timeout_s: float

    async def json(self, method: str, url: str, **options: Any) -> Mapping[str, Any]:
        """The JSON object a gateway answers.

        Raises: Failed.
        """
        reply = await self.reply(method, url, **options)
        try:
            body = orjson.loads(reply.content)
        except orjson.JSONDecodeError:
            raise Failed(Result(Verdict.NO_ANSWER, "not-json")) from None
        if not isinstance(body, dict):
            raise Failed(Result(Verdict.NO_ANSWER, "not-an-object"))
        return body

    async def reply(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Raises: Failed, unless the gateway answered 2xx. The exceptions' texts are dropped: they may quote the URL,
        and a URL may hold a phone number."""
        try:
            async with asyncio.timeout(self.timeout_s):
                reply = await self.client.request(method, url, **options)
        except _NOT_SENT as error:
            raise Failed(Result(Verdict.TRANSIENT, type(error).__name__)) from None
        except TimeoutError:
            raise Failed(Result(Verdict.NO_ANSWER, "timeout")) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Failed(Result(Verdict.NO_ANSWER, type(error).__name__)) from None
        if reply.is_success:
            return reply
        raise Failed(Result(_verdict_of(reply.status_code), f"http-{reply.status_code}"))


def _verdict_of(status: int) -> Verdict:
    if status == _TOO_FAST:
        return Verdict.THROTTLED
    if status == _FRONT_DOOR:
        return Verdict.TRANSIENT
    if status in _OUR_ACCOUNT:
        return Verdict.CONFIGURATION
    return Verdict.PAYLOAD if 400 <= status < 500 else Verdict.NO_ANSWER


def make_client(connect_s: float, timeout_s: float, connections: int) -> httpx.AsyncClient:
    """The process's client for gateways."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(timeout_s, connect=connect_s, pool=timeout_s),
        # A connection the other side has just closed looks like an answer that never came, which costs a notice
        # minutes: idle connections are dropped before a gateway would (5 s is the shortest limit in use).
        transport=Lanes(connections, keepalive_expiry=2.0),
        follow_redirects=False,
        trust_env=False,
    )
