"""The counter's pages: what is done with a dossier, and what is not."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from services.intake.attachments.file_types import PDF, PNG
from services.kit.web.roles import Role
from tests.component.desk_fixtures import COMPLETE, filed
from tests.component.page_desk_fixtures import Desk, place, registration
from tests.component.pages_fixtures import person, sign_in
from tests.component.service_fixtures import COUNTER, NO_LIMIT, PROCEDURE
from tests.unit.intake.file_fixtures import good

__all__ = ["place"]
HOSTILE = "<script>alert(1)</script>\"'&"
HAND_OVER = {"method": "counter", "received_by": "owner", "proof": "signature", "identity_check": "citizen_card"}


async def status(place: Desk, code: str) -> str:
    return str((await place.dossier(code))["status"])


def address(code: str, deed: str) -> str:
    return f"/quay/ho-so/{code}/{deed}"


class TestAccept:
    async def test_a_filing_is_accepted_as_it_was_filed(self, place: Desk) -> None:
        code = await filed(place.intake, channel="online", checklist=COMPLETE)
        page = await place.form(address(code, "tiep-nhan"))
        assert '<option value="digital" selected>' in page.text
        reply = await place.fill(address(code, "tiep-nhan"), fee_paid_vnd="20.000")
        assert reply.headers["location"] == f"/quay/ho-so/{code}"
        dossier = await place.dossier(code)
        assert (dossier["status"], dossier["fee_paid_vnd"], dossier["clerk"]) == ("received", 20_000, "Cán bộ thử 01")

    async def test_what_lacks_is_named_beside_its_paper(self, place: Desk) -> None:
        code = await filed(place.intake)
        reply = await place.fill(address(code, "tiep-nhan"), **{"giay.1.state": "original"})
        assert (reply.status_code, "Còn thiếu: Giấy chứng sinh" in reply.text) == (422, True)
        assert await status(place, code) == "registered"
        reply = await place.fill(address(code, "tiep-nhan"), **{"giay.2.state": "original"})
        assert (reply.status_code, await status(place, code)) == (303, "received")

    async def test_accepted_twice_is_accepted_once(self, place: Desk) -> None:
        code = await filed(place.intake, checklist=COMPLETE)
        page = await place.form(address(code, "tiep-nhan"))
        fields = place.fields(page)
        first = await place.post(address(code, "tiep-nhan"), fields)
        again = await place.post(address(code, "tiep-nhan"), fields)
        assert (first.headers["location"], again.headers["location"]) == (f"/quay/ho-so/{code}",) * 2
        late = await place.post(address(code, "tiep-nhan"), fields | {"_key": "another-key-1"})
        assert (late.status_code, "không đang chờ tiếp nhận" in late.text) == (422, True)
        assert (await place.intake.told(code)).count("dossier.submitted.v1") == 1


class TestAskForPapers:
    async def test_what_is_known_to_lack_is_chosen_and_the_slip_gets_its_number(self, place: Desk) -> None:
        code = await filed(place.intake)
        page = await place.form(address(code, "yeu-cau-bo-sung"))
        assert '<option value="missing-papers" selected>' in page.text
        reply = await place.fill(address(code, "yeu-cau-bo-sung"), **{"giay.2.wanted": "paper-expired"})
        assert (reply.status_code, await status(place, code)) == (303, "supplement")
        shown = (await place.get(f"/quay/ho-so/{code}")).text
        assert "Giấy tờ hết hiệu lực" in shown
        assert "Lập và in: Phiếu yêu cầu bổ sung" in shown
        issued = await place.post(address(code, "phieu"), {"mau": "supplement-request", "lan": "1"})
        slip = await place.get(issued.headers["location"])
        assert ("01/PBS" in slip.text, "Giấy chứng sinh" in slip.text) == (True, True)
        again = await place.post(address(code, "phieu"), {"mau": "supplement-request", "lan": "1"})
        assert again.headers["location"] == issued.headers["location"]
        assert "In: Phiếu yêu cầu bổ sung 01/PBS" in (await place.get(f"/quay/ho-so/{code}")).text

    @pytest.mark.parametrize("fields", [{"giay.2.wanted": ""}, {"giay.2.wanted": "tired"}, {"giay.2.wanted": HOSTILE}])
    async def test_nothing_or_nonsense_is_asked_for(self, place: Desk, fields: dict[str, str]) -> None:
        code = await filed(place.intake)
        reply = await place.fill(address(code, "yeu-cau-bo-sung"), **fields)
        assert (reply.status_code, "wrong" in reply.text, "<script>alert" in reply.text) == (422, True, False)
        assert await status(place, code) == "registered"

    async def test_the_second_time_needs_who_is_in_charge_and_a_legal_basis(self, place: Desk) -> None:
        code = await filed(place.intake)
        await place.fill(address(code, "yeu-cau-bo-sung"), **{"giay.2.wanted": "missing-papers"})
        await place.fill(address(code, "bo-sung"), **{"giay.2.state": "copy"})
        form = address(code, "yeu-cau-bo-sung")
        asked = {"giay.2.wanted": "not-certified", "legal_basis": "Luật Thử Điều 1"}
        refused = await place.fill(form, **asked)
        assert (refused.status_code, 'id="f-legal_basis-wrong"' in refused.text) == (422, True)
        place.clerk = place.supervisor
        assert (await place.fill(form, **asked | {"legal_basis": ""})).status_code == 422
        assert (await place.fill(form, **asked)).status_code == 303
        assert "Luật Thử Điều 1" in (await place.get(f"/quay/ho-so/{code}")).text

    async def test_where_no_list_is_published_a_paper_is_named(self, place: Desk) -> None:
        code = await filed(place.intake, procedure_code=NO_LIMIT, checklist=[])
        named = {"khac.name": f"Đơn {HOSTILE}", "khac.reason": "signature-missing"}
        reply = await place.fill(address(code, "yeu-cau-bo-sung"), **named)
        assert reply.status_code == 303
        page = (await place.get(f"/quay/ho-so/{code}")).text
        assert ("Thiếu chữ ký" in page, "<script>alert" in page) == (True, False)


class TestRefuse:
    async def test_with_coded_grounds_and_its_slip(self, place: Desk) -> None:
        code = await filed(place.intake)
        assert (await place.fill(address(code, "tu-choi"))).status_code == 422
        assert (await place.fill(address(code, "tu-choi"), **{"grounds[]": "dislike"})).status_code == 422
        reply = await place.fill(address(code, "tu-choi"), **{"grounds[]": ["not-eligible", "forged-papers"]})  # type: ignore[arg-type]
        assert (reply.status_code, await status(place, code)) == (303, "refused")
        slip = await place.post(address(code, "phieu"), {"mau": "refusal"}, follow_redirects=True)
        assert (slip.status_code, "dấu hiệu giả mạo" in slip.text) == (200, True)


class TestSupplement:
    async def test_to_an_agency_s_request_the_limit_begins_anew(self, place: Desk) -> None:
        code = await place.asked_by_agency()
        page = await place.form(address(code, "bo-sung"))
        assert "Giấy chứng sinh" in page.text
        reply = await place.fill(address(code, "bo-sung"), **{"giay.2.state": "original"})
        assert (reply.status_code, await status(place, code)) == (303, "in_process")
        shown = (await place.get(f"/quay/ho-so/{code}")).text
        assert "Bản điện tử → Bản chính" in shown
        assert "tính lại từ đầu" in shown

    async def test_a_state_that_needs_its_reason(self, place: Desk) -> None:
        code = await place.asked_by_agency()
        reply = await place.fill(address(code, "bo-sung"), **{"giay.2.state": "missing"})
        assert (reply.status_code, await status(place, code)) == (422, "supplement")
        assert 'href="#f-giay-2-reason"' in reply.text


class TestPayment:
    async def test_the_receipt_is_recorded_once(self, place: Desk) -> None:
        code = await place.asked_to_pay()
        page = await place.form(address(code, "nop-tien"))
        assert 'value="700000"' in page.text
        wrong = await place.fill(address(code, "nop-tien"), reference="BL-01", amount_vnd="1")
        assert (wrong.status_code, 'id="f-amount_vnd-wrong"' in wrong.text) == (422, True)
        for reference in ("", "có dấu", "x" * 200):
            assert (await place.fill(address(code, "nop-tien"), reference=reference)).status_code == 422
        reply = await place.fill(address(code, "nop-tien"), reference="BL-01", amount_vnd="700.000 đ")
        assert (reply.status_code, await status(place, code)) == (303, "in_process")
        assert "BL-01" in (await place.get(f"/quay/ho-so/{code}")).text


class TestWithdraw:
    async def test_and_its_slip(self, place: Desk) -> None:
        code = await place.register()
        reply = await place.fill(address(code, "rut"), reason="no-longer-needed")
        assert (reply.status_code, await status(place, code)) == (303, "withdrawn")
        slip = await place.post(address(code, "phieu"), {"mau": "termination"}, follow_redirects=True)
        assert (slip.status_code, "dừng giải quyết" in slip.text.lower()) == (200, True)
        assert (await place.get(f"{address(code, 'rut')}?k=12345678")).status_code == 409


class TestHandOver:
    async def test_signed_for(self, place: Desk) -> None:
        code = await place.resolved()
        reply = await place.fill(address(code, "tra-ket-qua"), **HAND_OVER)
        assert (reply.status_code, await status(place, code)) == (303, "returned")
        assert "Ký nhận" in (await place.get(f"/quay/ho-so/{code}")).text
        assert code not in (await place.get("/quay/cho-tra")).text

    async def test_by_the_code_sent_to_the_phone(self, place: Desk) -> None:
        code = await place.resolved()
        sent = await place.post(address(code, "tra-ket-qua/ma"))
        assert sent.headers["location"] == f"{address(code, 'tra-ket-qua')}?ma=1"
        page = await place.form(sent.headers["location"])
        assert '<option value="one_time_code" selected>' in page.text
        soon = await place.post(address(code, "tra-ket-qua/ma"))
        assert "Vừa gửi mã" in (await place.get(soon.headers["location"], follow_redirects=True)).text
        by_code = HAND_OVER | {"proof": "one_time_code"}
        digits = await digits_of(place, code)
        assert (await place.fill(address(code, "tra-ket-qua"), **by_code)).status_code == 422
        wrong = await place.fill(address(code, "tra-ket-qua"), **by_code, one_time_code=other_than(digits))
        assert (wrong.status_code, 'id="f-one_time_code-wrong"' in wrong.text) == (422, True)
        reply = await place.fill(address(code, "tra-ket-qua"), **by_code, one_time_code=digits)
        assert (reply.status_code, await status(place, code)) == (303, "returned")

    async def test_guessing_ends_after_some_tries(self, place: Desk) -> None:
        code = await place.resolved()
        await place.post(address(code, "tra-ket-qua/ma"))
        by_code = HAND_OVER | {"proof": "one_time_code"}
        digits = await digits_of(place, code)
        for _ in range(5):
            await place.fill(address(code, "tra-ket-qua"), **by_code, one_time_code=other_than(digits))
        reply = await place.fill(address(code, "tra-ket-qua"), **by_code, one_time_code=digits)
        assert (reply.status_code, "Quá nhiều lần thử" in reply.text) == (422, True)
        assert await status(place, code) == "resolved"

    @pytest.mark.parametrize(
        ("changes", "name"),
        [
            ({"proof": "postal_receipt"}, "proof"),
            ({"method": "post"}, "proof"),
            ({"received_by": "neighbour"}, "received_by"),
            ({"proof": "one_time_code", "one_time_code": "12345x"}, "one_time_code"),
            ({"receiver.full_name": "Người Lấy Thử", "receiver.id_number": "1"}, "receiver.id_number"),
            ({"receiver.id_number": "096190001234"}, "receiver.full_name"),
        ],
    )
    async def test_what_is_wrong_is_said_beside_its_field(
        self, place: Desk, changes: dict[str, str], name: str
    ) -> None:
        code = await place.resolved()
        reply = await place.fill(address(code, "tra-ket-qua"), **HAND_OVER | changes)
        assert (reply.status_code, await status(place, code)) == (422, "resolved")
        assert f'id="f-{name.replace(".", "-")}-wrong"' in reply.text

    async def test_by_post_the_form_says_so(self, place: Desk) -> None:
        code = await place.resolved(return_by="post", return_address="Ấp Thử")
        page = await place.form(address(code, "tra-ket-qua"))
        assert "Ấp Thử" in page.text
        reply = await place.fill(
            address(code, "tra-ket-qua"), method="post", received_by="postal_service", proof="postal_receipt"
        )
        assert (reply.status_code, await status(place, code)) == (303, "returned")

    async def test_no_phone_no_code(self, place: Desk) -> None:
        code = await place.resolved(applicant__phone=None)
        page = await place.form(address(code, "tra-ket-qua"))
        assert "Gửi mã" not in page.text
        sent = await place.post(address(code, "tra-ket-qua/ma"))
        shown = await place.get(sent.headers["location"], follow_redirects=True)
        assert "không có số điện thoại" in shown.text


class TestScans:
    async def test_files_are_kept_with_their_paper(self, place: Desk) -> None:
        code = await place.register()
        page = await place.form(address(code, "quet"))
        two = [("tep", ("a.png", good(PNG), "image/png")), ("tep", ("b.pdf", good(PDF), "application/pdf"))]
        reply = await place.post(address(code, "quet"), place.fields(page) | {"giay_to": "2"}, files=two)
        assert reply.headers["location"] == f"/quay/ho-so/{code}"
        shown = (await place.get(f"/quay/ho-so/{code}")).text
        assert ("a.png" in shown, "b.pdf" in shown, "Đã lưu 2 tệp" in shown) == (True, True, True)

    @pytest.mark.parametrize(
        ("paper", "content", "name"),
        [
            ("", b"%PDF-1.4", "giay_to"), ("x", b"%PDF-1.4", "giay_to"), ("9", good(PNG), "tep"), ("1", b"", "tep"),
            ("1", b"no file of ours", "tep"), ("1", b"%PDF-1.4 broken", "tep"),
            ("1", b"%PDF" + b"x" * 11 * 2**20, "tep"),
        ],
        ids=["no-paper", "odd-paper", "unlisted-paper", "empty", "unknown-type", "broken", "too-big"],
    )  # fmt: skip
    async def test_what_is_wrong_is_said_beside_its_field(
        self, place: Desk, paper: str, content: bytes, name: str
    ) -> None:
        code = await place.register()
        page = await place.form(address(code, "quet"))
        one = [("tep", ("a.pdf", content, "application/pdf"))]
        reply = await place.post(address(code, "quet"), place.fields(page) | {"giay_to": paper}, files=one)
        assert (reply.status_code, f'id="f-{name}-wrong"' in reply.text) == (422, True)
        assert await place.intake.documents("attachments") == []

    async def test_more_than_a_dossier_may_have_is_said_beside_the_field_and_may_be_sent_smaller(
        self, place: Desk
    ) -> None:
        code = await place.register()
        page = await place.form(address(code, "quet"))
        much = [("tep", ("a.pdf", b"x" * 51 * 2**20, "application/pdf"))]
        fields = place.fields(page) | {"giay_to": "1"}
        reply = await place.post(address(code, "quet"), fields, files=much)
        assert (reply.status_code, 'id="f-tep-wrong"' in reply.text) == (422, True)
        assert '<option value="1" selected>' in reply.text
        assert fields["_key"] in reply.text
        assert (await place.other.post(address(code, "quet"), {"giay_to": "1"}, files=much)).status_code == 404
        assert await place.intake.documents("attachments") == []
        small = [("tep", ("a.pdf", good(PDF), "application/pdf"))]
        reply = await place.post(address(code, "quet"), fields, files=small)
        assert (reply.status_code, len(await place.intake.documents("attachments"))) == (303, 1)


class TestASessionThatEnds:
    async def test_nothing_typed_is_lost(self, place: Desk) -> None:
        page = await place.form(f"/quay/moi?tt={PROCEDURE}")
        fields = place.fields(page) | registration(**{"giay.2.state": "copy"})
        await place.intake.mongo.collection("web_sessions").update_many({}, [{"$set": {"ended_at": "$seen_at"}}])
        reply = await place.post("/quay/moi", fields)
        assert reply.headers["location"].startswith("/dang-nhap?")
        again = await sign_in(place.intake.app, person(Role.CLERK, units=(COUNTER,)))
        kept = reply.headers["set-cookie"].partition(";")[0].partition("=")
        again.http.cookies.set(kept[0], kept[2])
        shown = await again.get(str(page.url.raw_path, "ascii"))
        assert ('value="Số 1 đường Thử"' in shown.text, 'value="copy" selected' in shown.text) == (True, True)
        sent = await again.post("/quay/moi", fields | {"_csrf": again.csrf})
        assert (sent.status_code, len(await place.intake.documents("dossiers"))) == (303, 1)

    async def test_what_stood_beside_files_that_are_too_large_is_kept_as_well(self, place: Desk) -> None:
        code = await place.register()
        page = await place.form(address(code, "quet"))
        await place.intake.mongo.collection("web_sessions").update_many({}, [{"$set": {"ended_at": "$seen_at"}}])
        much = [("tep", ("a.pdf", b"x" * 51 * 2**20, "application/pdf"))]
        reply = await place.post(address(code, "quet"), place.fields(page) | {"giay_to": "2"}, files=much)
        again = await sign_in(place.intake.app, person(Role.CLERK, units=(COUNTER,)))
        kept = reply.headers["set-cookie"].partition(";")[0].partition("=")
        again.http.cookies.set(kept[0], kept[2])
        shown = (await again.get(str(page.url.raw_path, "ascii"))).text
        assert ('<option value="2" selected>' in shown, "tệp đính kèm phải chọn lại" in shown) == (True, True)


class TestWhoElse:
    async def test_nobody_of_another_counter_does_anything(self, place: Desk) -> None:
        waiting, ready = await filed(place.intake, checklist=COMPLETE), await place.resolved()
        before = await place.intake.counts("dossiers", "outbox", "slips")
        for code, deed in [
            (waiting, "tiep-nhan"), (waiting, "tu-choi"), (waiting, "yeu-cau-bo-sung"), (waiting, "rut"),
            (ready, "tra-ket-qua"), (ready, "tra-ket-qua/ma"), (ready, "bo-sung"), (ready, "nop-tien"),
            (ready, "phieu"), (waiting, "quet"),
        ]:  # fmt: skip
            reply = await place.other.post(address(code, deed), {"grounds[]": "not-eligible", "mau": "refusal"})
            assert (reply.status_code, "dossier-unknown" in reply.text) == (404, True), deed
        assert await place.intake.counts("dossiers", "outbox", "slips") == before

    @pytest.mark.parametrize("role", [Role.OFFICER, Role.HEAD, Role.OPERATOR])
    async def test_no_other_role_comes_in(self, place: Desk, role: Role) -> None:
        code = await place.register()
        browser = await sign_in(place.intake.app, person(role, units=(COUNTER,)))
        for path in ("/quay", "/quay/cho-tra", "/quay/thu-tuc", f"/quay/ho-so/{code}", f"/quay/mo?ma={code}"):
            assert (await browser.get(path)).status_code == 403, path

    async def test_a_clerk_without_a_counter_is_told_so(self, place: Desk) -> None:
        browser = await sign_in(place.intake.app, person(Role.CLERK))
        reply = await browser.get("/quay")
        assert (reply.status_code, "chưa được gán cho quầy nào" in reply.text) == (403, True)


async def digits_of(place: Desk, code: str) -> str:
    """What notify would read and send."""
    event = (await place.intake.events(code, "dossier.code-issued.v1"))[-1]
    said: Any = orjson.loads(place.intake.notify.open(event["secret"]))
    return str(said["code"])


def other_than(digits: str) -> str:
    return f"{(int(digits) + 1) % 1_000_000:06d}"
