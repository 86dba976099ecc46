"""Room for reading files: each takes much memory and a processor, so only so many at a time, in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from contracts.problems import Invalid
from services.kit import logs
from services.kit.errors import Unavailable
from services.kit.files import Files

T = TypeVar("T")
WAIT_S = 30.0
"""For a free place; longer than any browser shows patience."""
LONGEST_S = 30.0
log = logs.get("intake.files")


class Slots:
    """Runs work on a whole file. Doors share no slots: what citizens upload must not keep the desks waiting."""

    def __init__(self, at_once: int = 1, wait_s: float = WAIT_S, longest_s: float = LONGEST_S) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._wait_s, self._longest_s = wait_s, longest_s

    async def read(self, files: Files, id: str, work: Callable[[bytes], T]) -> T:
        """Read a stored file and do `work` with it in a thread.

        Raises: Unavailable: no place was free in time. Invalid `file-unreadable`: the work did not end in time.
        """
        try:
            await asyncio.wait_for(self._free.acquire(), self._wait_s)
        except TimeoutError:
            raise Unavailable("too many files are being read") from None
        task = asyncio.ensure_future(_read(files, id, work))
        # The place is free when the thread has ended, which a caller who stopped waiting cannot hasten.
        task.add_done_callback(self._ended)
        try:
            return await asyncio.wait_for(asyncio.shield(task), self._longest_s)
        except TimeoutError:
            log.error("file.reading_too_long", file_id=id)
            raise Invalid("file-unreadable", "Đọc tệp mất quá nhiều thời gian. Hãy quét hoặc chụp lại.") from None

    def _ended(self, task: asyncio.Future[T]) -> None:
        self._free.release()
        if not task.cancelled():
            task.exception()  # looked at, or the loop complains when nobody waited for it any more


async def _read(files: Files, id: str, work: Callable[[bytes], T]) -> T:
    whole = b"".join([part async for part in await files.open(id)])
    return await asyncio.to_thread(work, whole)
