"""The inbox of an agency as its officers know it: what comes appears by itself, and each thing is a click or a key."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from local.samples.load import handed_in_by_code
from local.stack import Stack
from services.kit.clock import VIETNAM
from services.kit.ids import new_id
from tests.browser import staff
from tests.browser.surfer import PHONE, Open, Surfer
from tests.eventually import eventually

pytestmark = pytest.mark.browser
DESK, JUSTICE = "H12.970.00", "H12.970.02"
PROCEDURE = "2.001044"
"""Phòng Tư pháp, 2 working days."""
INBOX = f"/hop-viec/{JUSTICE}"
_NUMBERS = itertools.count(1)


def user(kind: str) -> str:
    """Of the justice office."""
    return staff.user(kind, JUSTICE)


@dataclass
class Desk:
    """The counter, over its API."""

    stack: Stack

    async def register(self) -> str:
        body = {
            "counter": DESK,
            "procedure_code": PROCEDURE,
            "checklist": handed_in_by_code(PROCEDURE),
            "applicant": {"full_name": "Nguyễn Văn A", "phone": f"09012347{next(_NUMBERS):02}"},
        }
        headers = {"Authorization": f"Bearer {self.stack.identity.counters_key}", "Idempotency-Key": new_id()}
        async with httpx.AsyncClient(base_url=self.stack.addresses.intake) as http:
            answer = await http.post("/v1/dossiers", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["code"])

    async def handed_over(self) -> str:
        """Registered, and offered to the office."""
        code = await self.register()
        headers = {"Authorization": f"Bearer {self.stack.identity.operator_key}"}
        async with httpx.AsyncClient(base_url=self.stack.addresses.routing, headers=headers) as http:

            async def there() -> bool:
                return (await http.get(f"/v1/cases/{code}")).status_code == 200

            await eventually(there)
        return code


@pytest.fixture
def desk(stack: Stack) -> Desk:
    return Desk(stack)


def row(page: Page, code: str) -> Locator:
    return page.get_by_role("row").filter(has_text=code)


async def open_inbox(surfer: Surfer, path: str = INBOX) -> Page:
    await surfer.go(path, "routing")
    return surfer.page


async def test_a_new_transfer_appears_by_itself_and_ticks_stay(surf: Open, desk: Desk) -> None:
    first = await desk.handed_over()
    surfer = await surf(user("co-quan"))
    page = await open_inbox(surfer, "/hop-viec")
    await expect(page).to_have_url(re.compile(f"{INBOX}$"))
    await page.get_by_label(f"Chọn {first}").check()
    second = await desk.register()
    await expect(row(page, second)).to_be_visible()
    await expect(page.get_by_label(f"Chọn {first}")).to_be_checked()
    await expect(page.get_by_label(f"Chọn {second}")).not_to_be_checked()
    await surfer.look()
    await page.get_by_role("button", name="Nhận các hồ sơ đã chọn").click()
    await expect(page.get_by_role("status").filter(has_text="Đã nhận 1 trong 1 hồ sơ.")).to_be_visible()
    await surfer.look()
    await page.go_back()
    await expect(row(page, first)).to_have_count(0)
    await expect(row(page, second)).to_be_visible()


async def test_by_keyboard_from_the_inbox_to_the_result(surf: Open, desk: Desk) -> None:
    code = await desk.handed_over()
    surfer = await surf(user("co-quan"))
    page = await open_inbox(surfer)
    await page.get_by_role("link", name=code).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Hồ sơ {code}")
    await surfer.look()
    await page.get_by_role("button", name="Nhận hồ sơ").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Đã nhận hồ sơ.")
    await page.get_by_role("link", name="Hoàn thành bước").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Hoàn thành bước")
    await surfer.look()
    await page.get_by_role("button", name="Hoàn thành").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text("Đồng ý, có kết quả")
    await surfer.look()
    await page.go_back()
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Hồ sơ {code}")
    await expect(page.get_by_role("status")).to_contain_text("Việc này không thực hiện được")


async def test_a_request_for_papers_with_what_is_wrong_beside_the_field(surf: Open, desk: Desk) -> None:
    code = await desk.handed_over()
    surfer = await surf(user("co-quan"))
    page = await open_inbox(surfer, f"/hop-viec/ho-so/{code}")
    await page.get_by_role("button", name="Nhận hồ sơ").click()
    await page.get_by_role("link", name="Yêu cầu bổ sung").click()
    await page.get_by_label("Lý do").select_option("missing-papers")
    await page.get_by_role("button", name="Gửi yêu cầu bổ sung").click()
    await expect(page.get_by_role("alert")).to_contain_text("Cần điền mục này.")
    await expect(page.get_by_label("Lý do")).to_have_value("missing-papers")
    await surfer.look()
    await page.get_by_label("Giấy tờ cần bổ sung").fill("Bản sao giấy tờ tùy thân")
    await page.get_by_role("button", name="Gửi yêu cầu bổ sung").click()
    await expect(page.get_by_role("status")).to_contain_text("Đã yêu cầu bổ sung")
    await expect(page.locator("main")).to_contain_text("Chờ công dân bổ sung")
    await surfer.look()


async def test_the_head_signs_a_new_date_and_the_page_explains_it(stack: Stack, surf: Open, desk: Desk) -> None:
    code = await desk.handed_over()
    surfer = await surf(user("thu-truong"))
    page = await open_inbox(surfer, f"/hop-viec/ho-so/{code}")
    await page.get_by_role("link", name="Xin lỗi và hẹn lại").click()
    day = (stack.clock.now() + timedelta(days=21)).astimezone(VIETNAM).date()
    await page.get_by_label("Lý do").select_option("field-check")
    await page.get_by_label("Ngày hẹn lại").fill(day.isoformat())
    await surfer.look()
    await page.get_by_role("button", name="Ký xin lỗi và hẹn lại").click()
    await expect(page.get_by_role("status")).to_contain_text("Đã xin lỗi và hẹn lại.")
    await expect(page.locator("main")).to_contain_text("xin lỗi và hẹn lại (một lần)")
    await page.get_by_text("Từng bước cách tính").click()
    await page.get_by_text("Các lần hẹn trước").click()
    await surfer.look()


async def test_everything_works_without_scripts(surf: Open, desk: Desk) -> None:
    code = await desk.handed_over()
    surfer = await surf(user("co-quan"), scripts=False)
    page = await open_inbox(surfer)
    await page.get_by_role("link", name="Tải lại").click()
    await page.get_by_label(f"Chọn {code}").check()
    await page.get_by_role("button", name="Nhận các hồ sơ đã chọn").click()
    await expect(page.locator("main")).to_contain_text("Đã nhận 1 trong 1 hồ sơ.")
    await page.get_by_role("link", name=code).click()
    await page.get_by_role("link", name="Phân công cán bộ").click()
    await page.get_by_label("Tài khoản cán bộ").fill("cb.01")
    await page.get_by_role("button", name="Phân công").click()
    await expect(page.locator("main")).to_contain_text("cb.01")


async def test_boxes_and_figures_fit_a_phone_and_whoever_looks(surf: Open, desk: Desk) -> None:
    code = await desk.handed_over()
    officer = await surf(user("co-quan"), size=PHONE)
    for path in (INBOX, f"{INBOX}?ngan=qua-han", f"{INBOX}?ngan=cho-ky", f"/hop-viec/ho-so/{code}"):
        await officer.go(path, "routing")
    supervisor = await surf(user("phu-trach-co-quan"))
    await supervisor.go("/thong-ke?theo=procedure", "routing")
    await expect(supervisor.page.get_by_role("row").last).to_contain_text("Tổng cộng")
    inspector = await surf("kiem-tra-01")
    await inspector.go("/hop-viec?tim=tu+phap", "routing")
    await inspector.go(INBOX, "routing")
    await expect(row(inspector.page, code)).to_be_visible()
    await expect(inspector.page.get_by_role("checkbox")).to_have_count(0)
    await inspector.go(f"/hop-viec/ho-so/{code}", "routing")
    await expect(inspector.page.get_by_role("button", name="Nhận hồ sơ")).to_have_count(0)


async def test_the_papers_are_one_click_from_the_dossier(surf: Open, desk: Desk) -> None:
    code = await desk.handed_over()
    surfer = await surf(user("co-quan"))
    page = await open_inbox(surfer, f"/hop-viec/ho-so/{code}")

    async def known() -> bool:  # intake hears of the hand-over on its own way
        await page.goto(f"{desk.stack.addresses.intake}/giay-to/{code}")
        return await page.get_by_role("heading", name="Thành phần hồ sơ").count() == 1

    await eventually(known)
    await open_inbox(surfer, f"/hop-viec/ho-so/{code}")
    await page.get_by_role("link", name="Xem giấy tờ và tệp đính kèm").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Giấy tờ của hồ sơ {code}")
    await surfer.look()
