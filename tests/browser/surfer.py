"""A person's browser that finds fault with every page it sees."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, ConsoleMessage, Page, Request, Response, async_playwright

from local.plan import Addresses

DESKTOP, PHONE = (1280, 900), (360, 740)
AXE = Path(__file__).parent / "axe" / "axe.min.js"
SERIOUS = ("serious", "critical")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
ALL_HAS_COME = """() => Promise.allSettled(document.getAnimations()
    .filter(one => one.effect.getComputedTiming().iterations !== Infinity).map(one => one.finished))"""
"""What fades in has too little contrast on its way."""


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


@dataclass
class Surfer:
    """One page of a browser; `look` is asked for on every page that matters, and once more at the end."""

    page: Page
    addresses: Addresses
    scripts: bool = True
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    _refused: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)

    async def go(self, path: str, service: str = "intake") -> None:
        """Open an address of a service and look it over."""
        await self.page.goto(getattr(self.addresses, service) + path)
        await self.look()

    async def look(self) -> None:
        """No console errors, no request to elsewhere, no sideways scrolling, no serious finding of axe."""
        await self.page.wait_for_load_state()
        assert self.errors == []
        assert self.foreign == []
        if not self.scripts or self.page.url == "about:blank":
            return
        assert await self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), self.page.url
        await self.page.evaluate(ALL_HAS_COME)
        found = await self.findings()
        assert found == [], (self.page.url, found)

    async def findings(self) -> list[str]:
        """What axe finds serious. It comes in by the debugger: the page's own policy would rightly not let it."""
        await self.page.evaluate(_axe())
        result: dict[str, Any] = await self.page.evaluate("rules => axe.run(document, rules)", RULES)
        return [
            f"{finding['id']}: {finding['help']}: {[node['html'] for node in finding['nodes'][:3]]}"
            for finding in result["violations"]
            if finding["impact"] in SERIOUS
        ]

    def _said(self, message: ConsoleMessage) -> None:
        # Chromium tells of every answer of 400 and more; a page that says "not so" is no error of the page.
        if message.type == "error" and message.location.get("url") not in self._refused:
            self.errors.append(message.text)

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.request.is_navigation_request():
            self._refused.add(response.url)

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        ours = {urlsplit(url).netloc for url in vars(self.addresses).values() if "://" in url}
        if parts.scheme not in ("data", "blob") and parts.netloc not in ours:
            self.foreign.append(request.url)


Open = Callable[..., Awaitable[Surfer]]
"""The fixture `surf`."""


@asynccontextmanager
async def chromium_here() -> AsyncIterator[Browser]:
    """Debian's Chromium (`make browser`), or the one that `CHROMIUM` names. Raises: FileNotFoundError."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        raise FileNotFoundError("no Chromium: `make browser` installs Debian's, or name one in CHROMIUM")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path)
        yield browser
        await browser.close()


async def open_surfer(
    browser: Browser, addresses: Addresses, user: str = "", *, size: tuple[int, int] = DESKTOP, scripts: bool = True
) -> Surfer:
    """A window of somebody signed in; without a user of a citizen."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="vi-VN", java_script_enabled=scripts
    )
    if user:  # the provider knows them already, so that each service signs them in by itself
        await context.add_cookies([{"name": "motcua_oidc", "value": user, "url": addresses.oidc}])
    return Surfer(await context.new_page(), addresses, scripts=scripts)
