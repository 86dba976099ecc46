"""Carries receipts to their receivers: a bounded pool of tasks over one HTTP client, with redelivery by timetable."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import httpx

from services.kit.http_lanes import Lanes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the receiver did: an HTTP status, or None with `timed_out` telling silence from refusal."""

    status: int | None
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Parcel:
    """One receipt on its way.

    `retry_after` holds the seconds to wait before each redelivery, `redeliver` tells which outcomes earn one, and
    `attempt_header` names a header that carries the number of the redelivery.
    """

    method: str
    url: str
    timeout_seconds: float
    retry_after: tuple[float, ...]
    redeliver: Callable[[Outcome], bool]
    on_attempt: Callable[[bool, bool], None]
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    attempt_header: str | None = None
    attempt: int = 0
    carry: Callable[[], Awaitable[Outcome]] | None = None
    """How it is brought where no HTTP is spoken."""


class Courier:
    """Accepts parcels at any rate and carries at most `workers` at a time."""

    def __init__(self, workers: int) -> None:
        self._queue: asyncio.Queue[Parcel] = asyncio.Queue()
        self._count = workers
        self._workers: list[asyncio.Task[None]] = []
        self._client: httpx.AsyncClient | None = None
        self._epoch = 0
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.redeliveries_waiting = 0

    async def start(self) -> None:
        """Open the client and put the workers to work."""
        # The environment's proxies are for the outer world; a receipt goes to a neighbour on this machine.
        self._client = httpx.AsyncClient(
            transport=Lanes(self._count, keepalive_expiry=5.0), timeout=None, trust_env=False
        )
        self._workers = [asyncio.create_task(self._work(self._client)) for _ in range(self._count)]

    async def stop(self) -> None:
        """Stop at once; what was not acknowledged is sent again after the next start."""
        self._epoch += 1
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def forget(self) -> None:
        """Throw away all parcels that still wait, and return when none is on its way to a receiver any more.

        A receipt that arrived after this would speak to the next user of the simulator of the last one's message.
        """
        self._epoch += 1
        self.redeliveries_waiting = 0
        while not self._queue.empty():
            self._queue.get_nowait()
        await self._idle.wait()

    @property
    def waiting(self) -> int:
        """Return how many parcels wait for a worker."""
        return self._queue.qsize()

    def send(self, parcel: Parcel) -> None:
        """Queue a parcel."""
        self._queue.put_nowait(parcel)

    async def send_now(self, parcel: Parcel) -> None:
        """Make the first attempt at once and wait for it, past the queue."""
        if self._client is not None:
            await self._carry(self._client, parcel)

    async def _work(self, client: httpx.AsyncClient) -> None:
        while True:
            await self._carry(client, await self._queue.get())

    async def _carry(self, client: httpx.AsyncClient, parcel: Parcel) -> None:
        epoch = self._epoch
        self._under_way += 1
        self._idle.clear()
        try:
            outcome = await _attempt(client, parcel)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()
        if epoch != self._epoch:
            return  # reset or stopped meanwhile: the message this receipt speaks of is no longer known
        again = parcel.redeliver(outcome) and parcel.attempt < len(parcel.retry_after)
        parcel.on_attempt(outcome.status == 200, not again)
        if again:
            self.redeliveries_waiting += 1
            delay = parcel.retry_after[parcel.attempt]
            later = replace(parcel, attempt=parcel.attempt + 1)
            asyncio.get_running_loop().call_later(delay, self._requeue, epoch, later)

    def _requeue(self, epoch: int, parcel: Parcel) -> None:
        if epoch == self._epoch:
            self.redeliveries_waiting -= 1
            self._queue.put_nowait(parcel)


async def _attempt(client: httpx.AsyncClient, parcel: Parcel) -> Outcome:
    headers = dict(parcel.headers)
    if parcel.attempt_header and parcel.attempt:
        headers[parcel.attempt_header] = str(parcel.attempt)
    try:
        # A deadline over the whole exchange: httpx's own timeouts start anew with every byte that trickles in.
        async with asyncio.timeout(parcel.timeout_seconds):
            if parcel.carry is not None:
                return await parcel.carry()
            reply = await client.request(parcel.method, parcel.url, content=parcel.body, headers=headers)
    except TimeoutError:
        return Outcome(None, timed_out=True)
    except (httpx.HTTPError, httpx.InvalidURL):
        return Outcome(None)
    return Outcome(reply.status_code)
