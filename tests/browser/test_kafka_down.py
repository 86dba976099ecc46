"""Kafka is away: every page answers, and what the desk registered meanwhile arrives by itself afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from local.stack import Stack
from local.up import load_samples
from tests.browser.staff import FIRST_AGENCY, register, user
from tests.browser.surfer import PHONE, Open
from tests.eventually import eventually
from tests.mornings import morning_stack

pytestmark = pytest.mark.browser
INBOX = f"/hop-viec/{FIRST_AGENCY}"


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Of this module alone: it loses its broker."""
    async with morning_stack(tmp_path_factory.mktemp("down")) as running:
        await load_samples(running)
        yield running


async def test_pages_answer_while_kafka_is_down_and_the_dossier_arrives_when_it_is_back(
    stack: Stack, surf: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = stack.engines.broker
    if broker is None or len(stack.engines.brokers) > 1:
        pytest.skip("the broker is not ours to stop, or not the only one")
    desk, citizen, agency = await surf("quay-01"), await surf(size=PHONE), await surf(user("co-quan", FIRST_AGENCY))
    before = await register(desk, "Nguyễn Văn A", "0901235001")
    await agency.go(INBOX, "routing")
    await expect(agency.page.get_by_role("row").filter(has_text=before)).to_be_visible()

    may_return, start = asyncio.Event(), broker.start

    async def when_allowed() -> None:
        await may_return.wait()
        await start()

    monkeypatch.setattr(broker, "start", when_allowed)
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGKILL)
    await eventually(lambda: not broker.running)

    code = await register(desk, "Nguyễn Văn B", "0901235002")
    await desk.go(f"/quay/ho-so/{code}/phieu?mau=receipt")
    await expect(desk.page.locator("main")).to_contain_text(code)
    for path in ("/quay/hom-nay", f"/quay/ho-so/{code}", "/can-bo"):
        await desk.go(path)

    await citizen.go("/tra-cuu")
    await citizen.page.get_by_label("Mã hồ sơ").fill(code)
    await citizen.page.get_by_role("button", name="Tra cứu").click()
    await citizen.page.get_by_label("4 số cuối của số điện thoại đã cho khi nộp hồ sơ").fill("5002")
    await citizen.page.keyboard.press("Enter")
    await expect(citizen.page.get_by_role("heading", name="Các bước đã qua")).to_be_visible()
    await citizen.look()

    await agency.go(f"/hop-viec/ho-so/{before}", "routing")
    await agency.page.get_by_role("button", name="Nhận hồ sơ").click()
    await expect(agency.page.get_by_role("status")).to_contain_text("Đã nhận hồ sơ.")
    await agency.go(INBOX, "routing")
    await expect(agency.page.get_by_role("row").filter(has_text=code)).to_have_count(0)

    operator = await surf("van-hanh-01")
    for service in ("intake", "routing", "notify"):
        await operator.go("/van-hanh", service)
        await operator.go("/van-hanh/bo-doc", service)

    assert not broker.running
    may_return.set()
    await expect(agency.page.get_by_role("row").filter(has_text=code)).to_be_visible(timeout=120_000)
    await desk.go(f"/quay/ho-so/{code}")
    await expect(desk.page.locator("#told-head")).to_contain_text("công dân đã nhận", timeout=120_000)
