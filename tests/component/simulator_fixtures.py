"""The simulated networks of one module's tests, forgetting everything before each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from local.simulators.rig import Gateways, Inbox, open_gateways


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[Gateways]:
    async with open_gateways() as one:
        yield one


@pytest_asyncio.fixture
async def gateways(running: Gateways) -> Gateways:
    await running.start_over()
    return running


async def emptied(running: tuple[Gateways, Inbox]) -> Inbox:
    """The receiver, after the gateways forgot what an earlier test left under way."""
    gateways, inbox = running
    await gateways.start_over()
    inbox.received.clear()
    inbox.answers.clear()
    return inbox
