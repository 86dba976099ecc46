"""One whole installation for all stories."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from local.demo.day import opening_offset
from local.plan import Ports
from local.stack import Stack
from local.up import load_samples
from tests.journeys.town import Town, people_of


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Engines, six processes and phone networks, on the morning of a working day."""
    async with Stack(
        tmp_path_factory.mktemp("town"),
        lambda process, line: None,
        ports=Ports.free(),
        clock_offset=opening_offset(datetime.now(UTC)),
    ) as running:
        await load_samples(running)
        yield running


@pytest.fixture(scope="session")
async def town(stack: Stack) -> AsyncIterator[Town]:
    """Everybody in it."""
    async with people_of(stack) as everybody:
        yield everybody


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever the order, the reckoning over all stories is last (after the plugin that shuffles)."""
    items.sort(key=lambda item: "test_reckoning" in item.nodeid)
