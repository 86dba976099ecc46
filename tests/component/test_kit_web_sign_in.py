"""Signing in and out with a provider: who comes back is who went, in the same browser, and only once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from services.kit.web.sessions import WEB_SESSIONS
from services.kit.web.signin.begun import WEB_SIGN_INS
from tests.component.pages_fixtures import client
from tests.component.web_fixtures import Desk, open_desk
from tests.ports import free_port

CLERK = "quay-01"


@pytest.fixture
async def desk(mongodb_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(mongodb_url, prefix, tmp_path) as opened:
        yield opened


def browser(desk: Desk) -> httpx.AsyncClient:
    return client(desk.app, base="https://test")


async def chosen(url: str, user: str) -> str:
    """The provider's answer to somebody who chose to be `user`: the address it leads back to."""
    async with httpx.AsyncClient() as http:
        reply = await http.get(f"{url}&user={user}")
    assert reply.status_code == 303, reply.text
    return reply.headers["location"]


async def signed_in(http: httpx.AsyncClient, user: str = CLERK, next: str = "/ghi-chu/moi") -> httpx.Response:
    begun = await http.get("/dang-nhap", params={"next": next})
    assert begun.status_code == 303, begun.text
    return await http.get(await chosen(begun.headers["location"], user))


async def test_somebody_signs_in_and_is_led_on(desk: Desk) -> None:
    async with browser(desk) as http:
        reply = await signed_in(http)
        assert (reply.status_code, reply.headers["location"]) == (303, "/ghi-chu/moi")
        home = await http.get("/can-bo")
    assert "Cán bộ quầy 01" in home.text
    assert "Cán bộ tiếp nhận" in home.text
    assert "H12.970.00" in home.text
    assert 'href="https://routing.example/can-bo"' in home.text


async def test_the_cookie_is_for_us_alone_and_only_its_hash_is_stored(desk: Desk) -> None:
    async with browser(desk) as http:
        reply = await signed_in(http)
        token = http.cookies[desk.web.cookie]
    cookie = next(line for line in reply.headers.get_list("set-cookie") if line.startswith("__Host-motcua_intake="))
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    rows = [row async for row in desk.mongo.collection(WEB_SESSIONS).find({})]
    assert token not in str(rows)
    assert [row["subject"].startswith("person.") for row in rows] == [True]
    assert CLERK not in str(rows)


async def test_the_same_person_is_the_same_each_time(desk: Desk) -> None:
    for user in (CLERK, CLERK, "quay-02"):
        async with browser(desk) as http:
            await signed_in(http, user)
    subjects = [row["subject"] async for row in desk.mongo.collection(WEB_SESSIONS).find({})]
    assert len(subjects) == 3
    assert len(set(subjects)) == 2


@pytest.mark.parametrize(
    ("user", "may"), [("kiem-tra-01", 200), ("van-hanh-01", 200), ("co-quan-01", 403), ("phu-trach-quay-01", 200)]
)
async def test_roles_and_units_come_from_the_provider(desk: Desk, user: str, may: int) -> None:
    async with browser(desk) as http:
        await signed_in(http, user)
        assert (await http.get("/quay/H12.970.00")).status_code == may


async def test_an_account_without_a_role_gets_no_session(desk: Desk) -> None:
    async with browser(desk) as http:
        reply = await signed_in(http, "khach-01")
        assert (reply.status_code, "sign-in-no-role" in reply.text) == (403, True)
        assert desk.web.cookie not in http.cookies
    assert await desk.mongo.collection(WEB_SESSIONS).count_documents({}) == 0


async def test_an_answer_is_good_once(desk: Desk) -> None:
    async with browser(desk) as http:
        begun = await http.get("/dang-nhap")
        back = await chosen(begun.headers["location"], CLERK)
        assert (await http.get(back)).status_code == 303
        again = await http.get(back)
    assert (again.status_code, "sign-in-stale" in again.text) == (403, True)


async def test_nobody_is_signed_in_as_somebody_else_by_a_link(desk: Desk) -> None:
    async with browser(desk) as attacker, browser(desk) as victim:
        begun = await attacker.get("/dang-nhap")
        back = await chosen(begun.headers["location"], CLERK)
        reply = await victim.get(back)
        assert (reply.status_code, "sign-in-stale" in reply.text) == (403, True)
        assert desk.web.cookie not in victim.cookies


async def test_a_sign_in_that_took_too_long_is_begun_anew(desk: Desk) -> None:
    async with browser(desk) as http:
        begun = await http.get("/dang-nhap")
        back = await chosen(begun.headers["location"], CLERK)
        desk.watch.ahead = timedelta(minutes=16)
        assert "sign-in-stale" in (await http.get(back)).text


async def test_a_code_that_is_not_good_is_refused(desk: Desk) -> None:
    async with browser(desk) as http:
        begun = await http.get("/dang-nhap")
        state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
        reply = await http.get("/dang-nhap/xong", params={"state": state, "code": "x" * 32})
    assert (reply.status_code, "sign-in-failed" in reply.text) == (403, True)


async def test_the_request_is_bound_by_pkce_state_and_nonce(desk: Desk) -> None:
    async with browser(desk) as http:
        begun = await http.get("/dang-nhap")
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["https://test/dang-nhap/xong"]
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    row = await desk.mongo.collection(WEB_SIGN_INS).find_one({})
    assert asked["state"][0] not in str(row)


@pytest.mark.parametrize(
    "next",
    [
        "https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)",
        "/dang-xuat", "/\t/elsewhere.example", "", "/x\r\nLocation: y", "http:/elsewhere.example",
    ],
)  # fmt: skip
async def test_a_link_cannot_lead_away_after_signing_in(desk: Desk, next: str) -> None:
    async with browser(desk) as http:
        reply = await signed_in(http, next=next)
    assert reply.headers["location"] == "/can-bo"


async def test_signing_out_ends_the_session_here_and_at_the_provider(desk: Desk) -> None:
    async with browser(desk) as http:
        await signed_in(http)
        token = http.cookies[desk.web.cookie]
        found = await desk.web.sessions.find(token)
        assert found.session is not None
        out = await http.post("/dang-xuat", data={"_csrf": found.session.csrf})
        assert (out.status_code, out.headers["location"]) == (303, "/da-dang-xuat?roi=1")
        assert desk.web.cookie not in http.cookies
        page = await http.get("/da-dang-xuat?roi=1")
        assert (
            f"{desk.provider}/end-session?client_id=motcua&amp;post_logout_redirect_uri=https%3A%2F%2Ftest" in page.text
        )
        signed_out = (await http.get("/da-dang-xuat")).text
        assert 'href="https://routing.example/can-bo"' in signed_out, "there they are still signed in"
        http.cookies.set(desk.web.cookie, token)
        assert (await http.get("/can-bo")).status_code == 303  # a token that somebody had kept opens nothing


async def test_signing_in_anew_ends_the_session_before(desk: Desk) -> None:
    async with browser(desk) as http:
        await signed_in(http)
        before = http.cookies[desk.web.cookie]
        await signed_in(http, "quay-02")
        assert http.cookies[desk.web.cookie] != before
    assert (await desk.web.sessions.find(before)).session is None


async def test_a_client_with_the_wrong_secret_gets_nobody_in(mongodb_url: str, prefix: str, tmp_path: Path) -> None:
    async with open_desk(mongodb_url, prefix, tmp_path, client_secret="khác") as desk, browser(desk) as http:
        reply = await signed_in(http)
        assert (reply.status_code, "sign-in-failed" in reply.text) == (403, True)


async def test_a_provider_that_is_away_is_a_page_that_says_so(mongodb_url: str, prefix: str, tmp_path: Path) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    async with open_desk(mongodb_url, prefix, tmp_path, issuer=away) as desk, browser(desk) as http:
        reply = await http.get("/dang-nhap")
        assert (reply.status_code, "<code>unavailable</code>" in reply.text) == (503, True)
        assert (await http.get("/da-dang-xuat?roi=1")).status_code == 200


async def test_without_a_provider_nobody_can_sign_in(mongodb_url: str, prefix: str, tmp_path: Path) -> None:
    async with open_desk(mongodb_url, prefix, tmp_path, issuer="") as desk, browser(desk) as http:
        reply = await http.get("/dang-nhap")
        assert (reply.status_code, "sign-in-not-set" in reply.text) == (409, True)


async def test_a_provider_made_for_trying_things_out_is_refused_where_it_is_not_allowed(desk: Desk) -> None:
    """Settings refuse it at the start by its address; this is the second lock, by what it says of itself."""
    strict = desk.web.settings.oidc.model_copy(update={"development": False})
    desk.web.provider.settings = strict
    async with browser(desk) as http:
        reply = await http.get("/dang-nhap")
    assert (reply.status_code, "sign-in-development" in reply.text) == (403, True)
