"""What notify adds to the operator's console: notices and sending again, calls to make, gateways, costs, templates."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from contracts.types import NoticeChannel, NoticeKind
from services.kit.web.forms import FORM_KEY
from services.kit.web.roles import Role
from services.notify.api import create_app
from services.notify.board import PROVIDERS
from services.notify.domain.notice import Attempt
from services.notify.domain.transitions import State
from services.notify.store import NOTICES, SENDER
from tests.component.notify_fixtures import COUNTER, PHONE, Town, code, now
from tests.component.notify_fixtures import town as town
from tests.component.notify_log_fixtures import change, ended, keep, notice
from tests.component.pages_fixtures import Browser, person, running, sign_in

HOME = "/van-hanh"
LOG = f"{HOME}/thong-bao"
PAGES = (HOME, LOG, f"{HOME}/goi-dien", f"{HOME}/cong-gui", f"{HOME}/mau-tin", f"{HOME}/thu-chet")


@dataclass
class Desk:
    """An operator and an inspector at notify's pages."""

    town: Town
    operator: Browser
    inspector: Browser

    async def seen(self, path: str, status: int = 200, browser: Browser | None = None) -> str:
        reply = await (browser or self.operator).get(path)
        assert reply.status_code == status, reply.text
        return html.unescape(re.sub(r"\s+", " ", reply.text))

    async def resend(self, id: str, **typed: str) -> Any:
        return await self.operator.post(f"{LOG}/gui-lai", {"id": id, "reason": "citizen-asked"} | typed)


@pytest.fixture
async def desk(town: Town) -> AsyncIterator[Desk]:
    async with running(create_app(town.settings, town.settings.mongo("notify"))) as app:
        yield Desk(
            town,
            await sign_in(app, person(Role.OPERATOR, subject="person.op")),
            await sign_in(app, person(Role.INSPECTOR, subject="person.inspector")),
        )


def of(id: str) -> str:
    return f"{LOG}/mot?id={quote(id, safe='')}"


def codes(page: str) -> list[str]:
    return re.findall(r'href="/van-hanh/thong-bao/mot\?id=[^"]+">([^<]+)</a>', page)


@pytest.mark.parametrize("path", PAGES)
async def test_an_empty_service_has_every_page_for_both(desk: Desk, path: str) -> None:
    for browser in (desk.operator, desk.inspector):
        assert "Vận hành" in await desk.seen(path, browser=browser)


class TestTheLog:
    async def test_newest_first_by_state_counter_and_beginning_of_the_code(self, desk: Desk) -> None:
        at = now()
        await keep(
            desk.town,
            notice(1, at - timedelta(minutes=3)),
            notice(2, at - timedelta(minutes=2), state=State.FAILED, reason="zalo-billing"),
            notice(3, at - timedelta(minutes=1), counter="H99.02"),
        )
        assert codes(await desk.seen(LOG)) == [code(3), code(2), code(1)]
        failed = await desk.seen(f"{LOG}?trang-thai=failed")
        assert codes(failed) == [code(2)]
        assert "Zalo: tài khoản hết tiền" in failed
        assert codes(await desk.seen(f"{LOG}?quay=H99.02")) == [code(3)]
        assert codes(await desk.seen(f"{LOG}?ma={COUNTER}-260302-0001"[:-2])) == [code(3), code(2), code(1)]

    async def test_a_whole_code_finds_everything_of_that_dossier(self, desk: Desk) -> None:
        await ended(desk.town)
        assert codes(await desk.seen(f"{LOG}?ma={code(7)}")) == [code(7)]
        assert codes(await desk.seen(f"{LOG}?ma={code(7)}&trang-thai=delivered")) == []
        assert "Chưa có thông báo nào cho hồ sơ này" in await desk.seen(f"{LOG}?ma={code(8)}")

    @pytest.mark.parametrize("query", ["ma='--", "ma=%00", "trang-thai=lost", "quay=<b>", "ma=" + "X" * 100])
    async def test_a_question_that_means_nothing_asks_for_all(self, desk: Desk, query: str) -> None:
        await keep(desk.town, notice(1, now()))
        assert codes(await desk.seen(f"{LOG}?{query}")) == [code(1)]

    async def test_a_page_that_nobody_gave_out(self, desk: Desk) -> None:
        assert "page-unknown" in await desk.seen(f"{LOG}?sau=x", 422)

    async def test_pages_follow_each_other_with_the_filter(self, desk: Desk) -> None:
        at = now()
        await keep(desk.town, *(notice(n, at - timedelta(seconds=n), state=State.FAILED) for n in range(1, 61)))
        first = await desk.seen(f"{LOG}?trang-thai=failed")
        following = re.search(r'<a href="([^"]+)" rel="next">', first)
        assert following is not None
        second = await desk.seen(following[1])
        assert codes(first) + codes(second) == [code(n) for n in range(1, 61)]


class TestOneNotice:
    async def test_its_story_without_the_phone(self, desk: Desk) -> None:
        one = await ended(desk.town)
        page = await desk.seen(of(one.id), browser=desk.inspector)
        assert "không đến được, cần gọi điện" in page
        assert PHONE not in page
        assert PHONE[1:] not in page
        assert "Gửi lại</button>" not in page

    async def test_that_is_not_there(self, desk: Desk) -> None:
        for id in ("n-0", "%00", ""):
            await desk.seen(f"{LOG}/mot?id={id}", 404)

    async def test_is_sent_again_once(self, desk: Desk) -> None:
        one = await ended(desk.town)
        typed = {"note": "Gặp tại quầy", FORM_KEY: "form-key-1"}
        for _ in range(2):
            reply = await desk.resend(one.id, **typed)
            assert (reply.status_code, reply.headers["location"]) == (303, of(f"{one.id}.r1"))
        assert len(await desk.town.notices()) == 2
        page = await desk.seen(of(f"{one.id}.r1"))
        assert "người dân đề nghị gửi lại" in page
        assert "person.op" in page
        assert "Đã xếp hàng gửi lại" in page

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"reason": ""}, "Cần điền mục này"),
            ({"reason": "<b>"}, "Không đúng dạng quy định"),
            ({"note": "gọi 0901 234 567"}, "Ghi chú không được có số điện thoại"),
            ({"note": "x" * 201}, "Quá dài"),
        ],
    )
    async def test_not_with_bad_words(self, desk: Desk, typed: dict[str, str], words: str) -> None:
        one = await ended(desk.town)
        reply = await desk.resend(one.id, **typed)
        assert (reply.status_code, words in reply.text) == (422, True)
        assert len(await desk.town.notices()) == 1

    async def test_not_while_it_is_under_way(self, desk: Desk) -> None:
        one = await ended(desk.town, state=State.SENT)
        assert "Gửi lại</button>" not in await desk.seen(of(one.id))
        reply = await desk.resend(one.id)
        assert (reply.status_code, "còn đang gửi" in reply.text) == (422, True)

    async def test_not_by_an_inspector(self, desk: Desk) -> None:
        one = await ended(desk.town)
        reply = await desk.inspector.post(f"{LOG}/gui-lai", {"id": one.id, "reason": "citizen-asked"})
        assert (reply.status_code, len(await desk.town.notices())) == (403, 1)

    async def test_hostile_words_of_a_gateway_are_text(self, desk: Desk) -> None:
        one = await ended(desk.town)
        bad = Attempt(
            "a-1", 1, NoticeChannel.SMS, at=now(), called_at=now(), provider="esms", gateway_code="<script>x</script>"
        )
        await change(desk.town, NOTICES, one.id, lambda stored: replace(stored, attempts=(bad,)))
        reply = await desk.operator.get(of(one.id))
        assert "<script>x" not in reply.text
        assert "&lt;script&gt;x" in reply.text


async def test_calls_to_make_by_counter(desk: Desk) -> None:
    await ended(desk.town)
    page = await desk.seen(f"{HOME}/goi-dien?quay={COUNTER}")
    assert f"Quầy {COUNTER}" in page
    assert codes(page) == [code(7)]
    assert "Cần gọi điện" in await desk.seen(HOME)
    assert codes(await desk.seen(f"{HOME}/goi-dien?quay=H99.02")) == []


class TestGateways:
    async def picture(self, desk: Desk, **changes: Any) -> None:
        one = {
            "provider": "esms", "channel": "sms", "points": 90, "resting": 100, "shifted_at": now(),
            "shifted_why": "errors", "closed_until": None, "calls_minute": 20, "errors_minute": 0, "mean_call_ms": 120,
            "calls_quarter": 200, "errors_quarter": 4, "taken_quarter": 190, "late_quarter": 3, "quota_left": None,
            "receipt_at": now(), "error_at": now(),
        }  # fmt: skip
        at = changes.pop("at", now())
        document = {"_id": PROVIDERS, "at": at, "providers": [one | changes]}
        await desk.town.mongo.collection(SENDER).replace_one({"_id": PROVIDERS}, document, upsert=True)

    async def test_how_each_does(self, desk: Desk) -> None:
        await self.picture(desk)
        page = await desk.seen(f"{HOME}/cong-gui")
        assert "eSMS.vn" in page
        assert "bớt điểm vì nhiều lỗi" in page
        assert "gửi được" in page
        assert "Các cổng đều gửi được" in await desk.seen(HOME)

    async def test_what_is_wrong_is_on_the_first_page(self, desk: Desk) -> None:
        assert "Tiến trình gửi chưa báo tin" in await desk.seen(HOME)
        await self.picture(desk, at=now() - timedelta(minutes=5))
        assert "Tiến trình gửi im lặng 5 phút" in await desk.seen(HOME)
        await self.picture(desk, closed_until=now() + timedelta(minutes=5))
        assert "Không cổng nào gửi được" in await desk.seen(HOME)
        await self.picture(desk, errors_minute=7)
        assert "Nhiều lỗi: eSMS.vn" in await desk.seen(HOME)

    @pytest.mark.parametrize("month", ["", "2026-13", "x", "2026-11"])
    async def test_costs_of_a_month(self, desk: Desk, month: str) -> None:
        page = await desk.seen(f"{HOME}/cong-gui?thang={month}")
        assert "0 đồng, 0 tin" in page


class TestTemplates:
    async def test_each_is_listed_and_shown(self, desk: Desk) -> None:
        page = await desk.seen(f"{HOME}/mau-tin")
        for kind in NoticeKind:
            assert f"/van-hanh/mau-tin/xem?loai={kind.value}" in page
            shown = await desk.seen(f"{HOME}/mau-tin/xem?loai={kind.value}", browser=desk.inspector)
            assert "phần tin" in shown

    @pytest.mark.parametrize("query", ["", "loai=lost", "loai=received&ban=7"])
    async def test_one_that_is_not_there(self, desk: Desk, query: str) -> None:
        await desk.seen(f"{HOME}/mau-tin/xem?{query}", 404)
