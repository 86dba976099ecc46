"""The counter as its clerks know it: by keyboard, with a scanner, on paper, and without scripts."""

from __future__ import annotations

import io
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect
from pypdf import PdfReader

from tests.browser import staff
from tests.browser.staff import DOSSIER, PROCEDURE, type_in
from tests.browser.surfer import PHONE, Open, Surfer

pytestmark = pytest.mark.browser
SCANNER_MS, FINGERS_MS = 4, 90
"""Between two keys."""
A5_POINTS = (419.5, 595.3)
NAMES = iter("ABCDEGHIKLMNOPQRSTUVXY")


async def register(surfer: Surfer, name: str = "", phone: str = "0901234001", number: str = "") -> str:
    """By keyboard alone; each time somebody else's. Returns: its code."""
    return await staff.register(surfer, name or f"Nguyễn Văn {next(NAMES)}", phone, number)


async def scan(page: Page, code: str) -> None:
    await page.keyboard.type(code, delay=SCANNER_MS)
    await page.keyboard.press("Enter")


async def test_by_keyboard_alone_from_a_few_letters_to_the_printed_receipt(surf: Open) -> None:
    surfer = await surf("quay-01")
    page = surfer.page
    code = await register(surfer)
    await expect(page.get_by_role("status")).to_contain_text(f"Đã tiếp nhận hồ sơ {code}")
    await expect(page.get_by_role("link", name="In giấy tiếp nhận và hẹn trả")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Giấy tiếp nhận", re.IGNORECASE))
    await expect(page.get_by_role("button", name="In")).to_be_focused()
    await surfer.look()
    await page.get_by_role("link", name="Tiếp nhận hồ sơ tiếp theo").click()
    await expect(page.locator("#f-q")).to_be_focused()


async def test_the_receipt_is_one_page_of_a5_without_what_belongs_to_the_screen(surf: Open) -> None:
    surfer = await surf("quay-01")
    code = await register(surfer)
    await surfer.go(f"/quay/ho-so/{code}/phieu?mau=receipt")
    paper = PdfReader(io.BytesIO(await surfer.page.pdf(prefer_css_page_size=True)))
    assert len(paper.pages) == 1
    size = paper.pages[0].mediabox
    assert (abs(float(size.width) - A5_POINTS[0]) < 2, abs(float(size.height) - A5_POINTS[1]) < 2) == (True, True)
    text = paper.pages[0].extract_text()
    assert (code in text, "Về hồ sơ" in text) == (True, False)


async def test_the_page_says_by_itself_that_the_citizen_was_informed(surf: Open) -> None:
    surfer = await surf("quay-01")
    await register(surfer, phone="0901234002")
    await expect(surfer.page.locator("#told-head")).to_contain_text("công dân đã nhận", timeout=60_000)
    await expect(surfer.page.locator("#told")).to_contain_text("qua ")
    await surfer.look()


async def test_a_scanner_opens_a_dossier_wherever_the_cursor_stands(surf: Open) -> None:
    surfer = await surf("quay-01")
    page = surfer.page
    code = await register(surfer)
    opened = re.compile(f"/quay/ho-so/{re.escape(code)}$")
    for path in ("/quay/hom-nay", "/quay/thu-tuc", f"/quay/moi?tt={PROCEDURE}", "/can-bo"):
        await surfer.go(path)
        await scan(page, code)
        await expect(page).to_have_url(opened)
    await surfer.go("/quay/hom-nay")
    await page.keyboard.press("F2")
    await expect(page.locator("#scan")).to_be_focused()
    await page.keyboard.type(code, delay=FINGERS_MS)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(opened)


async def test_a_scan_into_a_form_that_was_begun_asks_first(surf: Open) -> None:
    surfer = await surf("quay-01")
    page = surfer.page
    code = await register(surfer)
    await surfer.go(f"/quay/moi?tt={PROCEDURE}")
    await page.keyboard.type("Trần Thị B", delay=FINGERS_MS)
    await scan(page, code)
    await expect(page.locator("#scan")).to_be_focused()
    await expect(page.locator("#scan")).to_have_value(code)
    await expect(page.get_by_role("textbox", name="Họ và tên, hoặc tên tổ chức")).to_have_value("Trần Thị B")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(f"/quay/ho-so/{re.escape(code)}$"))


async def test_the_card_s_code_fills_in_the_person(surf: Open) -> None:
    surfer = await surf("quay-01")
    page = surfer.page
    await surfer.go(f"/quay/moi?tt={PROCEDURE}")
    await page.keyboard.type("096190001234|381234567|Lê Văn C|01011990|Nam|Ấp Thử, xã Thử|01012022", delay=1)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="Họ và tên, hoặc tên tổ chức")).to_have_value("Lê Văn C")
    await expect(page.get_by_role("textbox", name="Số định danh, mã số thuế")).to_have_value("096190001234")
    await expect(page.locator("#f-applicant-address")).to_have_value("Ấp Thử, xã Thử")


async def test_a_duplicate_is_warned_of_and_registered_all_the_same(surf: Open) -> None:
    surfer = await surf("quay-01")
    page = surfer.page
    first = await register(surfer, "Phạm Thị D", "0901234003", "096190001299")
    await surfer.go(f"/quay/moi?tt={PROCEDURE}")
    await type_in(page, "Phạm Thị D", "096190001299", "0901234003", "Ấp Thử", "", "")
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")
    await expect(page.locator("#duplicates")).to_be_focused()
    await expect(page.locator("#duplicates")).to_contain_text(first)
    await surfer.look()
    await page.get_by_role("button", name="Vẫn đăng ký").press("Enter")
    await expect(page).to_have_url(DOSSIER)
    assert not page.url.endswith(first)


async def test_what_lacks_is_asked_for_brought_and_accepted(surf: Open) -> None:
    surfer = await surf("quay-01")
    page = surfer.page
    await surfer.go(f"/quay/moi?tt={PROCEDURE}")
    await type_in(page, "Hoàng Văn E", "", "0901234004", "Ấp Thử")
    await page.locator("#f-du_giay_to").check()
    await page.locator("#f-giay-1-state").select_option("missing")
    await page.get_by_role("button", name="Tiếp nhận", exact=True).click()
    await expect(page.get_by_role("alert")).to_be_focused()
    await surfer.look()
    await page.locator("#f-giay-1-reason").select_option("missing-papers")
    await page.get_by_role("button", name="Chưa đủ giấy tờ").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Yêu cầu bổ sung giấy tờ")
    await surfer.look()
    await page.get_by_role("button", name="Yêu cầu bổ sung").click()
    await expect(page).to_have_url(DOSSIER)
    await surfer.look()
    await page.get_by_role("button", name="Lập và in: Phiếu yêu cầu bổ sung").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("yêu cầu bổ sung", re.IGNORECASE))
    await surfer.look()
    await page.get_by_role("link", name="Về hồ sơ").click()
    await page.get_by_role("link", name="Nhận giấy tờ bổ sung").click()
    await page.locator("#f-giay-1-state").select_option("original")
    await surfer.look()
    await page.get_by_role("button", name="Đã nhận giấy tờ bổ sung").click()
    await page.get_by_role("link", name="Tiếp nhận", exact=True).click()
    await surfer.look()
    await page.get_by_role("button", name="Tiếp nhận", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Đã tiếp nhận")
    await page.get_by_role("link", name="Công dân rút hồ sơ").click()
    await surfer.look()
    await page.get_by_role("button", name="Công dân rút hồ sơ").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Công dân đã rút")


async def test_double_click_and_back_button_make_one_dossier(surf: Open) -> None:
    surfer = await surf("quay-02")
    page = surfer.page
    await surfer.go(f"/quay/moi?tt={PROCEDURE}")
    address = page.url
    await type_in(page, "Đỗ Thị G", "", "0901234005", "Ấp Thử")
    await page.locator("#f-du_giay_to").check()
    await page.get_by_role("button", name="Tiếp nhận", exact=True).dblclick()
    await expect(page).to_have_url(DOSSIER)
    first = page.url
    await page.go_back()
    await expect(page).to_have_url(address)
    await page.locator("#f-applicant-full_name").fill("Đỗ Thị G")
    await page.locator("#f-du_giay_to").check()
    await page.get_by_role("button", name="Tiếp nhận", exact=True).click()
    await page.wait_for_load_state()
    if page.url != first:  # other fields than before: nothing is registered, and what was typed waits in a new form
        await expect(page).to_have_url(re.compile(r"/quay/moi\?tt=.+&k="))
        assert page.url != address
        await expect(page.get_by_role("link", name="xem kết quả")).to_have_attribute("href", urlsplit(first).path)
        await expect(page.locator("#f-applicant-full_name")).to_have_value("Đỗ Thị G")
    await surfer.go("/quay/hom-nay")
    await expect(page.get_by_text("Đỗ Thị G")).to_have_count(1)


async def test_lists_fit_screens_and_phones(surf: Open) -> None:
    for size in ((1280, 900), PHONE):
        surfer = await surf("quay-01", size=size)
        for path in ("/quay", "/quay/hom-nay", "/quay/cho-tiep-nhan", "/quay/cho-tra", "/quay/thu-tuc?q=giay"):
            await surfer.go(path)


async def test_a_dossier_is_registered_without_any_script(surf: Open) -> None:
    surfer = await surf("quay-01", scripts=False)
    page = surfer.page
    await surfer.go("/quay")
    await page.locator("#f-q").fill("cap lai giay chung nhan co so du dieu kien an toan")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"/quay/moi\?tt=.+&k="))
    fields: dict[str, Any] = {"full_name": "Vũ Văn H", "phone": "0901234006", "address": "Ấp Thử"}
    for name, text in fields.items():
        await page.locator(f"#f-applicant-{name}").fill(text)
    await page.locator("#f-du_giay_to").check()
    await page.get_by_role("button", name="Tiếp nhận", exact=True).click()
    await expect(page).to_have_url(DOSSIER)
    code = page.url.rpartition("/")[2]
    await page.locator("#scan").fill(code)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(DOSSIER)
    await page.get_by_role("link", name="In giấy tiếp nhận và hẹn trả").click()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
