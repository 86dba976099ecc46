"""`make screenshots`: pictures of the main pages for the guides, on the sample data and a morning of a few dossiers."""

from __future__ import annotations

import asyncio
import io
import json
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Locator, expect

from local.demo.day import opening_offset
from local.plan import Ports
from local.stack import Stack
from local.up import load_samples
from tests.browser.staff import PROCEDURE, type_in, user
from tests.browser.surfer import PHONE, Surfer, chromium_here, open_surfer
from tests.journeys.town import DESK, JUSTICE, Citizen, Town, people_of

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
COLOURS, MOST_BYTES = 160, 150_000
OFFICE, LOW = (1280, 960), (1280, 640)
CONTRACT, SECOND, THIRD = "2.001044", "2.000992", "2.001008"
"""At the justice office."""
NAMES = ("Nguyễn Văn A", "Trần Thị B", "Lê Văn C", "Phạm Thị D", "Hoàng Văn E", "Đỗ Thị G")
WITHOUT_ZALO = 4
"""Told by the last digits of the phone: the fifth gets texts."""
SITE = "https://motcua.example"
SETTINGS = {
    "PUBLIC_BASE_URL": SITE,
    "RATING_BASE_URL": f"{SITE}/danh-gia",
    "ORG_NAME": "Ủy ban nhân dân huyện Đầm Dơi",
    "PLACE_NAME": "Đầm Dơi",
    "OFFICE_PHONES": json.dumps({DESK: "0290 000 0000"}),
    "OFFICE_ADDRESSES": json.dumps({DESK: "Số 1 đường Thử, thị trấn Đầm Dơi"}),
}


@dataclass
class Camera:
    """Takes the pictures, one window each."""

    browser: Browser
    stack: Stack
    town: Town
    codes: list[str] = field(default_factory=list)
    """Of the morning, in the order of `NAMES`."""

    async def open(self, who: str = "", size: tuple[int, int] = OFFICE) -> Surfer:
        return await open_surfer(self.browser, self.stack.addresses, who, size=size)

    async def take(self, surfer: Surfer, name: str, of: Locator | None = None) -> None:
        """Looked over first: a page with a fault is no picture for a guide."""
        await surfer.look()
        await surfer.page.evaluate("document.activeElement?.blur()")
        content = await (surfer.page if of is None else of).screenshot(animations="disabled")
        small = Image.open(io.BytesIO(content)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        target = FOLDER / f"{name}.png"
        small.save(target, optimize=True)
        if target.stat().st_size > MOST_BYTES:
            raise ValueError(f"{target.name} is too large: {target.stat().st_size} bytes")
        print(f"{target.name}: {target.stat().st_size // 1024} KiB")

    async def morning(self) -> None:
        """What the counter and the agencies had to do before the pictures."""
        town = self.town
        for number, name in enumerate(NAMES):
            phone = "0901234048" if number == WITHOUT_ZALO else f"0901234{number:02}1"
            who = Citizen(name, f"09619000010{number}", phone)
            procedure = (CONTRACT, PROCEDURE, SECOND, CONTRACT, THIRD, CONTRACT)[number]
            self.codes.append((await town.register(who, procedure))["code"])
        first, _, third, fourth, *_ = self.codes
        for code in (first, third, fourth):
            await town.offered_to(JUSTICE, code)
            await town.did(code, "accept", JUSTICE)
        await town.did(third, "complete", JUSTICE)
        await town.did(
            fourth, "request-supplement", JUSTICE, items=["Bản sao giấy tờ tùy thân"], reason="missing-papers"
        )
        await town.at_counter(third, "resolved")
        await town.at_counter(fourth, "supplement")
        await town.offered_to(JUSTICE, self.codes[-1])
        await town.at_rest()


async def counter(camera: Camera) -> None:
    surfer = await camera.open("quay-01")
    page = surfer.page
    await surfer.go("/quay")
    await camera.take(surfer, "counter-home")
    await surfer.go(f"/quay/moi?tt={PROCEDURE}")
    await type_in(page, "Vũ Thị H", "096190000199", "0901234081", "Ấp Thử, xã Thử", "", "")
    await page.get_by_label("Đủ giấy tờ như danh mục").check()
    await camera.take(surfer, "counter-register")
    await page.get_by_role("button", name="Tiếp nhận", exact=True).click()
    await expect(page.locator("#told-head")).to_contain_text("công dân đã nhận", timeout=60_000)
    await camera.take(surfer, "counter-dossier")
    await page.set_viewport_size({"width": 900, "height": 780})
    await page.get_by_role("link", name="In giấy tiếp nhận và hẹn trả").click()
    await expect(page.get_by_role("button", name="In")).to_be_visible()
    await camera.take(surfer, "counter-receipt")


async def agency(camera: Camera) -> None:
    surfer = await camera.open(user("co-quan", JUSTICE))
    await surfer.go(f"/hop-viec/{JUSTICE}", "routing")
    await camera.take(surfer, "agency-inbox")
    await surfer.go(f"/hop-viec/ho-so/{camera.codes[0]}", "routing")
    await camera.take(surfer, "agency-dossier")


async def citizen(camera: Camera) -> None:
    surfer = await camera.open(size=PHONE)
    page = surfer.page
    await surfer.go("/")
    await camera.take(surfer, "citizen-home")
    await surfer.go(f"/thu-tuc/{CONTRACT}")
    await camera.take(surfer, "citizen-procedure")
    await surfer.go(f"/tra-cuu/{camera.codes[0]}")
    await page.get_by_label("4 số cuối của số điện thoại đã cho khi nộp hồ sơ").fill("4001")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Các bước đã qua")).to_be_visible()
    await camera.take(surfer, "citizen-tracking")


async def operator(camera: Camera) -> None:
    surfer = await camera.open("van-hanh-01")
    await surfer.go("/van-hanh", "intake")
    await camera.take(surfer, "operator-console")
    await surfer.go("/van-hanh/thong-bao", "notify")
    await camera.take(surfer, "operator-notices")


async def phones(camera: Camera) -> None:
    surfer = await camera.open()
    await surfer.go("/phones", "simulators")
    await expect(surfer.page.locator("#live-words")).to_have_text("Trực tiếp")
    await camera.take(surfer, "phones")


async def sign_in(camera: Camera) -> None:
    surfer = await camera.open(size=LOW)
    await surfer.go("/can-bo")
    await camera.take(surfer, "sign-in")


async def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        offset = opening_offset(datetime.now(UTC))
        stack = Stack(
            Path(folder), lambda process, line: None, ports=Ports.free(), clock_offset=offset, settings=SETTINGS
        )
        async with stack, chromium_here() as browser:
            await load_samples(stack)
            async with people_of(stack) as town:
                camera = Camera(browser, stack, town)
                await camera.morning()
                scenes: tuple[Callable[[Camera], Awaitable[None]], ...] = (
                    counter, agency, citizen, operator, phones, sign_in,
                )  # fmt: skip
                for scene in scenes:
                    await scene(camera)


if __name__ == "__main__":
    asyncio.run(main())
