"""The surfer finds fault where there is some: else the other tests would say nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Route

from local.stack import Stack
from tests.browser.surfer import PHONE, Surfer

pytestmark = pytest.mark.browser
GOOD = "<!doctype html><html lang=vi><link rel=icon href='data:,'><title>Trang</title><main><h1>Trang</h1>{}</main>"


@pytest.mark.parametrize(
    "wrong",
    [
        '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">',
        '<input name="x">',
        '<p style="color:#aaa;background:#fff">nhạt</p>',
        "<script>console.error('hỏng')</script>",
        "<script>throw new Error('hỏng')</script>",
        '<link rel="stylesheet" href="http://127.0.0.9:9/x.css">',
        '<p style="width:2000px">rộng</p>',
    ],
)
async def test_a_page_with_a_fault_does_not_pass(stack: Stack, chromium: Browser, wrong: str) -> None:
    async with shown(stack, chromium, "") as surfer:
        await surfer.go("/tot")
    async with shown(stack, chromium, wrong) as surfer:
        with pytest.raises(AssertionError):
            await surfer.go("/hong")


async def test_what_is_just_coming_is_looked_at_when_it_is_there(stack: Stack, chromium: Browser) -> None:
    frames = "<style>@keyframes come{from{opacity:0}to{opacity:1}}</style>"
    coming = '<p style="animation:come 2s">đang đến</p><hr style="animation:come 1s infinite">'
    async with shown(stack, chromium, frames + coming) as surfer:
        await surfer.go("/den")


@asynccontextmanager
async def shown(stack: Stack, chromium: Browser, content: str) -> AsyncIterator[Surfer]:
    """Where every page has this content."""
    context = await chromium.new_context(viewport={"width": PHONE[0], "height": PHONE[1]})
    surfer = Surfer(await context.new_page(), stack.addresses)

    async def answer(route: Route) -> None:
        await route.fulfill(body=GOOD.format(content), content_type="text/html; charset=utf-8")

    await surfer.page.route(f"{stack.addresses.intake}/**", answer)
    yield surfer
    await context.close()
