"""Callers who try again when a process or its engine was away, as software at a counter does."""

from __future__ import annotations

import asyncio
import time

import httpx

PATIENCE_S = 120.0
LONGEST_PAUSE_S = 2.0


class Patient(httpx.AsyncBaseTransport):
    """Sends the same request again after a broken connection and after 503.

    Whether the first one had its effect, nobody knows: what is asked this way must be safe to repeat.
    """

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        pause_s, until = 0.1, time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = await self._inner.handle_async_request(request)
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
            else:
                if answer.status_code != 503 or time.monotonic() > until:
                    return answer
                await answer.aclose()
            await asyncio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)

    async def aclose(self) -> None:
        await self._inner.aclose()
