"""A real browser on a whole system: no page with a finding, an error or anything from elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from local.stack import Stack
from local.up import load_samples
from tests.browser.surfer import DESKTOP, Open, Surfer, chromium_here, open_surfer
from tests.mornings import morning_stack

HERE = Path(__file__).parent
expect.set_options(timeout=60_000)  # a busy machine is no wrong answer


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Engines, processes, phone networks and the provider of sign-in, on the morning of a working day, with samples."""
    async with morning_stack(tmp_path_factory.mktemp("pages")) as running:
        await load_samples(running)
        yield running


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    try:
        async with chromium_here() as browser:
            yield browser
    except FileNotFoundError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
async def surf(stack: Stack, chromium: Browser) -> AsyncIterator[Open]:
    """Opens browsers: `await surf("quay-01")` is one of somebody signed in, `await surf()` of a citizen.

    Each is looked over at the end as well: no console errors, no request to elsewhere, no serious finding of axe.
    """
    surfers: list[Surfer] = []

    async def opened(user: str = "", *, size: tuple[int, int] = DESKTOP, scripts: bool = True) -> Surfer:
        surfer = await open_surfer(chromium, stack.addresses, user, size=size, scripts=scripts)
        surfers.append(surfer)
        return surfer

    yield opened
    for surfer in surfers:
        await surfer.look()
        await surfer.page.context.close()
