"""The operator's console and the wall of phones, as people use and watch them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Page, expect

from local.simulators.settings import SimulatorSettings
from local.stack import Stack
from services.kit.ids import new_id
from tests.browser.surfer import PHONE, Open, Surfer
from tests.component.catalogue_fixtures import csv_of

pytestmark = pytest.mark.browser
SERVICES = ("intake", "routing", "notify")
USUAL = ("", "/bo-doc", "/bi-giu", "/thu-chet", "/nhat-ky")
OWN = {
    "intake": ("/kiem-tra", "/danh-muc"),
    "routing": ("/ket",),
    "notify": ("/thong-bao", "/goi-dien", "/cong-gui", "/mau-tin", "/mau-tin/xem?loai=received"),
}
REASON = "nâng cấp máy chủ Kafka"
CITIZEN = "0912345671"


@pytest.fixture
async def letter(stack: Stack) -> AsyncIterator[str]:
    """A record that nobody can read, dead in intake."""
    mongo = stack.mongo("intake")
    now = stack.clock.now()
    row = {
        "_id": f"intake|counter.intake.v1|0|{new_id()}", "state": "open", "slug": "envelope-missing",
        "detail": "no ce_id", "at": now, "group": "intake", "topic": "counter.intake.v1", "partition": 0, "offset": 7,
        "key": b"k", "value": b'{"xa": "Ph\xc3\xba T\xc3\xa2n"}', "headers": [["x", b"1"]], "timestamp_ms": 0,
    }  # fmt: skip
    await mongo.collection("dead_letters").insert_one(row)
    yield str(row["_id"])
    await mongo.collection("dead_letters").delete_one({"_id": row["_id"]})
    await mongo.close()


async def say_why(page: Page) -> None:
    await page.get_by_label("Lý do").fill(REASON)


@pytest.mark.parametrize("service", SERVICES)
async def test_every_page_of_each_service_is_without_fault(service: str, surf: Open) -> None:
    surfer = await surf("van-hanh-01")
    for path in (*USUAL, *OWN[service]):
        await surfer.go(f"/van-hanh{path}", service)
        await expect(surfer.page.get_by_role("navigation", name="Các trang vận hành")).to_be_visible()


@pytest.mark.parametrize("service", SERVICES)
async def test_it_fits_a_phone(service: str, surf: Open) -> None:
    surfer = await surf("van-hanh-01", size=PHONE)
    for path in (*USUAL, *OWN[service]):
        await surfer.go(f"/van-hanh{path}", service)


async def test_the_lights_renew_themselves_and_lead_to_the_other_services(stack: Stack, surf: Open) -> None:
    surfer = await surf("van-hanh-01")
    page = surfer.page
    await surfer.go("/van-hanh")
    async with page.expect_response(
        lambda reply: reply.url.endswith("/van-hanh") and reply.request.resource_type == "xhr"
    ):
        pass
    await expect(page.locator("#lights")).to_have_count(1)
    await expect(page.locator(".light", has_text="Tiến trình").first).to_contain_text("intake-worker")
    await surfer.look()
    await page.get_by_role("link", name="Giải quyết hồ sơ", exact=True).click()
    await expect(page).to_have_url(f"{stack.addresses.routing}/van-hanh")


async def hold_and_let_go(surfer: Surfer) -> None:
    page = surfer.page
    await surfer.go("/van-hanh/bo-doc", "routing")
    await page.get_by_role("button", name="Tạm dừng bộ đọc").click()
    await expect(page.locator(".wrong")).to_contain_text("Phải nêu lý do")
    await surfer.look()
    await say_why(page)
    await page.get_by_label("Lý do").press("Enter")
    await expect(page.locator("#messages")).to_contain_text("Đã tạm dừng bộ đọc")
    await expect(page.locator("main")).to_contain_text(REASON)
    await surfer.look()
    await say_why(page)
    await page.get_by_role("button", name="Cho chạy tiếp").click()
    await expect(page.locator("#messages")).to_contain_text("Bộ đọc chạy tiếp")
    await page.get_by_role("link", name="Nhật ký thao tác").click()
    await expect(page.get_by_role("row").nth(1)).to_contain_text("Cho bộ đọc chạy tiếp")
    await surfer.look()


async def test_a_consumer_is_held_and_let_go(surf: Open) -> None:
    await hold_and_let_go(await surf("van-hanh-01"))


async def test_a_consumer_is_held_and_let_go_without_scripts(surf: Open) -> None:
    await hold_and_let_go(await surf("van-hanh-01", scripts=False))


async def test_a_dead_letter_is_read_and_closed_with_a_reason(surf: Open, letter: str) -> None:
    surfer = await surf("van-hanh-01")
    page = surfer.page
    await surfer.go("/van-hanh/thu-chet")
    await page.get_by_role("link", name="không đọc được").first.click()
    await expect(page.locator("main")).to_contain_text("envelope-missing")
    await expect(page.locator("main")).not_to_contain_text("Phú Tân")
    await say_why(page)
    await page.get_by_role("button", name="Xem nội dung và sửa").click()
    await expect(page.get_by_label("Nội dung (JSON)")).to_have_value(re.compile("Phú Tân"))
    await surfer.look()
    await page.get_by_role("button", name="Lưu bản sửa").click()
    await expect(page.locator(".wrong").first).to_be_visible()
    await surfer.look()
    await page.get_by_role("link", name="Thôi, không sửa").click()
    await say_why(page)
    await page.get_by_role("button", name="Đóng, không làm gì thêm").click()
    await expect(page.locator("#messages")).to_contain_text("Đã đóng thư")
    await expect(page.locator("main")).to_contain_text("Xem nội dung thư chết")
    await surfer.look()


async def test_an_inspector_reads_and_finds_nothing_to_press(surf: Open, letter: str) -> None:
    surfer = await surf("kiem-tra-01")
    await surfer.go("/van-hanh/thu-chet")
    await surfer.page.get_by_role("link", name="không đọc được").first.click()
    await surfer.look()
    await expect(surfer.page.locator('main form[method="post"]')).to_have_count(0)


async def test_a_catalogue_is_looked_at_and_published(surf: Open) -> None:
    surfer = await surf("van-hanh-01")
    page = surfer.page
    await surfer.go("/van-hanh/danh-muc")
    await page.get_by_role("button", name="Xem trước").click()
    await expect(page.locator(".wrong")).to_contain_text("Cần chọn một tệp")
    rows = {"1.990001": "Thủ tục thử,Hộ tịch,xã,1,ngày,,,Giấy", "1.990002": "Thủ tục sai,,,20,ngày,30,ngày,"}
    file = {"name": "danh-muc.csv", "mimeType": "text/csv", "buffer": csv_of(rows)}
    await page.get_by_label("Tệp", exact=True).set_input_files([file])  # type: ignore[list-item]
    await page.get_by_role("button", name="Xem trước").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Xem trước: danh-muc.csv")
    await expect(page.locator("tr.refused")).to_contain_text("1.990002")
    await surfer.look()
    await page.get_by_label("Bỏ 1 dòng").check()
    await page.get_by_role("button", name="Công bố 1 thủ tục").click()
    await expect(page.locator("#messages")).to_contain_text("Đã công bố: 1 thủ tục mới")
    await surfer.look()


async def text_to(stack: Stack, phone: str, words: str) -> None:
    """A text by SpeedSMS, as any client of the gateways sends it."""
    settings = SimulatorSettings()
    async with httpx.AsyncClient(base_url=stack.addresses.simulators, trust_env=False) as http:
        sent = {"to": [phone], "content": words, "sms_type": 3, "sender": settings.speedsms_sender}
        reply = await http.post("/speedsms/index.php/sms/send", json=sent, auth=(settings.speedsms_token, "x"))
        assert reply.json()["status"] == "success", reply.text


async def test_the_wall_of_phones_is_live(stack: Stack, surf: Open) -> None:
    surfer = await surf()
    page = surfer.page
    await surfer.go("/phones", "simulators")
    await expect(page.locator("#live-words")).to_have_text("Trực tiếp")
    await text_to(stack, CITIZEN, "[MOTCUA] Ho so cua ong/ba da co ket qua")
    phone = page.locator(f"#phone-84{CITIZEN[1:]}")
    await expect(phone).to_contain_text("da co ket qua", timeout=20_000)
    await expect(phone.locator("article.new")).to_have_count(1)
    await surfer.look()
    await page.get_by_label("Tìm số máy").fill("0912 345 671")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Máy 0912 345 671")
    await expect(page.locator("#live-words")).to_have_text("Trực tiếp")
    await text_to(stack, CITIZEN, "[MOTCUA] Moi den nhan ket qua")
    await expect(page.locator("article").first).to_contain_text("Moi den nhan", timeout=20_000)
    await surfer.look()
    await page.get_by_role("button", name="Dừng hình").click()
    await expect(page.locator("#live-words")).to_have_text("Đang dừng hình")


async def test_the_wall_fits_a_phone_and_needs_no_scripts(stack: Stack, surf: Open) -> None:
    await text_to(stack, CITIZEN, "[MOTCUA] Da tiep nhan")
    small = await surf(size=PHONE)
    await small.go("/phones", "simulators")
    plain = await surf(scripts=False)
    await plain.go("/phones", "simulators")
    await expect(plain.page.locator(f"#phone-84{CITIZEN[1:]}")).to_contain_text("Da tiep nhan", timeout=20_000)
