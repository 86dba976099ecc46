"""Loops that work where the lease is held: at once, with their pauses, until they are told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.kit.lease import Lease
from services.kit.leased_loop import LeasedLoop
from services.kit.mongo import Mongo
from tests.eventually import eventually

NEVER_S = 600.0
"""Longer than any of these tests lasts."""


@pytest.fixture
async def lease(mongo: Mongo) -> Lease:
    held = Lease(mongo, "job", ttl_s=NEVER_S)
    assert await held.hold()
    return held


class Rounds:
    """Counts; each round finds as much as it is told, and at last nothing."""

    def __init__(self, *found: int) -> None:
        self.done, self._found = 0, list(found)

    async def once(self) -> int:
        self.done += 1
        return self._found.pop(0) if self._found else 0


@asynccontextmanager
async def running(loop: LeasedLoop) -> AsyncIterator[asyncio.Task[None]]:
    """Ends with the loop's end, which a stop brings about at once."""
    stop = asyncio.Event()
    task = asyncio.create_task(loop.run(stop))
    yield task
    stop.set()
    await asyncio.wait_for(task, 60)


async def test_it_works_where_the_lease_is_held_and_as_soon_as_it_is(mongo: Mongo, lease: Lease) -> None:
    other = Lease(mongo, "job", ttl_s=NEVER_S)
    rounds, idle = Rounds(), Rounds()
    async with (
        running(LeasedLoop(lease, rounds.once, NEVER_S)),
        running(LeasedLoop(other, idle.once, NEVER_S, look_s=0.01)),
    ):
        await eventually(lambda: rounds.done == 1)
        assert not await other.hold()
        assert idle.done == 0
        await lease.release()
        assert await other.hold()
        await eventually(lambda: idle.done == 1)
    assert (rounds.done, idle.done) == (1, 1)


async def test_one_that_lost_the_lease_in_its_round_does_not_pause_as_long_as_a_leader(lease: Lease) -> None:
    rounds = Rounds()

    async def lose_it() -> int:
        await lease.release()
        return await rounds.once()

    async with running(LeasedLoop(lease, lose_it, NEVER_S, look_s=0.01)):
        await eventually(lambda: rounds.done == 1)
        assert not lease.held
        assert await lease.hold()
        await eventually(lambda: rounds.done == 2)


async def test_after_a_round_that_found_something_it_goes_on_at_its_busy_pace_until_nothing_is_left(
    lease: Lease,
) -> None:
    rounds = Rounds(3, 1)
    async with running(LeasedLoop(lease, rounds.once, NEVER_S, busy_s=0.0)):
        await eventually(lambda: rounds.done == 3)
    assert rounds.done == 3


async def test_without_a_busy_pace_a_round_that_found_something_pauses_as_any_other(lease: Lease) -> None:
    rounds = Rounds(3, 1)
    async with running(LeasedLoop(lease, rounds.once, NEVER_S)):
        await eventually(lambda: rounds.done == 1)
    assert rounds.done == 1


async def test_a_round_that_fails_ends_the_loop(lease: Lease) -> None:
    async def fail() -> None:
        raise ConnectionError("away")

    with pytest.raises(ConnectionError):
        await asyncio.wait_for(LeasedLoop(lease, fail, 0.0).run(asyncio.Event()), 60)
