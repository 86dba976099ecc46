"""One whole installation for all stories."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from local.stack import Stack
from local.up import load_samples
from tests.journeys.town import Town, people_of
from tests.mornings import morning_stack

HERE = Path(__file__).parent


@pytest.fixture(scope="package")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Engines, six processes and phone networks, on the morning of a working day."""
    async with morning_stack(tmp_path_factory.mktemp("town")) as running:
        await load_samples(running)
        yield running


@pytest.fixture(scope="package")
async def town(stack: Stack) -> AsyncIterator[Town]:
    """Everybody in it."""
    async with people_of(stack) as everybody:
        yield everybody


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever the order (after the plugin that shuffles), the stories come together and the reckoning over them last:
    the installation ends with them and takes nothing from the tests that follow."""
    items.sort(key=lambda item: (item.path.is_relative_to(HERE), "test_reckoning" in item.nodeid))
