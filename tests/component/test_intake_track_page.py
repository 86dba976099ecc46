"""The page that the QR code on the receipt opens: for people, on phones, without scripts, and as closed as the API."""

from __future__ import annotations

import re

import httpx

from contracts.events.routing import DossierExtended, DossierSupplementRequested
from tests.component.citizen_fixtures import LAST4
from tests.component.service_fixtures import CITIZEN_ID, NAME, OFFICE, PHONE, Intake, dossier, now


async def opened(intake: Intake, code: str) -> httpx.Response:
    return await intake.http.get(f"/tra-cuu/{code}")


async def asked(intake: Intake, code: str, last4: str = LAST4) -> httpx.Response:
    return await intake.http.post(f"/tra-cuu/{code}", data={"phone_last4": last4})


async def test_it_says_finished_or_not_and_asks_for_the_digits_in_a_form_that_sends_a_body(intake: Intake) -> None:
    page = await opened(intake, await intake.register())
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<html lang="vi">' in page.text
    assert "Hồ sơ chưa kết thúc" in page.text
    assert 'method="post"' in page.text
    assert 'name="viewport"' in page.text


async def test_with_the_digits_it_tells_the_story_in_words(intake: Intake) -> None:
    code = await intake.register(applicant__address="Ấp Thử, xã Thử")
    facts = {"code": code, "occurred_at": now()}
    await intake.take(
        DossierExtended(agency=OFFICE, reason="overload", due_at=now(), first_due_at=now(), **facts),
        DossierSupplementRequested(step=1, agency=OFFICE, reason="missing-papers", items=("Giấy chứng sinh",), **facts),
    )
    page = await asked(intake, code)
    assert page.status_code == 200
    for said in (
        "Chờ ông/bà bổ sung giấy tờ",
        "Đăng ký khai sinh",
        "xin lỗi",
        "Số lượng hồ sơ lớn",
        "Giấy chứng sinh: Thiếu giấy tờ trong thành phần hồ sơ",
        "Bộ phận Một cửa tiếp nhận hồ sơ",
    ):
        assert said in page.text, said
    for hidden in (NAME, PHONE, CITIZEN_ID, "Ấp Thử", "overload", "missing-papers"):
        assert hidden not in page.text, hidden


async def test_it_is_small_runs_no_script_and_lets_no_other_site_in(intake: Intake) -> None:
    page = await asked(intake, await intake.register())
    assert len(page.content) < 30_000
    assert "<script" not in page.text
    assert "http" not in re.sub(r"<meta[^>]*>", "", page.text)
    assert not re.search(r"\son\w+=|style=|javascript:|<style", page.text)
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "style-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert page.headers["cache-control"] == "no-store"


async def test_wrong_digits_and_an_unknown_code_look_the_same(intake: Intake) -> None:
    code, unknown = await intake.register(), dossier(4711)
    pages = [(await opened(intake, code)), (await opened(intake, unknown))]
    assert pages[0].text.replace(code, "") == pages[1].text.replace(unknown, "")
    pages = [(await asked(intake, code, "0000")), (await asked(intake, unknown))]
    assert [page.status_code for page in pages] == [403, 403]
    assert pages[0].text.replace(code, "") == pages[1].text.replace(unknown, "")


async def test_it_shares_its_limit_with_the_api(intake: Intake) -> None:
    code = await intake.register()
    for _ in range(3):
        assert (await asked(intake, code, "0000")).status_code == 403
    for _ in range(2):
        assert (await intake.http.get(f"/v1/track/{code}", params={"phone_last4": "0000"})).status_code == 403
    page = await asked(intake, code)
    assert (page.status_code, int(page.headers["Retry-After"]) > 0) == (429, True)
    assert "Hãy thử lại sau" in page.text


async def test_what_is_no_code_or_no_digits_is_said_in_words_and_never_run(intake: Intake) -> None:
    for nonsense in ("abc", "<script>alert(1)</script>", "H12.970.00-260302-0001%0A", "x" * 300):
        page = await opened(intake, nonsense)
        assert page.status_code == 404
        assert page.headers["content-type"].startswith("text/html") or "/script" in nonsense
        assert "<script" not in page.text
    code = await intake.register()
    for digits in ("", "123", "12345", "abcd", "<b>1"):
        page = await asked(intake, code, digits)
        assert page.status_code == 422
        assert "4 chữ số cuối" in page.text
        assert "<b>" not in page.text


async def test_what_a_clerk_typed_is_shown_as_text(intake: Intake) -> None:
    code = await intake.register()
    nasty = "<img src=x onerror=alert(1)>"
    told = DossierSupplementRequested(
        code=code, occurred_at=now(), step=1, agency=OFFICE, reason="missing-papers", items=(nasty,)
    )
    await intake.take(told)
    page = await asked(intake, code)
    assert nasty not in page.text
    assert "&lt;img src=x" in page.text
