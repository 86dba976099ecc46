"""An inspector (thanh tra, kiểm tra) at the counter's pages: reads the work of every counter, and does nothing."""

from __future__ import annotations

from services.kit.web.roles import Role
from tests.component.page_desk_fixtures import Desk
from tests.component.page_desk_fixtures import place as place
from tests.component.pages_fixtures import person, sign_in
from tests.component.service_fixtures import COUNTER, NAME, OTHER_COUNTER


class TestAnInspector:
    async def test_chooses_a_counter_and_reads_its_work(self, place: Desk) -> None:
        code, look = await place.register(), place.inspector
        assert (await look.get("/quay")).headers["location"] == "/quay/chon"
        chosen = (await look.get("/quay/chon")).text
        assert f'href="/quay?quay={COUNTER}"' in chosen
        for path in ("/quay", "/quay/hom-nay"):
            page = (await look.get(path, params={"quay": COUNTER})).text
            assert (code in page, 'href="/quay/chon"' in page) == (True, True)
        assert "data-search" not in (await look.get("/quay", params={"quay": COUNTER})).text
        for nonsense in ("x", "H12.970.00'", "H12." * 30):
            assert (await look.get("/quay/hom-nay", params={"quay": nonsense})).headers["location"] == "/quay/chon"

    async def test_opens_a_dossier_where_nothing_is_offered(self, place: Desk) -> None:
        code, look = await place.register(), place.inspector
        assert (await look.get("/quay/mo", params={"ma": code})).headers["location"] == f"/quay/ho-so/{code}"
        page = (await look.get(f"/quay/ho-so/{code}")).text
        assert (NAME in page, "Chỉ xem" in page) == (True, True)
        for word in ("/rut", "/tra-ket-qua", "/quet", "/quay/thu-tuc", "Lập và in"):
            assert word not in page, word
        assert (await look.get(f"/quay/ho-so/{code}/phieu")).status_code == 200
        for action in ("rut", "tra-ket-qua", "quet"):
            assert (await look.get(f"/quay/ho-so/{code}/{action}")).status_code == 403, action

    async def test_sends_nothing_that_has_an_effect(self, place: Desk) -> None:
        code = await place.resolved()
        before = await place.intake.counts("dossiers", "outbox", "slips", "attachments")
        for deed in (
            "tiep-nhan",
            "tu-choi",
            "yeu-cau-bo-sung",
            "rut",
            "tra-ket-qua",
            "tra-ket-qua/ma",
            "phieu",
            "quet",
        ):
            reply = await place.inspector.post(f"/quay/ho-so/{code}/{deed}", {"mau": "receipt"})
            assert (reply.status_code, "role-missing" in reply.text) == (403, True), deed
        assert (await place.inspector.post("/quay/moi", {"counter": COUNTER})).status_code == 403
        assert await place.intake.counts("dossiers", "outbox", "slips", "attachments") == before

    async def test_reads_the_register(self, place: Desk) -> None:
        code = await place.register()
        book = await place.inspector.get("/quay/so-theo-doi", params={"quay": COUNTER})
        assert (book.status_code, code in book.text) == (200, True)
        assert code in (await place.get("/quay/so-theo-doi")).text
        sheet = await place.get("/quay/so-theo-doi", params={"dang": "xlsx"})
        assert "so-theo-doi" in sheet.headers["content-disposition"]
        assert (await place.other.get("/quay/so-theo-doi", params={"quay": COUNTER})).status_code == 404

    async def test_who_is_a_clerk_too_acts_for_their_own_counter_only(self, place: Desk) -> None:
        code = await place.register()
        both = await sign_in(place.intake.app, person(Role.CLERK, Role.INSPECTOR, units=(OTHER_COUNTER,)))
        page = (await both.get(f"/quay/ho-so/{code}")).text
        assert ("Chỉ xem" in page, "/rut" in page) == (True, False)
        reply = await both.post(f"/quay/ho-so/{code}/rut", {"reason": "citizen-request"})
        assert reply.status_code in (404, 422)
        assert await place.intake.events(code, "dossier.withdrawn.v1") == []
