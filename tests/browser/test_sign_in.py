"""Signing in, the home page, signing out, as people do it."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from local.stack import Stack
from tests.browser.surfer import PHONE, Open

pytestmark = pytest.mark.browser
SERVICES = ("intake", "routing", "notify")


async def test_somebody_signs_in_by_choosing_an_account_and_finds_the_home_page(stack: Stack, surf: Open) -> None:
    surfer = await surf()
    page = surfer.page
    await surfer.go("/can-bo")
    await expect(page).to_have_url(re.compile(f"^{stack.addresses.oidc}/authorize"))
    await page.get_by_role("link", name="Cán bộ quầy 01").click()
    await expect(page).to_have_url(f"{stack.addresses.intake}/can-bo")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Chào Cán bộ quầy 01")
    await expect(page.locator("main")).to_contain_text("H12.970.00")
    await surfer.look()


async def test_one_sign_in_is_good_for_all_services(stack: Stack, surf: Open) -> None:
    surfer = await surf("van-hanh-01")
    for service in SERVICES:
        await surfer.go("/can-bo", service)
        await expect(surfer.page).to_have_url(f"{getattr(stack.addresses, service)}/can-bo")
        await expect(surfer.page.locator("main")).to_contain_text("Người vận hành")


async def test_the_home_page_fits_a_phone(surf: Open) -> None:
    surfer = await surf("co-quan-01", size=PHONE)
    for service in SERVICES:
        await surfer.go("/can-bo", service)


async def test_the_keyboard_is_enough(stack: Stack, surf: Open) -> None:
    surfer = await surf("quay-01")
    page = surfer.page
    await surfer.go("/can-bo")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Đến nội dung chính")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await page.get_by_role("button", name="Đăng xuất").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Đã đăng xuất")
    await surfer.look()
    await page.goto(f"{stack.addresses.intake}/can-bo")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("muốn là ai")


async def test_a_page_that_is_not_there_says_so(surf: Open) -> None:
    surfer = await surf("quay-01")
    await surfer.go("/khong-co-trang-nay")
    await expect(surfer.page.locator("main")).to_contain_text("not-found")


async def test_signing_in_and_the_home_page_need_no_script(stack: Stack, surf: Open) -> None:
    surfer = await surf("kiem-tra-01", scripts=False)
    await surfer.go("/can-bo")
    await expect(surfer.page.get_by_role("heading", level=1)).to_have_text("Chào Cán bộ kiểm tra 01")


async def test_a_session_that_ended_is_said_before_the_next_sign_in(stack: Stack, surf: Open) -> None:
    surfer = await surf("quay-01")
    await surfer.go("/can-bo")
    mongo = stack.mongo("intake")
    await mongo.collection("web_sessions").delete_many({"name": "nobody"})
    await mongo.collection("web_sessions").update_many({}, [{"$set": {"ended_at": "$seen_at"}}])
    await mongo.close()
    await surfer.go("/can-bo")
    await expect(surfer.page.get_by_role("heading", level=1)).to_have_text("Phiên làm việc đã hết")
    await surfer.page.get_by_role("link", name="Đăng nhập lại").click()
    await expect(surfer.page).to_have_url(f"{stack.addresses.intake}/can-bo")
