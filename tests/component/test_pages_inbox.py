"""Pages of an agency's inbox over HTTP: who sees what, what is offered, and what each form does."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from contracts.types import StopKind
from services.kit.web.forms import FORM_KEY
from services.kit.web.roles import Role
from services.routing.domain.policy import Policy
from tests.component.inbox_fixtures import (
    HEAD,
    INBOX,
    INSPECTOR,
    OFFICER,
    OPERATOR,
    ROW,
    SUPERVISOR,
    browser,
    do,
    page_of,
    supplement,
    tasks,
    text,
)
from tests.component.pages_fixtures import person
from tests.component.routing_fixtures import (
    BASIS,
    Timed,
    begin,
    did,
    set_policy,
    shown,
    states,
)
from tests.component.service_fixtures import COMMUNE, COUNTER, DISTRICT, TWO_STEPS, Service, dossier


class TestInbox:
    async def test_an_officer_of_one_agency_is_led_to_its_inbox(self, routing: Service) -> None:
        reply = await (await browser(routing)).get("/hop-viec")
        assert (reply.status_code, reply.headers["location"]) == (303, INBOX)

    async def test_the_head_shows_in_which_part_of_the_site_one_is(self, routing: Service) -> None:
        assert '<a href="/hop-viec" aria-current="page">' in await text(routing, "/hop-viec", INSPECTOR)
        page = await text(routing, INBOX, INSPECTOR)
        assert '<a href="/hop-viec" aria-current="true">' in page
        assert '<a href="/van-hanh" aria-current' not in page

    async def test_who_sees_all_chooses_and_searches(self, routing: Service) -> None:
        for who in (INSPECTOR, OPERATOR):
            assert f'href="{INBOX}"' in await text(routing, "/hop-viec", who)
        assert f'href="{INBOX}"' not in await text(routing, "/hop-viec?tim=khong-co", INSPECTOR)

    async def test_who_has_no_agency_is_told_so(self, routing: Service) -> None:
        assert "Chưa có cơ quan nào" in await text(routing, "/hop-viec", person(Role.OFFICER))

    async def test_another_agency_s_inbox_does_not_exist(self, routing: Service) -> None:
        await begin(routing)
        for path in (f"/hop-viec/{DISTRICT}", f"/hop-viec/{DISTRICT}/tin"):
            assert "unit-unknown" in await text(routing, path, status=404)

    async def test_boxes_with_counts_and_the_time_that_is_left(self, timed: Timed) -> None:
        routing = timed.service
        first, second = await begin(routing, 1), await begin(routing, 2)
        page = await text(routing, INBOX)
        assert ROW.findall(page) == [first, second]
        assert re.findall(r'class="count">(\d+)', page) == ["2", "0", "0", "0", "0", "0"]
        assert "Thủ tục thử" in page
        assert "còn 5 ngày làm việc" in page
        assert "còn 4 giờ làm việc" in page  # to accept it
        await did(routing, first, "accept")
        assert ROW.findall(await text(routing, INBOX)) == [second]
        assert ROW.findall(await text(routing, f"{INBOX}?ngan=dang-xu-ly")) == [first]
        timed.hand.set(9, 16)
        soon = await text(routing, f"{INBOX}?ngan=sap-den-han")
        assert sorted(ROW.findall(soon)) == [first, second]
        assert "còn 1 giờ làm việc" in soon
        timed.hand.set(11, 8)
        late = await text(routing, f"{INBOX}?ngan=qua-han", INSPECTOR)
        assert sorted(ROW.findall(late)) == [first, second]
        assert "quá hạn 2 ngày làm việc" in late

    async def test_what_waits_shows_no_time_running_out(self, timed: Timed) -> None:
        code = await begin(timed.service)
        await did(timed.service, code, "accept")
        await did(timed.service, code, "halt")
        page = await text(timed.service, f"{INBOX}?ngan=dang-cho")
        assert ROW.findall(page) == [code]
        assert "Tạm dừng giải quyết" in page
        assert "ngày làm việc" not in page

    async def test_filters_and_what_is_wrong_with_them(self, routing: Service) -> None:
        code = await begin(routing)
        assert ROW.findall(await text(routing, f"{INBOX}?quay={COUNTER}")) == [code]
        assert ROW.findall(await text(routing, f"{INBOX}?quay=H12.971.00")) == []
        page = await text(routing, f"{INBOX}?quay=%3Cscript%3E&can_bo=")
        assert "Không đúng dạng quy định." in page
        assert "<script>" not in page.split("<main")[1]
        assert "&lt;script&gt;" in page

    async def test_pages_are_stable(self, routing: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("services.routing.web.inbox.AT_ONCE", 2)
        codes = [await begin(routing, number) for number in range(1, 6)]
        seen: list[str] = []
        path = INBOX
        for _ in range(3):
            page = await text(routing, path)
            seen += ROW.findall(page)
            more = re.search(r'href="([^"]+)" rel="next"', page)
            path = more[1].replace("&amp;", "&") if more else ""
        assert (seen, path) == (codes, "")
        assert "page-unknown" in await text(routing, f"{INBOX}?sau=x", status=422)
        assert "request-invalid" in await text(routing, f"{INBOX}?ngan=khac", status=422)

    async def test_htmx_gets_the_list_alone_and_keeps_no_session_awake(self, routing: Service) -> None:
        await begin(routing)
        at_browser = await browser(routing)
        sessions = routing.mongo.collection("web_sessions")
        [now] = [session["seen_at"] async for session in sessions.find({})]
        await sessions.update_many({}, {"$set": {"seen_at": now - timedelta(minutes=10)}})
        before = await sessions.find_one({})
        reply = await at_browser.get(INBOX, headers={"HX-Request": "true", "X-By-Itself": "1"})
        assert reply.text.lstrip().startswith('<div id="box">')
        assert (await sessions.find_one({}))["seen_at"] == before["seen_at"]
        await at_browser.get(INBOX)
        assert (await sessions.find_one({}))["seen_at"] > before["seen_at"]

    async def test_a_stream_without_a_session_ends_for_good(self, routing: Service) -> None:
        at_browser = await browser(routing)
        await routing.mongo.collection("web_sessions").delete_many({"name": OFFICER.name})
        reply = await at_browser.get(f"{INBOX}/tin", headers={"Accept": "text/event-stream"})
        assert reply.status_code == 204

    async def test_apologies_wait_for_the_head(self, timed: Timed) -> None:
        routing = timed.service
        await set_policy(routing, Policy())
        code = await begin(routing)
        await did(routing, code, "accept")
        timed.hand.set(6, 16)
        await timed.fire()
        page = await text(routing, f"{INBOX}?ngan=cho-ky", HEAD)
        assert ROW.findall(page) == [code]
        assert "Cần thêm thời gian giải quyết" in page
        assert "hen-lai" not in await tasks(routing, code)
        assert "chờ thủ trưởng" in await text(routing, page_of(code))
        assert "hen-lai" in await tasks(routing, code, HEAD)
        form = await text(routing, page_of(code, "hen-lai?buoc=1&k=12345678"), HEAD)
        assert 'value="2026-03-12"' in form
        status, to = await do(routing, code, "hen-lai", HEAD, reason="more-time-needed", day="2026-03-12", hour="17:00")
        assert (status, to) == (303, page_of(code))
        story = await text(routing, page_of(code))
        assert "hẹn lần đầu: 17:00 ngày 09/03/2026" in story
        assert "xin lỗi và hẹn lại" in story


class TestAcceptMany:
    async def test_each_row_says_what_came_of_it_and_once_more_changes_nothing(self, routing: Service) -> None:
        mine, done = await begin(routing, 1), await begin(routing, 2)
        await did(routing, done, "accept")
        await did(routing, done, "complete")
        at_browser = await browser(routing)
        rows = [f"{mine}~1", f"{done}~1", f"{dossier(9)}~1", f"{mine}~7"]
        for _ in range(2):
            reply = await at_browser.post(f"{INBOX}/nhan", {"chosen[]": rows, FORM_KEY: "12345678"})
            assert reply.status_code == 200
            results = re.findall(r'ho-so/([^"]+)">.*?badge (good|bad)', reply.text)
            assert results == [(mine, "good"), (done, "bad"), (dossier(9), "bad"), (mine, "bad")]
        assert "Đã nhận 1 trong 4 hồ sơ." in reply.text
        assert "Không tìm thấy hồ sơ với mã này." in reply.text
        assert await states(routing, mine) == ["accepted"]

    async def test_all_of_the_page(self, routing: Service) -> None:
        codes = [await begin(routing, number) for number in (1, 2, 3)]
        page = await text(routing, INBOX)
        listed = re.findall(r'name="listed\[\]" value="([^"]+)"', page)
        assert listed == [f"{code}~1" for code in codes]
        reply = await (await browser(routing)).post(f"{INBOX}/nhan", {"listed[]": listed, "whole": "true"})
        assert "Đã nhận 3 trong 3 hồ sơ." in reply.text

    @pytest.mark.parametrize("rows", [[], ["x"], ["<b>~1"], [f"{dossier()}~0"], [f"{dossier()}~1"] * 101])
    async def test_nothing_chosen_or_nonsense_is_said(self, routing: Service, rows: list[str]) -> None:
        await begin(routing)
        reply = await (await browser(routing)).post(f"{INBOX}/nhan", {"chosen[]": rows})
        assert reply.status_code == 422
        assert "Chưa chọn hồ sơ nào để nhận." in reply.text
        assert await states(routing, dossier()) == ["offered"]

    async def test_another_agency_s_dossier_stays_where_it_is(self, routing: Service) -> None:
        code = await begin(routing)
        officer = await browser(routing, person(Role.OFFICER, units=(DISTRICT,)))
        reply = await officer.post(f"/hop-viec/{DISTRICT}/nhan", {"chosen[]": [f"{code}~1"]})
        assert "Bước này không được giao cho cơ quan của ông/bà." in reply.text
        assert (await officer.post(f"{INBOX}/nhan", {"chosen[]": [f"{code}~1"]})).status_code == 404
        assert await states(routing, code) == ["offered"]

    async def test_who_only_reads_is_offered_no_ticks(self, routing: Service) -> None:
        await begin(routing)
        page = await text(routing, INBOX, INSPECTOR)
        assert ROW.findall(page) == [dossier()]
        assert "data-tick" not in page
        reply = await (await browser(routing, INSPECTOR)).post(f"{INBOX}/nhan", {"chosen[]": [f"{dossier()}~1"]})
        assert reply.status_code == 403


class TestDossier:
    async def test_the_due_date_is_explained_and_the_story_told(self, timed: Timed) -> None:
        routing = timed.service
        code = await begin(routing)
        await did(routing, code, "accept")
        await did(routing, code, "halt")
        timed.hand.move(days=1)
        await did(routing, code, "resume")
        case = await shown(routing, code)
        page = await text(routing, page_of(code))
        assert case["promises"][-1]["explained"] in page
        for line in case["promises"][-1]["trail"]:
            assert line["text"] in page
        for words in ("Các lần hẹn trước (1)", "Đồng hồ dừng: lấy ý kiến, xác minh", "Đồng hồ chạy tiếp"):
            assert words in page
        assert "Phòng Kinh tế nhận (bước 1)" in page

    async def test_a_stranger_s_dossier_does_not_exist(self, routing: Service) -> None:
        code = await begin(routing)
        stranger = person(Role.OFFICER, units=(COMMUNE,))
        assert "case-unknown" in await text(routing, page_of(code), stranger, 404)
        assert "case-unknown" in await text(routing, page_of(dossier(9)), status=404)
        status, page = await do(routing, code, "tra-lai", stranger, reason="nonsense!")
        assert (status, "case-unknown" in page) == (404, True)

    async def test_the_officer_in_charge_is_the_agency_s_own_affair(self, routing: Service) -> None:
        code = await begin(routing, procedure=TWO_STEPS)
        await did(routing, code, "assign", officer="cb.07")
        assert "cb.07" in await text(routing, page_of(code))
        assert "cb.07" in await text(routing, page_of(code), OPERATOR)
        for who in (INSPECTOR, person(Role.OFFICER, units=(DISTRICT,))):
            assert "cb.07" not in await text(routing, page_of(code), who)

    async def test_what_is_offered_is_what_the_domain_allows_in_that_state_to_that_role(self, routing: Service) -> None:
        code = await begin(routing, procedure=TWO_STEPS)
        assert await tasks(routing, code) == {"nhan", "tra-lai", "phan-cong"}
        assert await tasks(routing, code, HEAD) == {"nhan", "tra-lai", "phan-cong", "hen-lai"}
        assert await tasks(routing, code, INSPECTOR) == set()
        assert await tasks(routing, code, person(Role.OFFICER, units=(DISTRICT,))) == set()
        await did(routing, code, "accept")
        working = {"hoan-thanh", "tu-choi", "yeu-cau-bo-sung", "yeu-cau-nop-tien", "tam-dung", "phan-cong"}
        assert await tasks(routing, code) == working
        await did(routing, code, "request-supplement")
        assert await tasks(routing, code) == set()

    async def test_a_second_request_for_papers_is_offered_to_the_supervisor_alone(self, timed: Timed) -> None:
        routing = timed.service
        code = await begin(routing)
        await did(routing, code, "accept")
        await did(routing, code, "request-supplement")
        await supplement(timed, code)
        await did(routing, code, "accept")
        assert "yeu-cau-bo-sung" not in await tasks(routing, code)
        assert "yeu-cau-bo-sung" in await tasks(routing, code, SUPERVISOR)
        wanted = {"reason": "missing-papers", "items": "Giấy chứng sinh"}
        status, page = await do(routing, code, "yeu-cau-bo-sung", SUPERVISOR, **wanted)
        assert (status, "Chỉ được yêu cầu bổ sung một lần" in page, 'id="f-legal_basis-wrong"' in page) == (
            409,
            True,
            True,
        )
        status, _ = await do(routing, code, "yeu-cau-bo-sung", SUPERVISOR, **wanted, legal_basis=BASIS)
        assert (status, (await shown(routing, code))["state"]) == (303, "supplement")

    async def test_a_step_may_go_back_only_where_one_is_done_before_it(self, routing: Service) -> None:
        code = await begin(routing, procedure=TWO_STEPS)
        district = person(Role.OFFICER, units=(DISTRICT,))
        await did(routing, code, "accept")
        await did(routing, code, "complete")
        assert await tasks(routing, code) == {"lay-lai"}
        await did(routing, code, "accept", DISTRICT, 2)
        assert "tra-buoc-truoc" in await tasks(routing, code, district)
        assert await tasks(routing, code) == set()

    async def test_a_form_that_is_not_offered_says_why(self, routing: Service) -> None:
        code = await begin(routing)
        at_browser = await browser(routing)
        back = await at_browser.get(page_of(code, "hoan-thanh?buoc=1&k=12345678"))
        assert (back.status_code, back.headers["location"]) == (303, page_of(code))
        assert "Việc này không thực hiện được" in (await at_browser.get(page_of(code))).text
        assert "head-needed" in await text(routing, page_of(code, "hen-lai?buoc=1&k=12345678"), status=403)
        assert "step-unknown" in await text(routing, page_of(code, "tra-lai?buoc=9&k=12345678"), status=404)
        await did(routing, code, "accept")
        page = await text(routing, page_of(code, "tu-choi?buoc=1&k=12345678"))
        assert 'value="denied"' in page
        assert 'value="terminated"' not in page
        assert 'value="terminated"' in await text(routing, page_of(code, "tu-choi?buoc=1&k=12345678"), HEAD)
        halt = "tam-dung?buoc=1&k=12345678"
        assert f'value="{StopKind.DECISION}"' not in await text(routing, page_of(code, halt))
        assert f'value="{StopKind.DECISION}"' in await text(routing, page_of(code, halt), HEAD)
