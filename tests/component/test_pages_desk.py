"""The counter's pages: find a procedure, register, lists, one dossier, its slips."""

from __future__ import annotations

import re
from typing import Any

import pytest

from contracts.events.notify import NoticeDelivered, NoticeSent
from contracts.types import NoticeEnd, NoticeKind
from services.intake.desk import opening
from services.kit.web.roles import Role
from tests.component.desk_fixtures import filed
from tests.component.page_desk_fixtures import DOSSIERS, Desk, place, registration
from tests.component.pages_fixtures import person, sign_in
from tests.component.service_fixtures import CITIZEN_ID, COUNTER, NAME, NO_LIMIT, PHONE, PROCEDURE, now

HOSTILE = "<script>alert(1)</script>\"'&"

__all__ = ["place"]


class TestFind:
    async def test_a_few_letters_without_diacritics_find_a_procedure(self, place: Desk) -> None:
        page = await place.get("/quay/thu-tuc?q=cap gi")
        assert (page.status_code, "Cấp giấy phép" in page.text) == (303, False), "one hit: its form at once"
        assert page.headers["location"] == "/quay/moi?tt=1.014467.H12"
        page = await place.get("/quay/thu-tuc?q=t")
        assert "Thủ tục chưa có thời hạn" in page.text

    async def test_the_list_follows_the_letters(self, place: Desk) -> None:
        part = await place.get("/quay/thu-tuc?q=khai s", headers={"HX-Request": "true"})
        assert part.status_code == 200
        assert part.text.lstrip().startswith('<div id="found"')
        assert 'href="/quay/moi?tt=1.014466.H12"' in part.text

    async def test_nothing_found_is_said_and_hostile_words_are_only_words(self, place: Desk) -> None:
        page = await place.get("/quay/thu-tuc", params={"q": HOSTILE})
        assert "<script>alert" not in page.text
        assert "Không có thủ tục nào khớp" in page.text
        assert (await place.get("/quay/thu-tuc", params={"q": "x" * 5000})).status_code == 200

    async def test_a_dossier_s_code_in_the_search_opens_it(self, place: Desk) -> None:
        code = await place.register()
        page = await place.get(f"/quay/thu-tuc?q={code}")
        assert page.headers["location"] == f"/quay/ho-so/{code}"


class TestScan:
    async def test_every_page_has_the_field_and_the_code_opens(self, place: Desk) -> None:
        code = await place.register()
        assert 'action="/quay/mo"' in (await place.get("/can-bo")).text
        for typed in (code, f" {code.lower()} ", f"https://motcua.example/tra-cuu/{code}"):
            page = await place.get("/quay/mo", params={"ma": typed})
            assert (page.status_code, page.headers["location"]) == (303, f"/quay/ho-so/{code}"), typed

    async def test_the_running_number_of_today_is_enough(self, place: Desk) -> None:
        code = await place.register()
        page = await place.get("/quay/mo", params={"ma": str(int(code[-4:]))})
        assert page.headers["location"] == f"/quay/ho-so/{code}"

    @pytest.mark.parametrize("typed", ["", "x", HOSTILE, "9999", "H12.970.00-260302-9999", "9" * 3000])
    async def test_what_is_no_code_is_not_found(self, place: Desk, typed: str) -> None:
        page = await place.get("/quay/mo", params={"ma": typed})
        assert (page.status_code, "dossier-unknown" in page.text) == (404, True)
        assert "<script>alert" not in page.text

    async def test_another_counter_s_dossier_does_not_exist(self, place: Desk) -> None:
        code = await place.register()
        assert (await place.other.get("/quay/mo", params={"ma": code})).status_code == 404

    async def test_who_has_no_counter_here_has_no_field(self, place: Desk) -> None:
        officer = await sign_in(place.intake.app, person(Role.OFFICER))
        page = await officer.get("/can-bo")
        assert 'action="/quay/mo"' not in page.text


class TestRegister:
    async def test_registered_with_one_form(self, place: Desk) -> None:
        page = await place.form(f"/quay/moi?tt={PROCEDURE}")
        assert "Giấy chứng sinh" in page.text
        code = await place.registered(page)
        dossier = await place.dossier(code)
        assert dossier["applicant"]["full_name"] == NAME
        assert dossier["applicant"]["phone"] == PHONE
        assert [(line["paper"], line["state"]) for line in dossier["checklist"]] == [(1, "original"), (2, "original")]
        assert (dossier["clerk"], dossier["fee_paid_vnd"], dossier["sets"]) == ("Cán bộ thử 01", 50_000, 2)
        assert await place.intake.told(code) == ["dossier.submitted.v1"]

    async def test_everybody_and_everything(self, place: Desk) -> None:
        page = await place.form(f"/quay/moi?tt={PROCEDURE}")
        code = await place.registered(
            page,
            **{
                "applicant.kind": "organisation", "applicant.id_number": "0101234567", "channel": "post",
                "return_by": "post", "return_address": "Ấp Thử, xã Thử", "submitter.full_name": "Người Mang Thử",
                "submitter.id_number": CITIZEN_ID, "mandated.full_name": "Người Thay Thử",
                "mandate.paper": "Giấy ủy quyền", "mandate.valid_until": "2030-01-31", "du_giay_to": "",
                "giay.1.state": "copy", "giay.2.state": "replaced", "giay.3.state": "not_applicable",
            },
        )  # fmt: skip
        dossier = await place.dossier(code)
        assert dossier["mandated"]["full_name"] == "Người Thay Thử"
        assert (dossier["channel"], dossier["return_by"]) == ("post", "post")
        said = [(line["state"], line["reason"]) for line in dossier["checklist"]]
        assert said == [("copy", None), ("replaced", "in-population-database"), ("not_applicable", "other-case")]
        shown = (await place.get(f"/quay/ho-so/{code}")).text
        assert "Người Mang Thử" in shown
        assert "Giấy ủy quyền" in shown

    async def test_sent_twice_it_is_one_dossier(self, place: Desk) -> None:
        page = await place.form(f"/quay/moi?tt={PROCEDURE}")
        fields = place.fields(page) | registration()
        first = await place.post("/quay/moi", fields)
        again = await place.post("/quay/moi", fields)
        assert first.headers["location"] == again.headers["location"]
        assert len(await place.intake.documents(DOSSIERS)) == 1

    @pytest.mark.parametrize(
        ("changes", "place_of_error"),
        [
            ({"applicant.full_name": ""}, "applicant.full_name"),
            ({"applicant.phone": "12"}, "applicant.phone"),
            ({"applicant.phone": "0290 3831234"}, "applicant.phone"),
            ({"applicant.id_number": "123"}, "applicant.id_number"),
            ({"applicant.kind": "organisation", "applicant.id_number": CITIZEN_ID}, "applicant.id_number"),
            ({"submitter.full_name": "A", "submitter.id_number": "1"}, "submitter.id_number"),
            ({"submitter.phone": PHONE}, "submitter.full_name"),
            ({"mandated.full_name": "A"}, "mandate.paper"),
            ({"mandated.full_name": "A", "mandate.paper": "G", "mandate.signed_on": "mai"}, "mandate.signed_on"),
            ({"sets": "0"}, "sets"),
            ({"sets": "x"}, "sets"),
            ({"fee_paid_vnd": "-1"}, "fee_paid_vnd"),
            ({"return_by": "post", "applicant.address": ""}, "return_address"),
            ({"giay.2.state": "missing"}, "giay.2.reason"),
            ({"giay.2.state": "missing", "giay.2.reason": "missing-papers"}, "giay.2.state"),
            ({"du_giay_to": ""}, "giay.1.state"),
            ({"giay.1.state": "eaten"}, "giay.1.state"),
            ({"giay.9.state": "copy"}, "giay.9.state"),
            ({"external_ref": "có dấu"}, "external_ref"),
            ({"return_by": "pigeon"}, "return_by"),
        ],
    )
    async def test_what_is_wrong_is_said_beside_its_field(
        self, place: Desk, changes: dict[str, str], place_of_error: str
    ) -> None:
        page = await place.form(f"/quay/moi?tt={PROCEDURE}")
        reply = await place.post("/quay/moi", place.fields(page) | registration() | changes)
        assert reply.status_code == 422
        ident = place_of_error.replace(".", "-")
        assert f'href="#f-{ident}"' in reply.text
        kept = changes.get("applicant.address", "Số 1 đường Thử")
        assert f'name="applicant.address" type="text" value="{kept}"' in reply.text, "typed values stay"
        assert await place.intake.documents(DOSSIERS) == []

    async def test_hostile_text_is_only_text(self, place: Desk) -> None:
        page = await place.form(f"/quay/moi?tt={PROCEDURE}")
        wrong = await place.post(
            "/quay/moi", place.fields(page) | registration(**{"applicant.full_name": HOSTILE, "sets": HOSTILE})
        )
        assert (wrong.status_code, "<script>alert" in wrong.text) == (422, False)
        code = await place.registered(page, **{"applicant.full_name": HOSTILE, "applicant.address": HOSTILE})
        for address in ("", "/phieu?mau=receipt", "/rut"):
            shown = await place.get(f"/quay/ho-so/{code}{address}", follow_redirects=True)
            assert (shown.status_code, "<script>alert" in shown.text) == (200, False), address
            assert "&lt;script&gt;" in shown.text
        assert "<script>alert" not in (await place.get("/quay")).text

    async def test_a_duplicate_is_warned_of_and_may_be_registered_all_the_same(self, place: Desk) -> None:
        first = await place.register()
        page = await place.form(f"/quay/moi?tt={PROCEDURE}")
        assert "Vẫn đăng ký" not in page.text
        warned = await place.post("/quay/moi", place.fields(page) | registration())
        assert (warned.status_code, "Vẫn đăng ký" in warned.text) == (422, True)
        assert f'href="/quay/ho-so/{first}"' in warned.text
        code = await place.registered(warned, duplicate_confirmed="true")
        assert code != first

    async def test_not_complete_it_is_noted_and_the_request_for_papers_is_next(self, place: Desk) -> None:
        page = await place.form(f"/quay/moi?tt={PROCEDURE}")
        fields = registration(**{"viec": "chua-du", "giay.2.state": "missing", "giay.2.reason": "missing-papers"})
        reply = await place.post("/quay/moi", place.fields(page) | fields)
        found = re.fullmatch(r"/quay/ho-so/(.+)/yeu-cau-bo-sung", reply.headers["location"])
        assert found
        asked = await place.form(reply.headers["location"])
        assert '<option value="missing-papers" selected>' in asked.text
        assert (await place.dossier(found[1]))["status"] == "registered"

    async def test_solved_on_the_spot(self, place: Desk) -> None:
        page = await place.form(f"/quay/moi?tt={NO_LIMIT}")
        code = await place.registered(page, **{"on_the_spot.received_by": "owner"})
        assert (await place.dossier(code))["on_the_spot"] is True

    async def test_a_procedure_without_a_limit_says_so(self, place: Desk) -> None:
        page = await place.form(f"/quay/moi?tt={NO_LIMIT}")
        reply = await place.post("/quay/moi", place.fields(page) | registration(procedure_code=NO_LIMIT))
        assert (reply.status_code, "chưa công bố thời hạn" in reply.text) == (422, True)

    async def test_another_counter_s_name_in_the_form_is_not_found(self, place: Desk) -> None:
        page = await place.form(f"/quay/moi?tt={PROCEDURE}")
        reply = await place.other.post("/quay/moi", place.fields(page) | registration() | {"_csrf": place.other.csrf})
        assert (reply.status_code, "unit-unknown" in reply.text) == (404, True)

    @pytest.mark.parametrize("first", [COUNTER, ""])
    async def test_of_two_counters_in_the_form_none_slips_through(self, place: Desk, first: str) -> None:
        """What is looked at is what is done."""
        page = await place.form(f"/quay/moi?tt={PROCEDURE}")
        fields = place.fields(page) | registration() | {"counter": [first, "H12.971.00"]}
        reply = await place.post("/quay/moi", fields)
        assert (reply.status_code, "unit-unknown" in reply.text) == (404, True)
        assert await place.intake.documents(DOSSIERS) == []

    async def test_a_procedure_that_is_not_there(self, place: Desk) -> None:
        assert (await place.get("/quay/moi?tt=1.999999&k=12345678")).status_code == 404
        assert (await place.get("/quay/moi?k=12345678")).headers["location"] == "/quay/thu-tuc"


class TestLists:
    async def test_today_and_what_waits(self, place: Desk) -> None:
        registered, waiting = await place.register(), await filed(place.intake, channel="online")
        home = (await place.get("/quay")).text
        assert registered in home
        assert re.search(r'cho-tiep-nhan[^>]*><span class="count">1<', home)
        assert re.search(r'hom-nay[^>]*><span class="count">2<', home)
        today = (await place.get("/quay/hom-nay")).text
        assert today.index(waiting) < today.index(registered), "the latest first"
        assert waiting in (await place.get("/quay/cho-tiep-nhan")).text
        assert registered not in (await place.get("/quay/cho-tiep-nhan")).text

    async def test_results_that_wait_say_how_the_citizen_was_told(self, place: Desk) -> None:
        code = await place.resolved()
        assert "Chưa có tin nào" in (await place.get("/quay/cho-tra")).text
        await place.told(code, NoticeSent, NoticeKind.RESOLVED)
        page = (await place.get("/quay/cho-tra")).text
        assert (code in page, "Zalo: đã gửi" in page) == (True, True)

    async def test_long_lists_go_on_without_gap_or_repeat(self, place: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        async def short(*args: Any, **more: Any) -> Any:
            return await received_on(*args, **{**more, "limit": 2})

        received_on = opening.received_on
        monkeypatch.setattr(opening, "received_on", short)
        codes = set()
        at = now().isoformat()
        for _ in range(5):
            codes.add(await place.register(occurred_at=at))
        seen: list[str] = []
        address: str | None = "/quay/hom-nay"
        while address:
            page = (await place.get(address)).text
            seen += re.findall(r'<td class="whole"><a href="/quay/ho-so/([^"]+)"', page)
            found = re.search(r'href="([^"]+)" rel="next"', page)
            address = found[1].replace("&amp;", "&") if found else None
        assert (len(seen), set(seen)) == (5, codes)

    @pytest.mark.parametrize("mark", ["x", "9" * 15 + ".1", "-1.1", HOSTILE])
    async def test_a_mark_that_is_none_is_no_error(self, place: Desk, mark: str) -> None:
        await place.register()
        for path in ("/quay/hom-nay", "/quay/cho-tra"):
            assert (await place.get(path, params={"sau": mark})).status_code in (200, 422)

    async def test_another_counter_s_list_does_not_exist(self, place: Desk) -> None:
        await place.register()
        for path in ("/quay", "/quay/hom-nay", "/quay/cho-tra"):
            assert (await place.other.get(path, params={"quay": COUNTER})).status_code == 404
            assert COUNTER not in (await place.other.get(path)).text


class TestOneDossier:
    async def test_whether_the_citizen_was_informed_is_seen_at_once(self, place: Desk) -> None:
        code = await place.register()
        address = f"/quay/ho-so/{code}"
        assert "Chưa có tin nào được gửi" in (await place.get(address)).text
        await place.told(code, NoticeSent, NoticeKind.RECEIVED)
        part = await place.get(f"{address}/da-bao", headers={"HX-Request": "true"})
        assert ("Zalo: đã gửi" in part.text, "hx-get" in part.text) == (True, True)
        await place.told(code, NoticeDelivered, NoticeKind.RECEIVED)
        part = await place.get(f"{address}/da-bao", headers={"HX-Request": "true"})
        assert ("Zalo: công dân đã nhận" in part.text, "hx-get" in part.text) == (True, False)

    async def test_who_could_not_be_reached_is_to_be_called(self, place: Desk) -> None:
        code = await place.resolved()
        address = f"/quay/ho-so/{code}"
        await place.told(code, NoticeSent, NoticeKind.RESOLVED)
        await place.untold(code, NoticeKind.RESOLVED, NoticeEnd.UNDELIVERABLE)
        part = await place.get(f"{address}/da-bao", headers={"HX-Request": "true"})
        assert ("Không gửi được, cần gọi điện" in part.text, "hx-get" in part.text) == (True, False)
        assert "chưa báo nhận" not in part.text
        assert "Không gửi được, cần gọi điện" in (await place.get("/quay/cho-tra")).text
        await place.told(code, NoticeDelivered, NoticeKind.RESOLVED)
        again = (await place.get(address)).text
        assert ("Zalo: công dân đã nhận" in again, "cần gọi điện" in again) == (True, False)

    async def test_what_was_not_true_any_more_is_no_failure(self, place: Desk) -> None:
        code = await place.register()
        await place.untold(code, NoticeKind.RECEIVED, NoticeEnd.CANCELLED)
        assert "Chưa có tin nào được gửi" in (await place.get(f"/quay/ho-so/{code}")).text

    async def test_it_looks_for_news_only_so_often(self, place: Desk) -> None:
        code = await place.register()
        address = f"/quay/ho-so/{code}/da-bao"
        last = await place.get(f"{address}?lan=20", headers={"HX-Request": "true"})
        assert (last.status_code, "hx-get" in last.text) == (200, False)
        assert (await place.get(f"{address}?lan=21", headers={"HX-Request": "true"})).status_code == 422
        assert (await place.get(address)).headers["location"] == f"/quay/ho-so/{code}"

    async def test_who_wants_no_notices_is_named(self, place: Desk) -> None:
        code = await place.register(applicant__phone=None)
        assert "Không nhận tin nhắn" in (await place.get(f"/quay/ho-so/{code}")).text

    async def test_only_what_is_allowed_is_offered(self, place: Desk) -> None:
        code = await place.register()
        page = (await place.get(f"/quay/ho-so/{code}")).text
        assert f"/quay/ho-so/{code}/rut" in page
        for path in ("tiep-nhan", "tu-choi", "yeu-cau-bo-sung", "bo-sung", "tra-ket-qua", "nop-tien"):
            assert f'href="/quay/ho-so/{code}/{path}"' not in page
            reply = await place.get(f"/quay/ho-so/{code}/{path}?k=12345678")
            assert (reply.status_code, "Mã lỗi" in reply.text) == (409, True), path

    async def test_the_receipt_is_printed_with_its_qr_code(self, place: Desk) -> None:
        code = await place.register()
        page = await place.get(f"/quay/ho-so/{code}/phieu?mau=receipt")
        assert page.status_code == 200
        for words in ("<svg", 'class="a5"', "Giấy tiếp nhận hồ sơ và hẹn trả kết quả", NAME, "print.", "Về hồ sơ"):
            assert words in page.text, words
        policy = page.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "style-src 'self' 'sha256-" in policy

    async def test_the_control_sheet_and_slips_that_are_not_there(self, place: Desk) -> None:
        code = await place.register()
        address = f"/quay/ho-so/{code}/phieu"
        assert 'class="a4' in (await place.get(f"{address}?mau=control-sheet")).text
        assert (await place.get(f"{address}?mau=refusal")).status_code == 404
        assert (await place.get(f"{address}?mau=register")).status_code == 422
        assert (await place.post(address, {"mau": "receipt"})).status_code == 404
        assert (await place.post(address, {"mau": "refusal", "lan": "x"})).status_code == 409

    async def test_files_are_seen_by_their_own_counter_only(self, place: Desk) -> None:
        code, id = await place.with_photograph()
        page = (await place.get(f"/quay/ho-so/{code}")).text
        assert f"/quay/ho-so/{code}/tep?id={id}" in page
        whole = await place.get(f"/quay/ho-so/{code}/tep?id={id}")
        assert whole.headers["content-disposition"].startswith("attachment")
        view = await place.get(f"/quay/ho-so/{code}/tep?id={id}&xem=jpeg")
        assert view.headers["content-type"] == "image/jpeg"
        assert (await place.get(f"/quay/ho-so/{code}/tep?id=x")).status_code == 404
        assert (await place.other.get(f"/quay/ho-so/{code}/tep?id={id}")).status_code == 404
