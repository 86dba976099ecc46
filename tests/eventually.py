"""Waiting in tests: ask again until it holds, never sleep for a guessed time."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(check: Callable[[], T | Awaitable[T]], *, timeout: float = 60.0, every: float = 0.05) -> T:
    """Call `check` until it returns something true and return that.

    The deadline is that of a machine which has ten other things to do; nobody waits for it where the code is right.
    An AssertionError counts as "not yet". Raises AssertionError, with the last reason, when the time is over.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + timeout
    while True:
        reason: AssertionError | None = None
        value: T | None = None
        try:
            called = check()
            value = await called if inspect.isawaitable(called) else called
        except AssertionError as error:
            reason = error
        else:
            if value:
                return value
        if loop.time() >= until:
            raise AssertionError(f"not within {timeout} s; last: {reason or value!r}") from reason
        await asyncio.sleep(every)
