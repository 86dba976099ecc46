"""The operator's console as its tests see it: who looks, and what a page says."""

from __future__ import annotations

import html
import re

import pytest

from services.kit.web.roles import Role
from tests.component.pages_fixtures import Browser, person, sign_in
from tests.component.service_fixtures import Intake

REASON = "bên gửi đã báo mã thủ tục đúng"
HOSTILE = "<script>alert('x')</script>"
HOME = "/van-hanh"


@pytest.fixture
async def operator(intake: Intake) -> Browser:
    return await sign_in(intake.app, person(Role.OPERATOR, subject="person.op"))


@pytest.fixture
async def inspector(intake: Intake) -> Browser:
    return await sign_in(intake.app, person(Role.INSPECTOR, subject="person.inspector"))


async def seen(browser: Browser, path: str, status: int = 200) -> str:
    reply = await browser.get(path)
    assert reply.status_code == status, reply.text
    return html.unescape(re.sub(r"\s+", " ", reply.text))


async def letter_page(browser: Browser) -> str:
    page = await seen(browser, f"{HOME}/thu-chet")
    found = re.search(r'href="(/van-hanh/thu-chet/thu\?id=[^"]+)"', page)
    assert found is not None, page
    return found[1]


def field(page: str, name: str) -> str:
    """What a field of the page holds."""
    area = re.search(rf'<textarea id="f-{name}"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)
    if area:
        return html.unescape(area[1])
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)
    assert found is not None, name
    return html.unescape(found[1])
