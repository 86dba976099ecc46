"""The phone end: messages arrive after a delay, and the gateways report it, in the ways they are known to do."""

import asyncio
from collections.abc import Callable

from local.simulators.clock import Clock
from local.simulators.courier import Courier, Parcel
from local.simulators.messages import Ledger, Message, Provider

ParcelMaker = Callable[[Message], Parcel | None]


class ReceiptDesk:
    """Concludes accepted messages at their planned time and hands the receipts to the courier."""

    def __init__(self, ledger: Ledger, courier: Courier, clock: Clock) -> None:
        self._ledger = ledger
        self._courier = courier
        self._clock = clock
        self._makers: dict[Provider, ParcelMaker] = {}
        self._epoch = 0

    def register(self, provider: Provider, maker: ParcelMaker) -> None:
        """Tell how a gateway words its receipts; a maker returns None where nobody listens."""
        self._makers[provider] = maker

    async def accepted(self, message: Message) -> None:
        """Start the way of a message to the phone; with `before_reply` the receipt overtakes the HTTP reply."""
        if not message.plan.before_reply:
            self._schedule(message)
            return
        self._ledger.conclude(message, self._clock.wall_ms())
        parcels = self._parcels(message)
        for parcel in parcels[:1]:
            await self._courier.send_now(parcel)
        for parcel in parcels[1:]:
            self._courier.send(parcel)

    def resume(self) -> None:
        """Take up every message that an earlier process left unfinished."""
        for message in self._ledger:
            if message.delivered_at is None and message.failed_at is None:
                self._schedule(message)
            elif message.receipts_closed < message.plan.copies:
                self._send_at(message, message.plan.receipt_at)

    def forget(self) -> None:
        """Drop all timers that are still running."""
        self._epoch += 1

    def _schedule(self, message: Message) -> None:
        if message.plan.deliver_at is not None:
            self._at(message.plan.deliver_at, lambda: self._arrive(message))

    def _arrive(self, message: Message) -> None:
        self._ledger.conclude(message, self._clock.wall_ms())
        self._send_at(message, message.plan.receipt_at)

    def _send_at(self, message: Message, moment_ms: int) -> None:
        if moment_ms <= self._clock.wall_ms():
            self._send(message)
        else:
            self._at(moment_ms, lambda: self._send(message))

    def _send(self, message: Message) -> None:
        for parcel in self._parcels(message):
            self._courier.send(parcel)

    def _parcels(self, message: Message) -> list[Parcel]:
        parcel = self._makers[message.provider](message)
        return [] if parcel is None else [parcel] * (message.plan.copies - message.receipts_closed)

    def _at(self, moment_ms: int, act: Callable[[], None]) -> None:
        epoch, delay = self._epoch, max(0.0, (moment_ms - self._clock.wall_ms()) / 1000)

        def ring() -> None:
            if epoch == self._epoch:
                act()

        asyncio.get_running_loop().call_later(delay, ring)
