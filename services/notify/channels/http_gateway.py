"""What gateways behind an HTTP address have in common."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from services.kit import metrics
from services.notify.channels.transport import Transport
from services.notify.domain.results import Result, Verdict
from services.notify.domain.routes import Trait


@dataclass(frozen=True)
class HttpGateway:
    """One address, one client."""

    transport: Transport

    async def open(self) -> None:
        """Nothing to get ready."""

    async def close(self) -> None:
        await self.transport.client.aclose()


@contextmanager
def timed(trait: Trait) -> Iterator[None]:
    """A call whose seconds are counted."""
    started = time.perf_counter()
    try:
        yield
    finally:
        metrics.observe("gateway_seconds", time.perf_counter() - started, channel=trait.channel)


def perhaps_taken(result: Result) -> Result:
    """A broken gateway may have taken the text before it broke; one that knows repeats, or can be asked, is rather
    taken for silent: asking again is free of risk."""
    if result.verdict is Verdict.TRANSIENT and result.gateway_code.startswith("http-5"):
        return Result(Verdict.NO_ANSWER, result.gateway_code)
    return result
