"""Many calls at once through httpx for little processor time.

httpcore looks at every connection of its pool, more than once, for each request: with 64 calls under way the pool took
four times the processor of all the rest of a call. Several small pools, each call by the one with the least to do,
keep the number of connections and what they mean, and that price away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx

LANE = 4
"""Connections of one pool. Of 64 in pools of 4, a call took a quarter of the processor of one pool of 64."""


@dataclass
class _Lane:
    pool: httpx.AsyncBaseTransport
    under_way: int = 0


class Lanes(httpx.AsyncBaseTransport):
    """A transport for `httpx.AsyncClient(transport=...)`, over at least `connections` connections.

    What a request raises, and its time limits, are those of httpx's own transport. `keepalive_expiry`: seconds that
    a connection nobody uses may be used again.
    """

    def __init__(self, connections: int, keepalive_expiry: float) -> None:
        tls = httpx.create_ssl_context(trust_env=False)
        limits = httpx.Limits(max_connections=LANE, max_keepalive_connections=LANE, keepalive_expiry=keepalive_expiry)
        self._lanes = [
            _Lane(httpx.AsyncHTTPTransport(verify=tls, trust_env=False, limits=limits))
            for _ in range(-(-connections // LANE))
        ]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """By the lane with the fewest calls; the first of them, so that a quiet time keeps few connections warm."""
        lane = min(self._lanes, key=lambda lane: lane.under_way)
        lane.under_way += 1
        try:
            response = await lane.pool.handle_async_request(request)
        except BaseException:
            lane.under_way -= 1
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Counted(response.stream, lane)
        return response

    async def aclose(self) -> None:
        await asyncio.gather(*(lane.pool.aclose() for lane in self._lanes))


class _Counted(httpx.AsyncByteStream):
    """A body whose end leaves the lane."""

    def __init__(self, body: httpx.AsyncByteStream, lane: _Lane) -> None:
        self._body, self._lane, self._open = body, lane, True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._body:
            yield part

    async def aclose(self) -> None:
        try:
            await self._body.aclose()
        finally:
            self._lane.under_way -= self._open
            self._open = False
