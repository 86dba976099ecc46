"""Each module breaks an installation of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from local.stack import Stack
from local.up import load_samples
from tests.journeys.town import Town, people_of
from tests.mornings import morning_stack


@pytest.fixture(scope="module")
def fresh_stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """Not started yet; a crashed engine stays away long enough to be missed."""
    return morning_stack(tmp_path_factory.mktemp("town"), engine_pause_s=4.0)


@pytest.fixture(scope="module")
async def town(fresh_stack: Stack) -> AsyncIterator[Town]:
    async with fresh_stack as running:
        await load_samples(running)
        async with people_of(running) as everybody:
            yield everybody
