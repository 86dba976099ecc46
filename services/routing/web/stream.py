"""The live part of an inbox page: a stream that says when the list has changed, and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from services.routing.news import InboxNews, Listener

LONGEST_S = 300.0
"""Then the browser connects anew, and the session is looked at again."""
BEAT_S = 60.0
"""Time passes too: what is due soon becomes overdue without any change of a transfer."""
CALM_S = 0.3
"""At most one event in so long: a hundred transfers at once are one look at the list."""
STOP_S = 1.0
"""How soon a stream ends when the process is told to stop."""
READY = b"retry: 500\nevent: ready\ndata: {}\n\n"
"""The first word: what changed while nobody listened is looked up."""
CHANGE = b"event: change\ndata: {}\n\n"


async def stream(news: InboxNews, agency: str, stopping: Callable[[], bool]) -> AsyncIterator[bytes]:
    """Events of the agency's inbox, until somebody has had enough."""
    async with news.listen(agency) as listener:
        yield READY
        begun = told = time.monotonic()
        while not stopping() and time.monotonic() - begun < LONGEST_S:
            if await _changed(listener) or time.monotonic() - told >= BEAT_S:
                told = time.monotonic()
                yield CHANGE
                await asyncio.sleep(CALM_S)


async def _changed(listener: Listener) -> bool:
    try:
        await asyncio.wait_for(listener.get(), STOP_S)
    except TimeoutError:
        return False
    while not listener.empty():
        listener.get_nowait()
    return True
