"""Each module breaks an installation of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from local.demo.day import opening_offset
from local.plan import Ports
from local.stack import Stack
from local.up import load_samples
from tests.journeys.town import Town, people_of


@pytest.fixture(scope="module")
def fresh_stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """Not started yet; a crashed engine stays away long enough to be missed."""
    return Stack(
        tmp_path_factory.mktemp("town"),
        lambda process, line: None,
        ports=Ports.free(),
        clock_offset=opening_offset(datetime.now(UTC)),
        engine_pause_s=4.0,
    )


@pytest.fixture(scope="module")
async def town(fresh_stack: Stack) -> AsyncIterator[Town]:
    async with fresh_stack as running:
        await load_samples(running)
        async with people_of(running) as everybody:
            yield everybody
