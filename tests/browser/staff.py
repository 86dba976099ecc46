"""What staff do in more than one test: who they are, and how a clerk registers a dossier."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from local.oidc.people import groups
from local.samples.load import read_samples
from tests.browser.surfer import Surfer

PROCEDURE, FIRST_AGENCY = "1.009240", "H12.970.11"
"""Two agencies act in turn; the first of them."""
DOSSIER = re.compile(r"/quay/ho-so/[0-9A-Z.]+-[0-9]{6}-[0-9]{4}$")


def user(kind: str, unit: str) -> str:
    """An account of a unit, by the beginning of its name."""
    people = [one for group in groups(read_samples()) for one in group.users]
    return next(one.id for one in people if one.id.startswith(f"{kind}-") and unit in one.units)


async def type_in(page: Page, *texts: str) -> None:
    """One field after another, by keyboard."""
    for text in texts:
        await page.keyboard.type(text)
        await page.keyboard.press("Tab")


async def choose_procedure(surfer: Surfer) -> None:
    """From the counter's page to the form, by a few letters."""
    page = surfer.page
    await surfer.go("/quay")
    await page.keyboard.type("cap lai giay chung nhan co so du dieu kien an toan", delay=5)
    await expect(page.get_by_role("link", name=PROCEDURE)).to_be_visible()
    await page.wait_for_timeout(300)  # the last letters are asked for as well; leaving meanwhile is told to the console
    await expect(page.locator("#f-q.htmx-request")).to_have_count(0)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="Họ và tên, hoặc tên tổ chức")).to_be_focused()
    await surfer.look()


async def register(surfer: Surfer, name: str, phone: str = "0901234001", number: str = "") -> str:
    """From the counter's page to a dossier, by keyboard alone. Returns: its code."""
    page = surfer.page
    await choose_procedure(surfer)
    await type_in(page, name, number, phone, "Ấp Thử, xã Thử", "", "")
    await expect(page.get_by_label("Đủ giấy tờ như danh mục")).to_be_focused()
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(DOSSIER)
    await surfer.look()
    return page.url.rpartition("/")[2]
