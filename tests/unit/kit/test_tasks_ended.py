"""Background tasks end, also those in which a cancellation got lost."""

from __future__ import annotations

import asyncio

import pytest

from services.kit import tasks


async def outlives(errors: list[str], cancellations: int) -> None:
    """A loop over a client that turns a cancelled call into an error of its own, so many times."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            errors.append("connection lost")
            if len(errors) > cancellations:
                raise


async def test_a_task_that_outlives_its_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "AGAIN_S", 0.01)
    errors: list[str] = []
    running = asyncio.create_task(outlives(errors, 3))
    await asyncio.sleep(0)
    await asyncio.wait_for(tasks.ended([running]), 30)
    assert running.cancelled()
    assert len(errors) == 4


async def test_what_a_task_ended_with_is_nobodys_trouble() -> None:
    async def fails() -> None:
        raise ZeroDivisionError

    running = [asyncio.create_task(fails()), asyncio.create_task(asyncio.Event().wait())]
    await asyncio.sleep(0)
    await asyncio.wait_for(tasks.ended(running), 30)
    await asyncio.wait_for(tasks.ended([]), 30)
    assert all(task.done() for task in running)
