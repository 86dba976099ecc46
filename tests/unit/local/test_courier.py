"""The simulators' courier: what it was told to forget reaches nobody."""

from __future__ import annotations

import asyncio

import pytest

from local.simulators.courier import Courier, Outcome, Parcel
from tests.eventually import eventually

pytestmark = pytest.mark.asyncio


class Receiver:
    """Takes parcels when told to, and counts them."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.begun = 0
        self.booked: list[tuple[bool, bool]] = []

    async def take(self) -> Outcome:
        self.begun += 1
        await self.may_answer.wait()
        return Outcome(500)

    def parcel(self) -> Parcel:
        return Parcel(
            method="POST",
            url="",
            timeout_seconds=30.0,
            retry_after=(0.0, 0.0),
            redeliver=lambda outcome: True,
            on_attempt=lambda acked, last: self.booked.append((acked, last)),
            carry=self.take,
        )


async def test_forgetting_waits_for_what_is_on_its_way_and_brings_nothing_after_it() -> None:
    courier, receiver = Courier(workers=1), Receiver()
    await courier.start()
    try:
        courier.send(receiver.parcel())
        courier.send(receiver.parcel())
        await eventually(lambda: receiver.begun == 1)
        forgetting = asyncio.create_task(courier.forget())
        await eventually(lambda: courier.waiting == 0)
        assert not forgetting.done(), "one parcel is still in the receiver's hands"
        receiver.may_answer.set()
        await asyncio.wait_for(forgetting, 10)
        courier.send(receiver.parcel())
        await eventually(lambda: len(receiver.booked) == 3)
        assert receiver.begun == 4
        assert receiver.booked == [(False, False), (False, False), (False, True)], "only the last one's three attempts"
    finally:
        await courier.stop()


async def test_forgetting_with_nothing_on_its_way_returns_at_once() -> None:
    courier = Courier(workers=1)
    await asyncio.wait_for(courier.forget(), 10)
