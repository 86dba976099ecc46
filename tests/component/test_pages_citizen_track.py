"""Tracking by pages: by the code on the receipt, with digits or a one-time code; withdrawing; bringing papers."""

from __future__ import annotations

import asyncio
import re

import httpx

from tests.component.citizen_fixtures import LAST4, other_than
from tests.component.citizen_pages_fixtures import A_PHOTO, supplement_begun, texted, waiting_for_papers
from tests.component.form_fixtures import online as online
from tests.component.pages_fixtures import client
from tests.component.service_fixtures import NAME, PHONE, Intake, dossier


class TestLooking:
    async def test_the_code_is_typed_on_any_page(self, intake: Intake) -> None:
        code = await intake.register()
        reply = await intake.http.get("/tra-cuu", params={"ma": f" {code.lower()} "})
        assert (reply.status_code, reply.headers["location"]) == (303, f"/tra-cuu/{code}")
        for nonsense in ("abc", "<script>alert(1)</script>", "//evil.example", "x" * 300):
            page = await intake.http.get("/tra-cuu", params={"ma": nonsense})
            assert (page.status_code, 'id="f-ma-wrong"' in page.text) == (404, True)
            assert "<script>alert" not in page.text.lower()
        assert (await intake.http.get("/tra-cuu")).status_code == 200

    async def test_by_a_one_time_code_which_is_used_up(self, intake: Intake) -> None:
        code = await intake.register()
        digits = await texted(intake, code, f"/tra-cuu/{code}/ma")
        wrong = await intake.http.post(f"/tra-cuu/{code}", data={"one_time_code": other_than(digits)})
        assert (wrong.status_code, 'id="f-one_time_code-wrong"' in wrong.text) == (403, True)
        page = await intake.http.post(f"/tra-cuu/{code}", data={"one_time_code": digits})
        assert (page.status_code, "Các bước đã qua" in page.text) == (200, True)
        again = await intake.http.post(f"/tra-cuu/{code}", data={"one_time_code": digits})
        assert again.status_code == 403
        short = await intake.http.post(f"/tra-cuu/{code}", data={"one_time_code": "12"})
        assert (short.status_code, "6 chữ số" in short.text) == (422, True)

    async def test_asking_for_a_code_tells_nobody_whether_the_dossier_exists(self, intake: Intake) -> None:
        code, unknown = await intake.register(), dossier(4711)
        replies = [await intake.http.post(f"/tra-cuu/{one}/ma") for one in (code, unknown)]
        assert [reply.status_code for reply in replies] == [303, 303]
        pages = [await intake.http.get(reply.headers["location"]) for reply in replies]
        assert pages[0].text.replace(code, "") == pages[1].text.replace(unknown, "")
        assert "Nếu hồ sơ có số điện thoại" in pages[0].text


class TestWithdrawing:
    async def test_with_a_code_and_once(self, intake: Intake) -> None:
        code = await intake.register()
        path = f"/tra-cuu/{code}/rut"
        assert "không khôi phục được" in (await intake.http.get(path)).text
        digits = await texted(intake, code, f"/tra-cuu/{code}/ma", ve="rut")
        key = re.search(r'name="_key" value="([^"]+)"', (await intake.http.get(path)).text)
        assert key
        data = {"_key": key[1], "one_time_code": digits, "reason": "no-longer-needed"}
        replies = await asyncio.gather(*(intake.http.post(path, data=data) for _ in range(2)))
        assert {reply.headers.get("location") for reply in replies} == {f"/tra-cuu/{code}/da-rut"}
        assert "Hồ sơ đã kết thúc." in (await intake.http.get(f"/tra-cuu/{code}/da-rut")).text
        [event] = await intake.events(code, "dossier.withdrawn.v1")
        assert event["reason"] == "no-longer-needed"

    async def test_nothing_happens_without_the_code_and_what_was_chosen_stays(self, intake: Intake) -> None:
        code = await intake.register()
        path = f"/tra-cuu/{code}/rut"
        digits = await texted(intake, code, f"/tra-cuu/{code}/ma")
        for data, status in (
            ({}, 422),
            ({"reason": "wrong-procedure"}, 422),
            ({"reason": "x", "one_time_code": digits}, 422),
            ({"reason": "wrong-procedure", "one_time_code": "12"}, 422),
            ({"reason": "wrong-procedure", "one_time_code": other_than(digits)}, 403),
        ):
            reply = await intake.http.post(path, data=data)
            assert reply.status_code == status, data
            assert "-wrong" in reply.text
            assert ('value="wrong-procedure" checked' in reply.text) is (data.get("reason") == "wrong-procedure")
        unknown = await intake.http.post(
            f"/tra-cuu/{dossier(4711)}/rut", data={"reason": "wrong-procedure", "one_time_code": "123456"}
        )
        assert unknown.status_code == 403
        assert await intake.events(code, "dossier.withdrawn.v1") == []
        assert "chưa kết thúc" in (await intake.http.get(f"/tra-cuu/{code}/da-rut")).text


class TestSupplement:
    async def test_papers_come_from_home(self, online: Intake) -> None:
        code = await waiting_for_papers(online)
        url = await supplement_begun(online, code)
        page = await online.http.get(url)
        assert "Giấy chứng sinh: Thiếu giấy tờ trong thành phần hồ sơ" in page.text
        for hidden in (NAME, PHONE):
            assert hidden not in page.text
        assert (await online.http.post(url, files={"paper-2": A_PHOTO})).headers["location"] == url
        digits = await texted(online, code, f"{url}/ma")
        wrong = await online.http.post(f"{url}/gui", data={"one_time_code": other_than(digits)})
        assert (wrong.status_code, "✓ anh.jpg" in wrong.text) == (403, True)
        replies = await asyncio.gather(
            *(online.http.post(f"{url}/gui", data={"one_time_code": digits}) for _ in range(2))
        )
        assert f"{url}/xong" in [reply.headers.get("location") for reply in replies]
        done = await online.http.post(f"{url}/gui", data={"one_time_code": digits})
        assert done.headers["location"] == f"{url}/xong"
        assert "Đã gửi bổ sung" in (await online.http.get(f"{url}/xong")).text
        assert (await online.http.get(url)).headers["location"] == f"{url}/xong"
        assert len(await online.events(code, "dossier.supplemented.v1")) == 1
        files = (await online.http.get(f"/v1/dossiers/{code}/files", headers=online.desk)).json()["files"]
        assert [file["paper"] for file in files] == [2]

    async def test_more_than_is_read_at_all_is_said_beside_the_field(self, online: Intake) -> None:
        url = await supplement_begun(online, await waiting_for_papers(online))
        huge = ("lon.jpg", b"\0" * 52 * 2**20, "image/jpeg")
        reply = await online.http.post(url, files={"paper-2": huge})
        assert (reply.status_code, 'id="f-paper-2-wrong"' in reply.text, "Chưa chọn tệp" in reply.text) == (
            422, True, False,
        )  # fmt: skip
        assert "Tệp quá lớn (tối đa 10 MB)" in reply.text

    async def test_wrong_digits_open_nothing(self, online: Intake) -> None:
        code = await waiting_for_papers(online)
        answers: list[httpx.Response] = []
        for one in (code, dossier(4711)):
            answers.append(await online.http.post(f"/tra-cuu/{one}/bo-sung", data={"phone_last4": "0000"}))
        assert [answer.status_code for answer in answers] == [403, 403]
        assert "Giấy chứng sinh" not in answers[0].text
        assert await online.documents("drafts") == []
        url = await supplement_begun(online, code)
        async with client(online.app) as other:
            assert (await other.get(url)).status_code == 404

    async def test_nothing_to_bring_and_nothing_brought(self, online: Intake) -> None:
        quiet = await online.register()
        reply = await online.http.post(f"/tra-cuu/{quiet}/bo-sung", data={"phone_last4": LAST4})
        assert (reply.status_code, "không chờ bổ sung" in reply.text) == (409, True)
        code = await waiting_for_papers(online)
        url = await supplement_begun(online, code)
        empty = await online.http.post(url)
        assert (empty.status_code, 'id="f-other-wrong"' in empty.text) == (422, True)
        bad = await online.http.post(url, files={"paper-2": ("x.exe", b"MZ" * 50, "application/x-msdownload")})
        assert (bad.status_code, 'id="f-paper-2-wrong"' in bad.text) == (422, True)
        digits = await texted(online, code, f"{url}/ma")
        missing = await online.http.post(f"{url}/gui", data={"one_time_code": digits})
        assert (missing.status_code, 'id="f-other-wrong"' in missing.text) == (422, True)
        assert (await online.http.post(f"{url}/gui")).status_code == 422
        assert await online.events(code, "dossier.supplemented.v1") == []

    async def test_one_draft_is_not_taken_for_another(self, online: Intake) -> None:
        """What is a filing is no supplement, and the other way round."""
        url = await supplement_begun(online, await waiting_for_papers(online))
        id = url.rpartition("/")[2]
        assert (await online.http.get(f"/nop-ho-so/ban-nhap/{id}")).status_code == 404
        assert (await online.http.post(f"/nop-ho-so/ban-nhap/{id}/gui")).status_code == 404

    async def test_where_the_door_is_closed_the_desk_is_named(self, intake: Intake) -> None:
        code = await waiting_for_papers(intake)
        story = await intake.http.post(f"/tra-cuu/{code}", data={"phone_last4": LAST4})
        assert "/bo-sung" not in story.text
        assert "mang giấy tờ đến Bộ phận Một cửa" in story.text
        assert (await intake.http.get(f"/tra-cuu/{code}/bo-sung")).status_code == 404
