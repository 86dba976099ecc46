"""Citizens on their phones, 360 px wide: from the first letters of a search to papers brought from home."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from local.samples.load import handed_in_by_code
from local.stack import Stack
from services.intake.attachments.file_types import JPEG
from services.kit.ids import new_id
from tests.browser.surfer import DESKTOP, PHONE, Open, Surfer
from tests.eventually import eventually
from tests.unit.intake.file_fixtures import photo

pytestmark = pytest.mark.browser
DESK, BIRTH, SAME_DAY = "H12.970.152.00", "1.001193", "2.000815"
PHOTO = {"name": "giay-to.jpg", "mimeType": JPEG, "buffer": photo(JPEG, 40, 30)}
HOSTILE = "\"><script>alert('x')</script>"


def phone_number(number: int) -> str:
    """Of somebody of this module alone."""
    return f"09077{number:05d}"


async def desk(stack: Stack, method: str, path: str, **more: Any) -> dict[str, Any]:
    """What a clerk does meanwhile."""
    headers = {"Authorization": f"Bearer {stack.identity.counters_key}", "Idempotency-Key": new_id()}
    async with httpx.AsyncClient(base_url=stack.addresses.intake, headers=headers) as http:
        reply = await http.request(method, path, **more)
    assert reply.status_code < 300, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def registered(stack: Stack, phone: str) -> str:
    applicant = {"full_name": "Nguyễn Văn A", "phone": phone, "notify_by": "sms"}
    body = {
        "counter": DESK, "procedure_code": BIRTH, "applicant": applicant, "checklist": handed_in_by_code(BIRTH),
        "duplicate_confirmed": True,
    }  # fmt: skip
    code: str = (await desk(stack, "POST", "/v1/dossiers", json=body))["code"]
    return code


async def texted(stack: Stack, phone: str) -> str:
    """The one-time code in the last message on the phone."""

    async def on_screen() -> str | None:
        async with httpx.AsyncClient(base_url=stack.addresses.simulators) as phones:
            reply = await phones.get("/control/messages", params={"phone": phone})
        found = [re.search(r"ma tra cuu ([0-9]{6}),", message["text"]) for message in reply.json()["messages"]]
        return next((match[1] for match in reversed(found) if match), None)

    return await eventually(on_screen, timeout=60)


async def press(surfer: Surfer, words: str) -> None:
    """A button or link, and a look at the page that comes."""
    page = surfer.page
    button = page.get_by_role("button", name=words, exact=True)
    await (button if await button.count() else page.get_by_role("link", name=words, exact=True)).first.click()
    await surfer.look()


async def heading(page: Page, words: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(words)


async def draft_begun(surfer: Surfer) -> None:
    """From the first page to the first step."""
    await surfer.go("/")
    await surfer.page.get_by_label("Ông/bà cần làm thủ tục gì?").fill("dang ky khai s")
    await press(surfer, "Tìm thủ tục")
    await surfer.page.locator(f'a[href="/thu-tuc/{BIRTH}"]').click()
    await surfer.look()
    await heading(surfer.page, "Đăng ký khai sinh")
    await press(surfer, "Nộp trực tuyến")
    await surfer.page.get_by_label("Nơi tiếp nhận").select_option(DESK)
    await press(surfer, "Bắt đầu")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_filing_online_on_a_phone(stack: Stack, surf: Open, scripts: bool) -> None:
    surfer = await surf(size=PHONE, scripts=scripts)
    page, phone = surfer.page, phone_number(1 if scripts else 2)
    await draft_begun(surfer)
    await page.get_by_label("Họ và tên, hoặc tên tổ chức").fill(HOSTILE)
    await page.get_by_label("Số điện thoại di động").fill("12")
    await press(surfer, "Lưu và tiếp tục")
    await expect(page.locator("#f-applicant-phone-wrong")).to_contain_text("Số điện thoại không hợp lệ.")
    await expect(page.get_by_label("Họ và tên, hoặc tên tổ chức")).to_have_value(HOSTILE)
    await page.get_by_label("Họ và tên, hoặc tên tổ chức").fill("Nguyễn Văn A")
    await page.get_by_label("Số điện thoại di động").fill(phone)
    await page.get_by_label("Tin nhắn SMS", exact=True).check()
    await press(surfer, "Lưu và tiếp tục")
    await page.locator("#f-paper-1").set_input_files([PHOTO])  # type: ignore[list-item]
    forbidden = {"name": "thu.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ" * 100}
    await page.locator("#f-other").set_input_files([forbidden])  # type: ignore[list-item]
    await press(surfer, "Tải lên và tiếp tục")
    await expect(page.locator("#f-other-wrong")).to_contain_text("Chỉ nhận tệp PDF, JPG, PNG hoặc HEIC.")
    await expect(page.locator("main")).to_contain_text("✓ giay-to.jpg")
    await press(surfer, "Tải lên và tiếp tục")
    await expect(page.locator("main")).to_contain_text("Nguyễn Văn A")
    await press(surfer, "Nộp hồ sơ")
    await heading(page, "Đã nộp hồ sơ")
    await page.go_back()
    await surfer.look()
    await surfer.go("/nop-ho-so")
    await expect(page.locator("main")).not_to_contain_text("Nguyễn Văn A")


async def test_papers_are_brought_from_home_with_a_code_from_the_phone(stack: Stack, surf: Open) -> None:
    phone = phone_number(3)
    applicant = {"full_name": "Nguyễn Văn A", "phone": phone, "notify_by": "sms"}
    body = {"counter": DESK, "procedure_code": BIRTH, "applicant": applicant, "channel": "post"}
    code = (await desk(stack, "POST", "/v1/filings", json=body))["code"]
    wanted = {"items": [{"paper": 1, "reason": "missing-papers"}]}
    await desk(stack, "POST", f"/v1/dossiers/{code}/request-completion", json=wanted)
    surfer = await surf(size=PHONE)
    page = surfer.page
    await surfer.go(f"/tra-cuu/{code}")
    await page.get_by_label("4 số cuối của số điện thoại đã cho khi nộp hồ sơ").fill("0000")
    await press(surfer, "Xem chi tiết")
    await expect(page.locator("#f-phone_last4-wrong")).to_be_visible()
    await page.get_by_label("4 số cuối của số điện thoại đã cho khi nộp hồ sơ").fill(phone[-4:])
    await press(surfer, "Xem chi tiết")
    await expect(page.locator("main")).to_contain_text("Chờ ông/bà bổ sung giấy tờ")
    await press(surfer, "Bổ sung từ xa")
    await page.locator("#f-paper-1").set_input_files([PHOTO])  # type: ignore[list-item]
    await press(surfer, "Tải lên")
    await press(surfer, "Gửi mã về điện thoại")
    await page.get_by_role("textbox", name="Mã xác nhận").fill(await texted(stack, phone))
    await press(surfer, "Gửi bổ sung")
    await heading(page, "Đã gửi bổ sung")
    assert (await desk(stack, "GET", f"/v1/dossiers/{code}"))["status"] == "registered"


async def test_a_dossier_is_withdrawn_with_a_code_from_the_phone(stack: Stack, surf: Open) -> None:
    phone = phone_number(4)
    code = await registered(stack, phone)
    surfer = await surf(size=PHONE)
    page = surfer.page
    await surfer.go("/tra-cuu")
    await page.get_by_label("Mã hồ sơ").fill(code.lower())
    await press(surfer, "Tra cứu")
    await page.get_by_label("4 số cuối của số điện thoại đã cho khi nộp hồ sơ").fill(phone[-4:])
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Các bước đã qua")).to_be_visible()
    await surfer.look()
    await press(surfer, "Rút hồ sơ này")
    await press(surfer, "Gửi mã về điện thoại")
    await page.get_by_label("Ông/bà không còn nhu cầu").check()
    await page.get_by_role("textbox", name="Mã xác nhận").fill(await texted(stack, phone))
    await press(surfer, "Rút hồ sơ")
    await expect(page.locator("main")).to_contain_text("Hồ sơ đã kết thúc.")
    assert (await desk(stack, "GET", f"/v1/dossiers/{code}"))["status"] == "withdrawn"


async def test_what_is_too_large_is_said_beside_the_field_with_and_without_scripts(surf: Open, tmp_path: Path) -> None:
    large, huge = tmp_path / "lon.jpg", tmp_path / "rat-lon.jpg"
    large.write_bytes(PHOTO["buffer"] + b"\0" * 11 * 2**20)  # type: ignore[operator]
    huge.write_bytes(PHOTO["buffer"] + b"\0" * 52 * 2**20)  # type: ignore[operator]
    for scripts, file, place in (
        (True, large, "#f-paper-1-size"),
        (False, large, "#f-paper-1-wrong"),
        (False, huge, "#f-paper-1-wrong"),
    ):
        surfer = await surf(size=PHONE, scripts=scripts)
        page = surfer.page
        await draft_begun(surfer)
        await page.get_by_label("Họ và tên, hoặc tên tổ chức").fill("Nguyễn Văn A")
        await press(surfer, "Lưu và tiếp tục")
        await page.locator("#f-paper-1").set_input_files(file)
        if not scripts:
            await page.get_by_role("button", name="Tải lên và tiếp tục").click()
        await expect(page.locator(place)).to_contain_text("quá lớn")
        await surfer.look()
        await surfer.go("/nop-ho-so")
        await expect(page.locator("main")).to_contain_text("Nguyễn Văn A")


async def test_files_that_are_too_large_together_are_not_sent(surf: Open, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.jpg" for number in range(6)]
    for file in files:
        file.write_bytes(PHOTO["buffer"] + b"\0" * 9 * 2**20)  # type: ignore[operator]
    surfer = await surf(size=PHONE)
    page = surfer.page
    await draft_begun(surfer)
    await page.get_by_label("Họ và tên, hoặc tên tổ chức").fill("Nguyễn Văn A")
    await press(surfer, "Lưu và tiếp tục")
    await page.locator("#f-other").set_input_files(files)
    address = page.url
    await page.get_by_role("button", name="Tải lên và tiếp tục").click()
    await expect(page.locator("#f-other-size")).to_contain_text("tất cả tối đa 50 MB")
    await expect(page.locator("#f-other")).to_have_accessible_description(re.compile("quá lớn"))
    await expect(page).to_have_url(address)
    await surfer.look()
    await page.locator("#f-other").set_input_files(files[:1])
    await expect(page.locator("#f-other-size")).to_have_count(0)


async def test_a_suggestion_and_its_answer(stack: Stack, surf: Open) -> None:
    surfer = await surf(size=PHONE)
    page = surfer.page
    await surfer.go("/gop-y")
    await press(surfer, "Gửi")
    await expect(page.locator("#f-text-wrong")).to_be_visible()
    await page.get_by_role("textbox", name="Nội dung").fill(f"Thêm ghế chờ {HOSTILE}")
    await press(surfer, "Gửi")
    await heading(page, "Đã gửi")
    reference, token = await page.locator("dd.code").all_inner_texts()
    await surfer.go("/gop-y/tra-loi")
    await page.get_by_label("Số tham chiếu").fill(reference)
    await page.get_by_label("Mã xem câu trả lời").fill(token)
    await press(surfer, "Xem")
    await expect(page.locator("main")).to_contain_text("Đã tiếp nhận, chờ trả lời")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_every_public_page_is_whole(stack: Stack, surf: Open, size: tuple[int, int]) -> None:
    surfer = await surf(size=size)
    code = await registered(stack, phone_number(5))
    for path in (
        "/", "/thu-tuc", "/thu-tuc?q=giay", "/thu-tuc?q=zzzz", f"/thu-tuc/{BIRTH}", f"/thu-tuc/{SAME_DAY}", "/so-lieu",
        "/tra-cuu", "/tra-cuu?ma=x", f"/tra-cuu/{code}", f"/tra-cuu/{code}/rut", f"/tra-cuu/{code}/bo-sung",
        f"/tra-cuu/{code}/da-rut", "/danh-gia/abcdefghijklmnop", "/gop-y", "/gop-y/tra-loi", "/nop-ho-so",
        f"/nop-ho-so/{BIRTH}", "/thu-tuc/9.999999",
    ):  # fmt: skip
        await surfer.go(path)


async def test_the_keyboard_is_enough_to_find_a_procedure(surf: Open) -> None:
    surfer = await surf()
    page = surfer.page
    await surfer.go("/")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Đến nội dung chính")).to_be_focused()
    await page.get_by_label("Ông/bà cần làm thủ tục gì?").focus()
    await page.keyboard.type("ket hon")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=2).first).to_contain_text("thủ tục")
    await expect(page.locator(".card").first).to_contain_text("kết hôn")
