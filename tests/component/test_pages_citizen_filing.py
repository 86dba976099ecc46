"""Filing online by pages: a phone, no script, no signing in."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from services.intake.attachments.file_types import JPEG
from services.intake.citizen_pages.drafts import Drafts
from services.intake.citizen_pages.kept_drafts import MOST
from services.intake.handing_in import HandIn
from services.kit.sealing import Opener, new_private_key
from tests.component.citizen_pages_fixtures import A_PHOTO, PAPERS, PEOPLE, begun, filed, ready, revision, typed
from tests.component.form_fixtures import PHOTO
from tests.component.form_fixtures import online as online
from tests.component.pages_fixtures import client
from tests.component.service_fixtures import (
    COUNTER,
    NAME,
    PHONE,
    PROCEDURE,
    Intake,
    intake_settings,
    open_intake,
)

HOSTILE = "\"><script>alert('x')</script>{{ 7 * 7 }}"


class TestTheWholeWay:
    async def test_from_the_procedure_to_the_code(self, online: Intake) -> None:
        await online.ask_for(*PAPERS)
        shown = await online.http.get(f"/thu-tuc/{PROCEDURE}")
        assert f'href="/nop-ho-so/{PROCEDURE}"' in shown.text
        assert (await online.http.get(f"/nop-ho-so/{PROCEDURE}")).status_code == 200
        url = await ready(online)
        review = await online.http.get(f"{url}/gui")
        assert NAME in review.text
        assert "Giấy chứng sinh: <strong>chưa có tệp</strong>" in review.text
        sent = await online.http.post(f"{url}/gui")
        assert (sent.status_code, sent.headers["location"]) == (303, f"{url}/da-nop")
        dossier = await filed(online, url)
        [event] = await online.events(dossier["code"], "dossier.registered.v1")
        assert (dossier["status"], event["channel"]) == ("registered", "online")
        assert dossier["applicant"]["phone"] == PHONE
        assert [(line["paper"], line["state"]) for line in dossier["checklist"] if line["state"] == "digital"] == [
            (1, "digital")
        ]
        files = (await online.http.get(f"/v1/dossiers/{dossier['code']}/files", headers=online.desk)).json()["files"]
        assert [(file["paper"], file["name"]) for file in files] == [(1, "anh.jpg")]

    async def test_sent_twice_at_once_and_again_later_it_is_one_filing(self, online: Intake) -> None:
        url = await ready(online)
        answers = await asyncio.gather(*(online.http.post(f"{url}/gui") for _ in range(2)))
        later = await online.http.post(f"{url}/gui")
        assert {answer.headers["location"] for answer in (*answers, later)} == {f"{url}/da-nop"}
        assert len(await online.documents("dossiers")) == 1
        back = await online.http.get(url)
        assert back.headers["location"] == f"{url}/da-nop"
        assert (await online.http.get(f"{url}/gui")).status_code == 404

    @pytest.mark.parametrize("step", ["take", "save", "run"])
    async def test_who_is_overtaken_by_another_window_is_led_to_the_filing(
        self, online: Intake, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        """Handed in there after this one has looked, and before it is done."""
        url = await ready(online)
        owner = HandIn if step == "run" else Drafts
        slow = getattr(owner, step)

        async def overtaken(self: object, *what: Any) -> Any:
            monkeypatch.setattr(owner, step, slow)
            looked = await slow(self, *what) if step == "take" else None
            other = await online.http.post(f"{url}/gui")
            assert other.headers["location"] == f"{url}/da-nop"
            return looked or await slow(self, *what)

        monkeypatch.setattr(owner, step, overtaken)
        reply = await online.http.post(f"{url}/gui")
        assert (reply.status_code, reply.headers.get("location")) == (303, f"{url}/da-nop")
        assert len(await online.documents("dossiers")) == 1

    async def test_the_draft_waits_on_this_machine_and_goes_when_told(self, online: Intake) -> None:
        url = await ready(online)
        assert NAME in (await online.http.get("/nop-ho-so")).text
        assert (await online.http.post(f"{url}/xoa")).headers["location"] == "/nop-ho-so"
        assert NAME not in (await online.http.get("/nop-ho-so")).text
        assert (await online.http.get(url)).status_code == 404
        assert await online.documents("files.files") == []

    async def test_a_double_click_on_the_way_in_opens_a_draft_all_the_same(self, online: Intake) -> None:
        """A browser that dropped the first answer has no cookie of it."""
        await online.ask_for(*PAPERS)
        page = (await online.http.get(f"/nop-ho-so/{PROCEDURE}")).text
        assert 'name="_key"' not in page
        data = {"counter": COUNTER}
        async with client(online.app) as other:
            first = await online.http.post(f"/nop-ho-so/{PROCEDURE}", data=data)
            second = await other.post(f"/nop-ho-so/{PROCEDURE}", data=data)
            assert first.headers["location"] != second.headers["location"]
            assert (await other.get(second.headers["location"])).status_code == 200

    async def test_a_draft_that_stays_is_not_forgotten_over_one_that_need_not(self, online: Intake) -> None:
        await online.ask_for(*PAPERS)
        await online.http.post(f"/nop-ho-so/{PROCEDURE}", data={"counter": COUNTER, "stay": "true"})
        later = await online.http.post(f"/nop-ho-so/{PROCEDURE}", data={"counter": COUNTER})
        assert "Max-Age" in later.headers["set-cookie"]


class TestWhoseDraftItIs:
    async def test_no_other_browser_opens_it(self, online: Intake) -> None:
        url = await ready(online)
        async with client(online.app) as other:
            replies = [await other.get(url + end) for end in ("", "/giay-to", "/gui", "/da-nop")]
            replies += [await other.post(url + end, data=PEOPLE) for end in ("", "/giay-to", "/gui", "/xoa")]
        for reply in replies:
            assert (reply.status_code, "draft-unknown" in reply.text) == (404, True)
            assert NAME not in reply.text

    async def test_the_cookie_ends_with_the_browser_unless_the_machine_is_one_s_own(self, online: Intake) -> None:
        await online.ask_for(*PAPERS)
        data = {"counter": COUNTER}
        shared = await online.http.post(f"/nop-ho-so/{PROCEDURE}", data=data)
        own = await online.http.post(f"/nop-ho-so/{PROCEDURE}", data=data | {"stay": "true"})
        [short], [long] = (reply.headers.get_list("set-cookie") for reply in (shared, own))
        assert "Max-Age" not in short
        assert "Max-Age=2592000" in long
        for cookie in (short, long):
            assert {"HttpOnly", "SameSite=lax"} <= set(cookie.split("; "))
        token = short.split("=", 1)[1].split(";")[0].rpartition(".")[2]
        assert token not in shared.headers["location"]

    async def test_a_browser_knows_so_many_drafts_and_nonsense_in_the_cookie_is_no_error(self, online: Intake) -> None:
        urls = [await begun(online) for _ in range(MOST + 1)]
        assert (await online.http.get(urls[0])).status_code == 404
        assert (await online.http.get(urls[1])).status_code == 200
        for nonsense in ("", "x", "1~~..~a.b", "0~" + "~".join(f"a{n}.b" for n in range(50)), "%00.%00"):
            async with client(online.app, {"motcua_intake_nhap": nonsense}) as other:
                assert (await other.get("/nop-ho-so")).status_code == 200

    async def test_a_form_of_another_site_is_refused(self, online: Intake) -> None:
        url = await ready(online)
        for path in (f"/nop-ho-so/{PROCEDURE}", url, f"{url}/giay-to", f"{url}/gui", f"{url}/xoa"):
            reply = await online.http.post(path, data=PEOPLE, headers={"origin": "https://elsewhere.example"})
            assert (reply.status_code, "form-foreign" in reply.text) == (403, True)
        assert await online.documents("dossiers") == []

    async def test_a_closed_door_is_not_there(self, intake: Intake) -> None:
        assert (await intake.http.get(f"/nop-ho-so/{PROCEDURE}")).status_code == 404
        assert "/nop-ho-so" not in (await intake.http.get("/")).text
        assert "/nop-ho-so" not in (await intake.http.get(f"/thu-tuc/{PROCEDURE}")).text


class TestTyping:
    async def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(self, online: Intake) -> None:
        url = await begun(online)
        reply = await typed(
            online, url, applicant__full_name=HOSTILE, applicant__id_number="12", applicant__phone="abc",
            applicant__email="x", submitter__phone="0901234002",
        )  # fmt: skip
        assert reply.status_code == 422
        for name in ("applicant-phone", "applicant-email", "submitter-full_name"):
            assert f'id="f-{name}-wrong"' in reply.text, name
            assert f'href="#f-{name}"' in reply.text, name
        assert "Số điện thoại không hợp lệ." in reply.text
        again = await online.http.get(url)
        for page in (reply, again):
            assert "<script>alert" not in page.text
            assert "{{ 7 * 7 }}" in page.text
            assert 'value="abc"' in page.text
            assert 'value="0901234002"' in page.text
        review = await online.http.get(f"{url}/gui")
        assert review.headers["location"] == f"{url}?xem=loi"
        assert 'id="f-applicant-phone-wrong"' in (await online.http.get(f"{url}?xem=loi")).text
        assert (await online.http.post(f"{url}/gui")).headers["location"] == f"{url}?xem=loi"
        assert await online.documents("dossiers") == []

    async def test_the_id_is_wrong_beside_the_id(self, online: Intake) -> None:
        reply = await typed(online, await begun(online), applicant__id_number="09619000123")
        assert 'id="f-applicant-id_number-wrong"' in reply.text
        assert "Số định danh cá nhân phải có đúng 12 chữ số." in reply.text

    async def test_of_two_windows_the_older_one_is_told_and_keeps_its_typing(self, online: Intake) -> None:
        url = await begun(online)
        old = revision(await online.http.get(url))
        assert (await typed(online, url, applicant__address="Cửa sổ một")).status_code == 303
        data = PEOPLE | {"applicant.address": "Cửa sổ hai"}
        late = await online.http.post(url, data=data | {"revision": old})
        assert (late.status_code, "cửa sổ khác" in late.text, "Cửa sổ hai" in late.text) == (409, True, True)
        assert "Cửa sổ một" in (await online.http.get(url)).text
        assert (await online.http.post(url, data=data | {"revision": revision(late)})).status_code == 303

    async def test_nonsense_of_a_form_is_no_error_of_ours(self, online: Intake) -> None:
        url = await begun(online)
        for data in (
            {},
            {"revision": "-1"},
            {"revision": "²"},
            PEOPLE | {"revision": "1", "clerk": "Cán bộ A"},
            PEOPLE | {"revision": "1", "checklist.0.paper": "1", "checklist.0.state": "original"},
            PEOPLE | {"revision": "1", "applicant": "x", "applicant.full_name.x": "y"},
            PEOPLE | {"revision": "1", "applicant.address": "x" * 70_000},
            PEOPLE | {"revision": "1", "procedure_code": "9.999999", "surprise": "1"},
            PEOPLE | {"revision": "-1", "a" + ".b" * 1200: "1", "papers." + "9" * 5000 + ".x": "1"},
        ):
            assert (await online.http.post(url, data=data)).status_code in (409, 422), data
            assert (await online.http.get(url)).status_code == 200
        assert (await online.http.get("/nop-ho-so/9.999999")).status_code == 404
        wrong = await online.http.post(f"/nop-ho-so/{PROCEDURE}", data={"counter": ""})
        assert (wrong.status_code, 'id="f-counter-wrong"' in wrong.text) == (422, True)

    async def test_where_no_form_is_taken_is_said_at_the_end_and_keeps_the_draft(self, online: Intake) -> None:
        url = await begun(online)
        assert (await typed(online, url, counter="H12.999.00")).status_code == 303
        reply = await online.http.post(f"{url}/gui")
        assert (reply.status_code, "không nhận hồ sơ bằng biểu mẫu trực tuyến" in reply.text) == (422, True)
        assert NAME in (await online.http.get(url)).text


class TestFiles:
    async def test_a_bad_file_is_said_beside_its_field_and_the_good_one_is_kept(self, online: Intake) -> None:
        url = await begun(online)
        await typed(online, url)
        too_long = PHOTO + b"\0" * online.settings.max_file_bytes
        for file, words in (
            (("virus.exe", b"MZ\x90\0" * 20, "application/x-msdownload"), "Chỉ nhận tệp PDF, JPG, PNG hoặc HEIC."),
            (("gia.pdf", b"not a pdf at all", "application/pdf"), "nội dung không phải PDF"),
            (("rong.jpg", b"", JPEG), "Tệp rỗng"),
            (("lon.jpg", too_long, JPEG), "Tệp quá lớn (tối đa 10 MB)"),
            (("<b>.jpg", PHOTO[:200], JPEG), "&lt;b&gt;.jpg"),
        ):
            reply = await online.http.post(f"{url}/giay-to", files={"paper-1": A_PHOTO, "paper-2": file})
            assert reply.status_code == 422, words
            beside = re.search(r'id="f-paper-2-wrong">(.*?)</p>', reply.text, re.DOTALL)
            assert beside, words
            assert words in beside[1]
            assert "✓ anh.jpg" in reply.text
        assert NAME in (await online.http.get(f"{url}/gui")).text
        assert len(await online.documents("files.files")) == 1

    async def test_more_than_is_read_at_all_is_said_beside_the_field(self, mongodb_url: str, prefix: str) -> None:
        notify = Opener(new_private_key())
        small = {"max_file_bytes": 100_000, "max_files_bytes": 200_000}
        settings = intake_settings(mongodb_url, prefix, notify, online_form=(COUNTER,), **small)
        async with open_intake(settings, notify) as online:
            url = await begun(online)
            await typed(online, url)
            huge = ("lon.jpg", PHOTO + b"\0" * 2_000_000, JPEG)
            headers = {"accept": "text/html,*/*"}
            for field in ("paper-1", "other"):
                page = await online.http.post(f"{url}/giay-to", files={field: huge}, headers=headers)
                assert (page.status_code, page.text.count('-wrong"><span')) == (422, 1)
                assert f'id="f-{field}-wrong"' in page.text
                assert "Tệp quá lớn (tối đa 97 KB)" in page.text
            both = {"paper-1": A_PHOTO, "other": huge}
            page = await online.http.post(f"{url}/giay-to", files=both, headers=headers)
            assert "Các tệp gửi cùng lúc quá lớn (tất cả tối đa 195 KB)" in page.text
            assert await online.documents("files.files") == []
            assert NAME in (await online.http.get(f"{url}/gui")).text
            await online.mongo.drop()

    async def test_a_file_is_taken_away_again(self, online: Intake) -> None:
        url = await ready(online)
        page = await online.http.get(f"{url}/giay-to")
        action = re.search(r'action="([^"]+/bo)"', page.text)
        assert action
        assert (await online.http.post(action[1])).headers["location"] == f"{url}/giay-to"
        assert "✓" not in (await online.http.get(f"{url}/giay-to")).text
        assert (await online.http.post(action[1])).status_code == 404

    async def test_one_may_stay_and_choose_more(self, online: Intake) -> None:
        url = await begun(online)
        await typed(online, url)
        reply = await online.http.post(f"{url}/giay-to", data={"sau": "o-lai"}, files={"other": A_PHOTO, "x": A_PHOTO})
        assert reply.headers["location"] == f"{url}/giay-to"
        page = await online.http.get(f"{url}/giay-to")
        assert page.text.count("✓ anh.jpg") == 1

    async def test_uploads_share_their_limit_with_the_api(self, mongodb_url: str, prefix: str) -> None:
        notify = Opener(new_private_key())
        few = {"draft_uploads": "1/hour", "draft_starts": "1/hour"}
        settings = intake_settings(mongodb_url, prefix, notify, online_form=(COUNTER,), **few)
        async with open_intake(settings, notify) as online:
            url = await ready(online)
            reply = await online.http.post(f"{url}/giay-to", files={"paper-2": A_PHOTO})
            assert (reply.status_code, "Quá nhiều lần thử" in reply.text) == (422, True)
            more = await online.http.post(f"/nop-ho-so/{PROCEDURE}", data={"counter": COUNTER})
            assert (more.status_code, int(more.headers["Retry-After"]) > 0) == (429, True)
            assert (await online.http.post("/v1/filings/drafts")).status_code == 429
            await online.mongo.drop()
