"""Only so many files are read at a time, nobody waits for ever, and a place is free only when the reading has ended."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from contracts.problems import Invalid, Missing
from services.intake.attachments.slots import Slots
from services.kit.errors import Unavailable
from tests.eventually import eventually


class OneFile:
    """A store with one file, `known`."""

    async def open(self, id: str) -> AsyncIterator[bytes]:
        if id != "known":
            raise Missing("file-unknown", "Không tìm thấy tệp này.")

        async def parts() -> AsyncIterator[bytes]:
            yield b"two "
            yield b"parts"

        return parts()


class Gate:
    """Work in a thread that goes on until it is let through."""

    def __init__(self) -> None:
        self.opened, self.inside, self.most = threading.Event(), 0, 0
        self._lock = threading.Lock()

    def __call__(self, content: bytes) -> int:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        assert self.opened.wait(20)
        with self._lock:
            self.inside -= 1
        return len(content)


FILES = OneFile()


async def read(slots: Slots, work: object, id: str = "known") -> object:
    return await slots.read(FILES, id, work)  # type: ignore[arg-type]


async def test_work_gets_the_whole_file_in_another_thread() -> None:
    here = threading.get_ident()
    content, there = await read(Slots(), lambda content: (content, threading.get_ident()))  # type: ignore[misc]
    assert content == b"two parts"
    assert there != here


async def test_no_more_than_allowed_run_at_once_and_all_get_their_turn() -> None:
    slots, gate = Slots(2), Gate()
    waiting = [asyncio.ensure_future(read(slots, gate)) for _ in range(7)]
    await eventually(lambda: gate.inside == 2)
    gate.opened.set()
    assert await asyncio.gather(*waiting) == [9] * 7
    assert gate.most == 2


async def test_who_gets_no_place_in_time_is_told_to_come_again() -> None:
    slots, gate = Slots(1, wait_s=0.02), Gate()
    first = asyncio.ensure_future(read(slots, gate))
    await eventually(lambda: gate.inside == 1)
    with pytest.raises(Unavailable):
        await read(slots, gate)
    gate.opened.set()
    assert await first == 9
    assert await read(slots, gate) == 9


async def test_reading_that_does_not_end_is_given_up_but_keeps_its_place_until_it_has_ended() -> None:
    slots, gate = Slots(1, wait_s=0.02, longest_s=0.02), Gate()
    with pytest.raises(Invalid) as caught:
        await read(slots, gate)
    assert caught.value.slug == "file-unreadable"
    with pytest.raises(Unavailable):
        await read(slots, len)
    gate.opened.set()

    async def free() -> bool:
        try:
            return await read(slots, len) == 9
        except Unavailable:
            return False

    assert await eventually(free)


async def test_a_failure_frees_the_place() -> None:
    slots = Slots(1, wait_s=0.5)
    for _ in range(3):
        with pytest.raises(Missing):
            await read(slots, len, "unknown")
        with pytest.raises(ZeroDivisionError):
            await read(slots, lambda content: 1 // 0)
    assert await read(slots, len) == 9


async def test_a_caller_who_goes_away_does_not_free_the_place_of_running_work() -> None:
    slots, gate = Slots(1, wait_s=0.02), Gate()
    gone = asyncio.ensure_future(read(slots, gate))
    await eventually(lambda: gate.inside == 1)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    with pytest.raises(Unavailable):
        await read(slots, len)
    gate.opened.set()
    await eventually(lambda: gate.inside == 0)
