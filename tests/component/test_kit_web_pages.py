"""Pages of the kit: rights, forms that come back filled in, one effect a form, an ended session that loses nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from services.kit.web.forms import CSRF, FORM_KEY, PAGE
from services.kit.web.kept import KEPT_FORMS
from services.kit.web.roles import Role
from tests.component.pages_fixtures import Browser, client, person, sign_in
from tests.component.web_fixtures import NOTES, Desk, open_desk

COUNTER, OTHER = "H12.970.00", "H12.971.00"
HOSTILE = "\"><script>alert('x')</script>{{ 7 * 7 }}"


@pytest.fixture
async def desk(mongodb_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(mongodb_url, prefix, tmp_path) as opened:
        yield opened


@pytest.fixture
async def clerk(desk: Desk) -> Browser:
    return await sign_in(desk.app, person(Role.CLERK, units=(COUNTER,)))


async def new_form(browser: Browser) -> tuple[str, str]:
    """The form's own address and key."""
    to = (await browser.get("/ghi-chu/moi")).headers["location"]
    page = await browser.get(to)
    assert page.status_code == 200, page.text
    found = re.search(rf'name="{FORM_KEY}" value="([^"]+)"', page.text)
    assert found
    return urlsplit(to).path + "?" + urlsplit(to).query, found[1]


class TestRights:
    async def test_anonymous(self, desk: Desk) -> None:
        async with client(desk.app) as http:
            reply = await http.get("/quay/H12.970.00?a=1")
        assert reply.status_code == 303
        assert reply.headers["location"] == "/dang-nhap?next=%2Fquay%2FH12.970.00%3Fa%3D1"

    async def test_wrong_role(self, desk: Desk) -> None:
        officer = await sign_in(desk.app, person(Role.OFFICER, units=(COUNTER,)))
        reply = await officer.get(f"/quay/{COUNTER}")
        assert (reply.status_code, "role-missing" in reply.text) == (403, True)
        assert "cán bộ tiếp nhận" in reply.text

    async def test_wrong_office(self, desk: Desk, clerk: Browser) -> None:
        assert (await clerk.get(f"/quay/{COUNTER}")).status_code == 200
        reply = await clerk.get(f"/quay/{OTHER}")
        assert (reply.status_code, "unit-unknown" in reply.text) == (404, True)

    @pytest.mark.parametrize("role", [Role.INSPECTOR, Role.OPERATOR])
    async def test_who_sees_all_offices(self, desk: Desk, role: Role) -> None:
        browser = await sign_in(desk.app, person(role))
        assert (await browser.get(f"/quay/{OTHER}")).status_code == 200

    async def test_links_are_for_who_may_open_them(self, desk: Desk, clerk: Browser) -> None:
        officer = await sign_in(desk.app, person(Role.OFFICER, units=("H12.970",)))
        assert "Ghi chú mới" in (await clerk.get("/can-bo")).text
        assert "Ghi chú mới" not in (await officer.get("/can-bo")).text


class TestForms:
    async def test_what_is_wrong_stands_beside_the_field_and_the_typing_is_kept(self, clerk: Browser) -> None:
        typed = {"text": "x" * 41, "owner.name": HOSTILE, "kinds[]": ["b"]}
        reply = await clerk.post("/ghi-chu", typed)
        assert reply.status_code == 422
        assert 'id="f-text-wrong"' in reply.text
        assert 'aria-invalid="true"' in reply.text
        assert 'href="#f-owner-name"' in reply.text
        assert "x" * 41 in reply.text
        assert 'value="b" checked' in reply.text
        assert "<script>alert" not in reply.text
        assert "{{ 7 * 7 }}" in reply.text

    async def test_an_empty_field_is_a_missing_one(self, clerk: Browser) -> None:
        reply = await clerk.post("/ghi-chu", {"text": "   "})
        assert (reply.status_code, "Cần điền mục này." in reply.text) == (422, True)

    async def test_the_next_page_says_once_that_it_was_done(self, desk: Desk, clerk: Browser) -> None:
        reply = await clerk.post("/ghi-chu", {"text": "một"})
        assert (reply.status_code, reply.headers["location"]) == (303, "/ghi-chu/moi")
        assert await desk.notes() == ["một"]
        assert "Đã lưu ghi chú." in (await clerk.get("/can-bo")).text
        assert "Đã lưu ghi chú." not in (await clerk.get("/can-bo")).text

    async def test_who_acted_is_the_person_by_an_id_that_says_nothing(self, desk: Desk, clerk: Browser) -> None:
        await clerk.post("/ghi-chu", {"text": "một"})
        row = await desk.mongo.collection(NOTES).find_one({})
        assert row["by"] == "person.test"


class TestOnce:
    async def test_a_double_click_makes_one(self, desk: Desk, clerk: Browser) -> None:
        _, key = await new_form(clerk)
        typed = {"text": "một", FORM_KEY: key}
        replies = await asyncio.gather(*(clerk.post("/ghi-chu", typed) for _ in range(3)))
        assert [reply.status_code for reply in replies] == [303, 303, 303]
        assert await desk.notes() == ["một"]

    async def test_back_and_send_again_makes_none_more(self, desk: Desk, clerk: Browser) -> None:
        address, key = await new_form(clerk)
        await clerk.post("/ghi-chu", {"text": "một", FORM_KEY: key})
        again = await clerk.get(address)  # what the back button asks for, where it asks at all
        assert f'value="{key}"' in again.text
        assert (await clerk.post("/ghi-chu", {"text": "một", FORM_KEY: key})).status_code == 303
        assert await desk.notes() == ["một"]

    async def test_back_and_send_another_content_is_said(self, desk: Desk, clerk: Browser) -> None:
        _, key = await new_form(clerk)
        await clerk.post("/ghi-chu", {"text": "một", FORM_KEY: key})
        reply = await clerk.post("/ghi-chu", {"text": "hai", FORM_KEY: key})
        assert (reply.status_code, "form-sent" in reply.text, 'href="/ghi-chu/moi"' in reply.text) == (409, True, True)
        assert await desk.notes() == ["một"]

    async def test_back_and_filled_in_for_the_next_one_loses_nothing(self, desk: Desk, clerk: Browser) -> None:
        address, key = await new_form(clerk)
        await clerk.post("/ghi-chu", {"text": "một", FORM_KEY: key, PAGE: address})
        reply = await clerk.post("/ghi-chu", {"text": "hai", FORM_KEY: key, PAGE: address})
        to = reply.headers["location"]
        assert (reply.status_code, to.partition("=")[0], to == address) == (303, "/ghi-chu/moi?k", False)
        page = (await clerk.get(to)).text
        assert "đã gửi xong từ lần trước" in page
        assert "hai" in page
        again = re.search(rf'name="{FORM_KEY}" value="([^"]+)"', page)
        assert again is not None
        assert again[1] != key
        assert await desk.notes() == ["một"]
        assert (await clerk.post("/ghi-chu", {"text": "hai", FORM_KEY: again[1], PAGE: to})).status_code == 303
        assert await desk.notes() == ["một", "hai"]

    async def test_the_way_to_a_form_names_no_host(self, clerk: Browser) -> None:
        """Behind TLS a page knows neither its scheme nor, always, its host."""
        to = (await clerk.get("/ghi-chu/moi?a=1&b=%C4%83")).headers["location"]
        assert re.fullmatch(r"/ghi-chu/moi\?a=1&b=%C4%83&k=[A-Za-z0-9-]+", to), to

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            (b"x", "multipart/form-data"),
            (b"--b\r\nContent-Disposition: form-data; name=text\r\n\r\n\xff\r\n--b--\r\n",
             "multipart/form-data; boundary=b; charset=undefined"),
        ],
    )  # fmt: skip
    async def test_a_form_that_cannot_be_read_is_said_to_be_one(
        self, desk: Desk, clerk: Browser, content: bytes, kind: str
    ) -> None:
        reply = await clerk.http.post("/ghi-chu", content=content, headers={"content-type": kind})
        assert (reply.status_code, "form-malformed" in reply.text) == (422, True)
        assert await desk.notes() == []

    async def test_a_form_that_was_wrong_can_be_put_right(self, desk: Desk, clerk: Browser) -> None:
        _, key = await new_form(clerk)
        wrong = await clerk.post("/ghi-chu", {"text": "", FORM_KEY: key})
        assert (wrong.status_code, f'value="{key}"' in wrong.text) == (422, True)
        assert (await clerk.post("/ghi-chu", {"text": "một", FORM_KEY: key})).status_code == 303
        assert await desk.notes() == ["một"]

    async def test_what_was_cut_off_can_be_sent_again(self, desk: Desk, clerk: Browser) -> None:
        _, key = await new_form(clerk)
        await desk.mongo.collection("web_forms_sent").insert_one(
            {"_id": "x", "fingerprint": "", "led_to": None, "begun_at": desk.watch.now(), "gone_at": desk.watch.now()}
        )
        assert await desk.web.sent.begin("y", "") is None
        desk.watch.ahead = timedelta(seconds=61)
        assert await desk.web.sent.begin("x", "") is None
        assert (await clerk.post("/ghi-chu", {"text": "một", FORM_KEY: key})).status_code == 303


class TestAnEndedSession:
    async def too_late(self, desk: Desk, clerk: Browser, ahead: timedelta) -> tuple[str, str, dict[str, str]]:
        """A form is filled in, and sent when the session has ended."""
        address, key = await new_form(clerk)
        desk.watch.ahead += ahead
        typed = {"text": HOSTILE, "owner.name": "An", FORM_KEY: key, PAGE: address}
        reply = await clerk.post("/ghi-chu", typed)
        assert reply.status_code == 303
        to = urlsplit(reply.headers["location"])
        assert (to.path, parse_qs(to.query)) == ("/dang-nhap", {"next": [address], "lai": ["1"]})
        return address, key, dict(clerk.http.cookies)

    @pytest.mark.parametrize("ahead", [timedelta(minutes=61), timedelta(hours=13)])
    async def test_loses_nothing_that_was_typed(self, desk: Desk, clerk: Browser, ahead: timedelta) -> None:
        address, key, cookies = await self.too_late(desk, clerk, ahead)
        asked = await clerk.get("/dang-nhap?lai=1")
        assert "đã được giữ lại" in asked.text
        again = await sign_in(desk.app, person(Role.CLERK, units=(COUNTER,)))
        again.http.cookies.set(desk.web.kept_cookie, cookies[desk.web.kept_cookie])
        page = await again.get(address)
        assert "còn nguyên" in page.text
        assert "&lt;script&gt;alert" in page.text
        assert f'value="{key}"' in page.text
        assert f'name="{CSRF}" value="{again.csrf}"' in page.text
        assert "còn nguyên" not in (await again.get(address)).text
        assert await desk.notes() == []

    async def test_is_nothing_for_the_next_person_at_the_machine(self, desk: Desk, clerk: Browser) -> None:
        address, _, cookies = await self.too_late(desk, clerk, timedelta(minutes=61))
        other = await sign_in(desk.app, person(Role.CLERK, units=(COUNTER,), subject="person.other"))
        other.http.cookies.set(desk.web.kept_cookie, cookies[desk.web.kept_cookie])
        assert "alert" not in (await other.get(address)).text

    async def test_keeps_it_unreadable(self, desk: Desk, clerk: Browser) -> None:
        await self.too_late(desk, clerk, timedelta(minutes=61))
        row = await desk.mongo.collection(KEPT_FORMS).find_one({})
        assert b"alert" not in bytes(row["sealed"])
        assert clerk.http.cookies[desk.web.kept_cookie] not in str(row)

    async def test_keeps_nothing_that_another_site_sent(self, desk: Desk, clerk: Browser) -> None:
        desk.watch.ahead = timedelta(minutes=61)
        clerk.csrf = "0" * 64
        await clerk.post("/ghi-chu", {"text": "của ai?"})
        assert await desk.mongo.collection(KEPT_FORMS).count_documents({}) == 0

    async def test_a_form_of_an_older_session_comes_back_filled_in(self, desk: Desk, clerk: Browser) -> None:
        """Signed in anew in another tab, then sent from the old one."""
        address, key = await new_form(clerk)
        clerk.csrf = "0" * 64
        typed = {"text": "gõ dở", FORM_KEY: key, PAGE: address}
        reply = await clerk.post("/ghi-chu", typed, headers={"origin": "https://test"})
        assert (reply.status_code, reply.headers["location"]) == (303, address)
        assert "gõ dở" in (await clerk.get(address)).text
        assert await desk.notes() == []

    async def test_using_it_keeps_a_session_awake(self, desk: Desk, clerk: Browser) -> None:
        for _ in range(3):
            desk.watch.ahead += timedelta(minutes=40)
            assert (await clerk.get("/can-bo")).status_code == 200
        desk.watch.ahead += timedelta(minutes=61)
        assert (await clerk.get("/can-bo")).status_code == 303

    async def test_is_told_to_htmx_as_well(self, desk: Desk, clerk: Browser) -> None:
        desk.watch.ahead = timedelta(minutes=61)
        headers = {"hx-request": "true", "hx-current-url": "https://test/ghi-chu/moi?k=abcdefgh"}
        reply = await clerk.get("/can-bo", headers=headers)
        assert (reply.status_code, reply.headers["hx-redirect"]) == (
            204, "/dang-nhap?next=%2Fghi-chu%2Fmoi%3Fk%3Dabcdefgh&lai=1",
        )  # fmt: skip


class TestRefusals:
    async def test_are_pages_in_vietnamese_with_the_slug(self, desk: Desk, clerk: Browser) -> None:
        reply = await clerk.get("/khong-co")
        assert (reply.status_code, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "Không tìm thấy &lt;b&gt;hồ sơ&lt;/b&gt;." in reply.text
        assert "<code>dossier-unknown</code>" in reply.text

    async def test_a_bug_is_a_page_too(self, desk: Desk, clerk: Browser) -> None:
        reply = await clerk.get("/hong")
        assert (reply.status_code, "<code>bug</code>" in reply.text) == (500, True)
        assert "on purpose" not in reply.text

    async def test_an_unknown_address_is_a_page_for_browsers_only(self, desk: Desk, clerk: Browser) -> None:
        page = await clerk.get("/la", headers={"accept": "text/html,*/*"})
        assert (page.status_code, "<code>not-found</code>" in page.text) == (404, True)
        assert (await clerk.get("/la")).json()["slug"] == "not-found"
        assert (await clerk.get("/v1/la", headers={"accept": "text/html"})).json()["slug"] == "not-found"

    async def test_a_part_gets_the_sentence_alone(self, desk: Desk, clerk: Browser) -> None:
        reply = await clerk.get("/khong-co", headers={"hx-request": "true"})
        assert (reply.headers["hx-retarget"], "<html" in reply.text) == ("#messages", False)


class TestHeadersAndFiles:
    async def test_a_page_loads_nothing_but_our_own_files(self, desk: Desk, clerk: Browser) -> None:
        page = await clerk.get("/can-bo")
        policy = page.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["strict-transport-security"]
        assert not re.search(r"\son\w+=|\sstyle=|javascript:|<style|<script(?! src=\"/static)", page.text)
        for file in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
            reply = await clerk.get(file)
            assert (reply.status_code, "immutable" in reply.headers["cache-control"]) == (200, True)
            assert reply.headers["content-encoding"] == "gzip"

    async def test_files_weigh_little(self, desk: Desk, clerk: Browser) -> None:
        page = await clerk.get("/can-bo")
        files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
        sizes = [int((await clerk.get(file)).headers["content-length"]) for file in files]
        assert len(files) == 4
        assert sum(sizes) < 30_000

    async def test_an_old_name_of_a_file_is_missing(self, desk: Desk, clerk: Browser) -> None:
        assert (await clerk.get("/static/house.000000000000.css")).status_code == 404
