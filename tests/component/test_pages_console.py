"""The operator's console, the part that every service has: what is seen, and what is done about it by hand."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest

from contracts.events import agency as said
from services.kit.operations.operation import OPERATIONS
from services.kit.pauses import PAUSES
from services.kit.watch import WORKERS, wall
from services.kit.web.forms import FORM_KEY
from services.kit.web.roles import Role
from services.kit.web.sessions import WEB_SESSIONS
from tests.component.console_fixtures import HOME, HOSTILE, REASON, letter_page, seen
from tests.component.console_fixtures import inspector as inspector
from tests.component.console_fixtures import operator as operator
from tests.component.counter_fixtures import register, send
from tests.component.operator_fixtures import act, open_cases
from tests.component.pages_fixtures import Browser, person, sign_in
from tests.component.service_fixtures import DISTRICT, OFFICE, Intake, Service

PAGES = (HOME, f"{HOME}/bo-doc", f"{HOME}/bi-giu", f"{HOME}/thu-chet", f"{HOME}/nhat-ky")


async def worker(service: Service, **changes: Any) -> None:
    """A worker that tells of itself, as `services.kit.watch` does."""
    told = {
        "_id": "w1", "process": "intake-worker", "host": "may-1", "version": "0.1.0", "group": "intake", "epoch": "0",
        "leads": True, "paused": False, "assigned": [], "batch_s": None, "progress_s": 1.0,
        "idle_s": 0.0, "rebalances": 0, "offset_commits_failing_s": 0.0, "started_at": wall(), "at": wall(),
    }  # fmt: skip
    await service.mongo.collection(WORKERS).insert_one(told | changes)


class TestWhatIsSeen:
    @pytest.mark.parametrize("service", ["intake", "routing"])
    @pytest.mark.parametrize("path", PAGES)
    async def test_an_empty_service_has_every_page(
        self, service: str, path: str, intake: Intake, routing: Service
    ) -> None:
        browser = await sign_in((intake if service == "intake" else routing).app, person(Role.OPERATOR))
        page = await seen(browser, path)
        assert "Vận hành" in page
        assert 'aria-current="page"' in page

    async def test_no_worker_is_said_first(self, operator: Browser) -> None:
        page = await seen(operator, HOME)
        assert "Không có tiến trình xử lý nào chạy" in page
        assert "light bad" in page

    async def test_a_worker_and_what_it_reads(self, intake: Intake, operator: Browser) -> None:
        places = [{"topic": "dossier.events.v1", "partition": n, "next": 5, "end": 9, "lag": 4} for n in range(12)]
        await worker(intake, assigned=places, idle_s=100.0)
        page = await seen(operator, f"{HOME}/bo-doc")
        assert "intake-worker" in page
        assert "đứng yên 1 phút" in page
        assert ">48<" in page
        assert "6 phân vùng không ai đọc" in page
        assert "phân vùng không có ai đọc" in await seen(operator, HOME)

    async def test_a_worker_of_long_ago_is_none(self, intake: Intake, operator: Browser) -> None:
        await worker(intake, at=wall() - timedelta(minutes=1))
        assert "Không có tiến trình xử lý nào báo tin" in await seen(operator, f"{HOME}/bo-doc")

    async def test_what_waits_to_be_sent(self, intake: Intake, operator: Browser) -> None:
        await intake.register()
        page = await seen(operator, f"{HOME}/bo-doc")
        assert "sự kiện, lâu nhất từ" in page
        assert "dossier.events.v1" in page

    async def test_the_lights_come_by_themselves_and_keep_nobody_awake(self, intake: Intake, operator: Browser) -> None:
        sessions, before = intake.mongo.collection(WEB_SESSIONS), wall() - timedelta(minutes=10)
        await sessions.update_many({}, {"$set": {"seen_at": before}})
        reply = await operator.get(HOME, headers={"hx-request": "true", "x-by-itself": "1"})
        assert reply.status_code == 200
        assert reply.text.lstrip().startswith('<div id="lights"')
        [slept] = await intake.documents(WEB_SESSIONS)
        await operator.get(HOME)
        [woke] = await intake.documents(WEB_SESSIONS)
        assert wall() - slept["seen_at"] > timedelta(minutes=9)
        assert wall() - woke["seen_at"] < timedelta(minutes=5)

    async def test_an_inspector_looks_and_has_no_form(self, intake: Intake, inspector: Browser) -> None:
        await send(intake, register(intake, procedure_code="9.999999"), id="command-1")
        for path in (*PAGES, await letter_page(inspector)):
            page = await seen(inspector, path)
            assert 'method="post" action="/van-hanh' not in page
            assert "9.999999" not in page

    @pytest.mark.parametrize(
        "query", ["ma=%00", "ma=" + "x" * 200, "topic='--", "trang-thai=lost", "viec=lost", "ma[$ne]=1"]
    )
    @pytest.mark.parametrize("path", ["bi-giu", "thu-chet", "nhat-ky"])
    async def test_a_filter_that_means_nothing_is_none(self, operator: Browser, path: str, query: str) -> None:
        await seen(operator, f"{HOME}/{path}?{query}")

    @pytest.mark.parametrize("path", ["bi-giu", "thu-chet"])
    async def test_a_page_that_nobody_gave_out(self, operator: Browser, path: str) -> None:
        assert "page-unknown" in await seen(operator, f"{HOME}/{path}?sau=x", 422)

    @pytest.mark.parametrize("path", ["bi-giu/ho-so", "thu-chet/thu"])
    @pytest.mark.parametrize(
        ("id", "slug"), [("", "not-found"), ("x", "-unknown"), ("%00", "-unknown"), ("x" * 1300, "not-found")]
    )
    async def test_a_thing_that_is_not_there(self, operator: Browser, path: str, id: str, slug: str) -> None:
        assert slug in await seen(operator, f"{HOME}/{path}?id={id}", 404)


class TestWhatIsStuck:
    async def test_nothing(self, routing: Service) -> None:
        browser = await sign_in(routing.app, person(Role.INSPECTOR))
        assert "Không có gì kẹt" in await seen(browser, f"{HOME}/ket")

    async def test_a_dossier_that_nobody_has_says_why_and_what_to_do(self, routing: Service) -> None:
        [code] = await open_cases(routing, 1)
        for agency in (OFFICE, DISTRICT):
            await act(routing, said.DeclineTransfer(code=code, agency=agency, step=1, reason="not-ours"))
        browser = await sign_in(routing.app, person(Role.OPERATOR))
        page = await seen(browser, f"{HOME}/ket")
        assert "chưa tới cơ quan nào" in page
        assert f"/v1/cases/{code}/place" in page


class TestHoldingTheConsumer:
    async def test_with_a_reason_and_back(self, intake: Intake, operator: Browser) -> None:
        reply = await operator.post(f"{HOME}/bo-doc/tam-dung", {"reason": REASON})
        assert (reply.status_code, reply.headers["location"]) == (303, f"{HOME}/bo-doc")
        [held] = await intake.documents(PAUSES)
        assert (held["_id"], held["reason"]) == ("intake", REASON)
        page = await seen(operator, f"{HOME}/bo-doc")
        assert "Đã tạm dừng bộ đọc" in page
        assert REASON in page
        assert "Đang tạm dừng" in await seen(operator, HOME)
        await operator.post(f"{HOME}/bo-doc/chay-tiep", {"reason": REASON})
        assert await intake.documents(PAUSES) == []
        log = await seen(operator, f"{HOME}/nhat-ky")
        assert "Cho bộ đọc chạy tiếp" in log
        assert "person.op" in log
        assert "Tạm dừng bộ đọc" not in re.sub(
            "<option.*?</option>", "", await seen(operator, f"{HOME}/nhat-ky?viec=consumer.resume")
        )

    async def test_twice_is_once(self, intake: Intake, operator: Browser) -> None:
        typed = {"reason": REASON, FORM_KEY: "form-key-1"}
        for _ in range(2):
            assert (await operator.post(f"{HOME}/bo-doc/tam-dung", typed)).status_code == 303
        assert len(await intake.documents(OPERATIONS)) == 1

    @pytest.mark.parametrize("reason", ["", "ngắn", "gọi 0901234001 không được", "x" * 1001])
    async def test_not_without_a_good_reason(self, intake: Intake, operator: Browser, reason: str) -> None:
        reply = await operator.post(f"{HOME}/bo-doc/tam-dung", {"reason": reason})
        assert reply.status_code == 422
        assert 'aria-invalid="true"' in reply.text
        assert f'value="{reason}"' in reply.text
        assert await intake.documents(PAUSES) == []

    async def test_a_hostile_reason_is_text(self, operator: Browser) -> None:
        await operator.post(f"{HOME}/bo-doc/tam-dung", {"reason": HOSTILE})
        for path in (f"{HOME}/bo-doc", f"{HOME}/nhat-ky"):
            reply = await operator.get(path)
            assert HOSTILE not in reply.text
            assert html.escape(HOSTILE, quote=True).replace("&#x27;", "&#39;") in reply.text
