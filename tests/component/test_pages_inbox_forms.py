"""What may be done with a step, as forms over HTTP; and the page of figures."""

from __future__ import annotations

import re

import pytest

from contracts.events.intake import DossierWithdrawn
from services.kit.web.forms import FORM_KEY
from services.kit.web.roles import Person, Role
from tests.component.inbox_fixtures import (
    HEAD,
    INSPECTOR,
    OFFICER,
    SUPERVISOR,
    browser,
    do,
    page_of,
    tasks,
    text,
)
from tests.component.pages_fixtures import person
from tests.component.routing_fixtures import (
    BASIS,
    Timed,
    begin,
    branches,
    did,
    put_workflow,
    shown,
    states,
)
from tests.component.service_fixtures import COMMUNE, COUNTER, DISTRICT, OFFICE, TWO_STEPS, Service


class TestForms:
    """Every task: done, and told; and what is wrong is said beside the field with the typing kept."""

    DONE = (
        ("nhan", OFFICER, (), {}, ["accepted"], "open"),
        ("tra-lai", OFFICER, (), {"reason": "not-ours"}, ["offered"], "open"),
        ("phan-cong", OFFICER, (), {"officer": "cb.02"}, ["offered"], "open"),
        ("hoan-thanh", OFFICER, ("accept",), {"outcome": "granted"}, ["done"], "resolved"),
        ("tu-choi", OFFICER, ("accept",), {"outcome": "denied", "ground": "not-eligible"}, ["done"], "resolved"),
        ("tu-choi", HEAD, ("accept",), {"outcome": "terminated", "ground": "not-eligible"}, ["done"], "resolved"),
        (
            "yeu-cau-bo-sung", OFFICER, ("accept",), {"reason": "missing-papers", "items": "Giấy A\n\n Giấy B "},
            ["accepted"], "supplement",
        ),
        (
            "yeu-cau-nop-tien", OFFICER, ("accept",), {"amount_vnd": "1.200.000 đ", "legal_basis": BASIS},
            ["accepted"], "payment",
        ),
        (
            "tam-dung", OFFICER, ("accept",), {"kind": "consultation", "reason": "opinion-asked", "legal_basis": BASIS},
            ["accepted"], "halted",
        ),
        (
            "tam-dung", HEAD, ("accept",), {"kind": "decision", "reason": "court-decision", "legal_basis": BASIS},
            ["accepted"], "halted",
        ),
        ("tiep-tuc", OFFICER, ("accept", "halt"), {}, ["accepted"], "open"),
        (
            "hen-lai", HEAD, ("accept",), {"reason": "overload", "day": "2026-03-20", "hour": "16:30"},
            ["accepted"], "open",
        ),
    )  # fmt: skip

    @pytest.mark.parametrize(("task", "who", "before", "fields", "steps", "state"), DONE)
    async def test_it_is_done_and_the_page_says_so(
        self, timed: Timed, task: str, who: Person, before: tuple[str, ...], fields: dict[str, str],
        steps: list[str], state: str,
    ) -> None:  # fmt: skip
        routing = timed.service
        code = await begin(routing)
        for action in before:
            await did(routing, code, action)
        assert task in await tasks(routing, code, who)
        at_browser = await browser(routing, who)
        form = page_of(code, f"{task}?buoc=1&k=12345678")
        assert (await at_browser.get(form)).status_code == 200
        sent = {"step": "1", "revision": (await shown(routing, code))["revision"], FORM_KEY: "12345678", **fields}
        reply = await at_browser.post(page_of(code, task), sent)
        assert (reply.status_code, reply.headers["location"]) == (303, page_of(code)), reply.text
        case = await shown(routing, code)
        assert ([step["state"] for step in case["steps"]], case["state"]) == (steps, state)
        # Sent once more by an impatient hand, or after the back button: it leads there again and changes nothing.
        again = await at_browser.post(page_of(code, task), sent)
        assert (again.status_code, again.headers["location"]) == (303, page_of(code))
        assert (await shown(routing, code))["revision"] == case["revision"]
        flash = await at_browser.get(page_of(code)) if task != "tra-lai" else None
        assert flash is None or 'class="notice done"' in flash.text

    async def test_back_to_the_step_before_and_taken_back(self, routing: Service) -> None:
        code = await begin(routing, procedure=TWO_STEPS)
        district = person(Role.OFFICER, units=(DISTRICT,))
        await did(routing, code, "accept")
        await did(routing, code, "complete")
        assert (await do(routing, code, "lay-lai"))[0] == 303
        assert await states(routing, code) == ["accepted", "waiting"]
        await did(routing, code, "complete")
        await did(routing, code, "accept", DISTRICT, 2)
        assert (await do(routing, code, "tra-buoc-truoc", district, 2, reason="step-incomplete"))[0] == 303
        assert await states(routing, code) == ["offered", "waiting"]

    async def test_which_step_before_is_asked_where_there_are_several(self, routing: Service) -> None:
        await put_workflow(routing, *branches(0))
        code = await begin(routing)
        for agency, step in ((OFFICE, 1), (COMMUNE, 2), (DISTRICT, 3)):
            await did(routing, code, "accept", agency, step)
            await did(routing, code, "complete", agency, step)
        await did(routing, code, "accept", OFFICE, 4)
        page = await text(routing, page_of(code, "tra-buoc-truoc?buoc=4&k=12345678"))
        assert re.findall(r'<option value="(\d)"', page) == ["1", "2", "3"]
        status, page = await do(routing, code, "tra-buoc-truoc", step=4, reason="step-incomplete")
        assert (status, 'id="f-to_step-wrong"' in page) == (409, True)
        assert (await do(routing, code, "tra-buoc-truoc", step=4, reason="step-incomplete", to_step=2))[0] == 303
        assert (await states(routing, code))[1] == "offered"

    WRONG = (
        ("tra-lai", (), {}, ["reason"]),
        ("tra-lai", (), {"reason": "Không phải mã"}, ["reason"]),
        ("phan-cong", (), {"officer": "Nguyễn Văn A"}, ["officer"]),
        ("tu-choi", ("accept",), {}, ["outcome", "ground"]),
        ("hoan-thanh", ("accept",), {"outcome": "denied"}, [""]),
        ("yeu-cau-bo-sung", ("accept",), {"reason": "missing-papers", "items": " \n "}, ["items"]),
        ("yeu-cau-bo-sung", ("accept",), {"reason": "missing-papers", "items": "x" * 501}, ["items"]),
        ("yeu-cau-bo-sung", ("accept",), {"reason": "missing-papers", "items": "x\n" * 31}, ["items"]),
        ("yeu-cau-nop-tien", ("accept",), {"amount_vnd": "nhiều", "legal_basis": BASIS}, ["amount_vnd"]),
        ("yeu-cau-nop-tien", ("accept",), {"amount_vnd": "-1", "legal_basis": BASIS}, ["amount_vnd"]),
        ("tam-dung", ("accept",), {"kind": "payment", "reason": "opinion-asked", "legal_basis": BASIS}, [""]),
        ("tam-dung", ("accept",), {"kind": "consultation"}, ["reason", "legal_basis"]),
        ("hen-lai", ("accept",), {"reason": "overload"}, ["day"]),
        ("hen-lai", ("accept",), {"reason": "overload", "day": "2026-02-30"}, ["day"]),
        ("hen-lai", ("accept",), {"reason": "overload", "day": "0001-01-01", "hour": "00:00"}, ["day"]),
        ("hen-lai", ("accept",), {"reason": "overload", "day": "2026-03-03"}, ["day"]),
        ("hen-lai", ("accept",), {"reason": "overload", "day": "2020-01-01"}, ["day"]),
        ("hen-lai", ("accept",), {"reason": "overload", "day": "9999-12-31"}, ["day"]),
        ("hen-lai", ("accept",), {"reason": "overload", "day": "2026-03-20", "hour": "25:00"}, ["hour"]),
    )

    @pytest.mark.parametrize(("task", "before", "fields", "wrong"), WRONG)
    async def test_what_is_wrong_stands_beside_the_field_and_nothing_is_done(
        self, timed: Timed, task: str, before: tuple[str, ...], fields: dict[str, str], wrong: list[str]
    ) -> None:
        routing = timed.service
        code = await begin(routing)
        for action in before:
            await did(routing, code, action)
        revision = (await shown(routing, code))["revision"]
        status, page = await do(routing, code, task, HEAD, **fields)
        assert status == 422, page
        for field in wrong:
            assert f'id="f-{field}-wrong"' in page or field == "", (field, page)
        assert 'class="notice error"' in page
        assert (await shown(routing, code))["revision"] == revision

    async def test_what_was_typed_is_kept_and_hostile_text_is_text(self, routing: Service) -> None:
        code = await begin(routing)
        await did(routing, code, "accept")
        bad = "<script>alert(1)</script>"
        status, page = await do(routing, code, "yeu-cau-bo-sung", items=bad, reason="")
        assert (status, bad in page, "&lt;script&gt;alert(1)&lt;/script&gt;" in page) == (422, False, True)
        await do(routing, code, "tam-dung", kind="consultation", reason="opinion-asked", legal_basis=bad)
        page = await text(routing, page_of(code))
        assert (bad in page, "&lt;script&gt;alert(1)&lt;/script&gt;" in page) == (False, True)

    async def test_a_dossier_that_has_moved_on_is_said_so(self, routing: Service) -> None:
        code = await begin(routing)
        seen = (await shown(routing, code))["revision"]
        await did(routing, code, "assign")
        status, page = await do(routing, code, "tra-lai", revision=seen, reason="not-ours")
        assert (status, "Hồ sơ đã thay đổi" in page) == (409, True)
        now_seen = re.search(r'name="revision" value="(\d+)"', page)
        assert now_seen is not None
        assert (await do(routing, code, "tra-lai", revision=now_seen[1], reason="not-ours"))[0] == 303

    async def test_of_a_dossier_that_was_withdrawn_nothing_is_left_to_do(self, routing: Service) -> None:
        code = await begin(routing)
        await routing.take(
            DossierWithdrawn(code=code, occurred_at=routing.clock(), counter=COUNTER, reason="no-longer-needed")
        )
        assert await tasks(routing, code) == set()
        status, page = await do(routing, code, "nhan")
        assert (status, "Người nộp đã rút hồ sơ này" in page) == (409, True)

    async def test_only_the_head_ends_by_decision(self, routing: Service) -> None:
        code = await begin(routing)
        await did(routing, code, "accept")
        status, page = await do(routing, code, "tu-choi", outcome="terminated", ground="not-eligible")
        assert (status, "head-needed" in page) == (403, True)

    async def test_of_two_agencies_each_acts_on_its_own_step(self, routing: Service) -> None:
        code = await begin(routing, procedure=TWO_STEPS)
        status, page = await do(routing, code, "nhan", person(Role.OFFICER, units=(DISTRICT,)), 1)
        assert (status, "scope-missing" in page) == (403, True)
        assert await states(routing, code) == ["offered", "waiting"]

    @pytest.mark.parametrize("step", ["", "0", "9", "x", "²", "1" * 5000])
    async def test_a_step_that_is_not_there(self, routing: Service, step: str) -> None:
        code = await begin(routing)
        at_browser = await browser(routing)
        looked = await at_browser.get(page_of(code, "nhan"), params={"buoc": step, "k": "12345678"})
        assert (looked.status_code, "step-unknown" in looked.text) == (404, True)
        sent = await at_browser.post(page_of(code, "nhan"), {"step": step})
        assert (sent.status_code, "step-unknown" in sent.text) in ((404, True), (409, True)), sent.text


class TestFigures:
    async def test_a_supervisor_sees_their_own_unit_and_an_inspector_all(self, routing: Service) -> None:
        await begin(routing)
        assert "Tất cả các đơn vị" in await text(routing, "/thong-ke", INSPECTOR)
        assert "Tất cả các đơn vị" not in await text(routing, "/thong-ke", SUPERVISOR)
        assert "scope-missing" in await text(routing, "/thong-ke?don_vi=H12.971", SUPERVISOR, 403)
        assert "scope-missing" in await text(routing, "/thong-ke", person(Role.SUPERVISOR), 403)
        assert "role-missing" in await text(routing, "/thong-ke", OFFICER, 403)

    @pytest.mark.parametrize("by", ["procedure", "field", "unit", "mechanism", "day"])
    async def test_by_everything(self, routing: Service, by: str) -> None:
        await begin(routing)
        page = await text(routing, f"/thong-ke?theo={by}&tu=2020-01-01&den=2020-02-01", INSPECTOR)
        assert "Tổng cộng" in page

    @pytest.mark.parametrize(
        ("asked", "field"),
        [("theo=day", "tu"), ("tu=2026-03-02&den=2026-03-01", "den"), ("tu=x", "tu"), ("don_vi=%3C", "don_vi")],
    )
    async def test_what_is_wrong_stands_beside_the_field(self, routing: Service, asked: str, field: str) -> None:
        assert f'id="f-{field}-wrong"' in await text(routing, f"/thong-ke?{asked}", INSPECTOR, 422)
