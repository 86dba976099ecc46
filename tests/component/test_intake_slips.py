"""Slips over the API: issued once with gap-free numbers of the year, shown as data or as a page to print."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
import segno

from services.intake.commands.issue_slip import IssueSlip, number_series
from services.intake.domain.slip import Form
from services.kit.clock import VIETNAM
from services.kit.commit import Committer
from services.kit.ids import new_id
from tests.component import slip_fixtures as slips
from tests.component.service_fixtures import COUNTER, NAME, OFFICE, OTHER_COUNTER, Intake, now
from tests.component.slip_fixtures import BASE_URL, desk, fields, issue, open_slips, show
from tests.replies import slug

__all__ = ["desk"]
NUMBERED = {
    "supplement-request": ("PBS-TTPVHCC", slips.asked),
    "refusal": ("PTC-TTPVHCC", slips.refused),
    "apology": ("PXL", slips.extended),
    "termination": ("TB-TTPVHCC", slips.withdrawn),
}


async def counted(desk: Intake, series: str) -> int:
    found = await desk.documents("numbers", _id=number_series(series, COUNTER, now().astimezone(VIETNAM).year))
    return int(found[0]["last"]) if found else 0


async def test_nobody_without_a_key_and_no_other_counter_sees_or_issues_a_slip(desk: Intake) -> None:
    code = await slips.refused(desk)
    path = f"/v1/dossiers/{code}/slips/refusal"
    other = await desk.key(f"counter:{OTHER_COUNTER}")
    agency = await desk.key(f"agency:{OFFICE}")
    for headers, status, why in (
        ({}, 401, "key-missing"),
        (other, 404, "dossier-unknown"),
        (agency, 403, "scope-missing"),
    ):
        for reply in (
            await desk.http.post(path, headers=headers),
            await desk.http.get(path, headers=headers),
            await desk.http.get(path, params={"as": "html"}, headers=headers),
            await desk.http.get(f"/v1/dossiers/{code}/slips", headers=headers),
        ):
            assert slug(reply) == (status, why)
    service = await desk.key("service")
    assert slug(await desk.http.post(path, headers=service)) == (403, "scope-missing")
    assert await desk.documents("slips") == []


@pytest.mark.parametrize("form", NUMBERED)
async def test_a_slip_is_issued_with_the_first_number_of_the_year_and_once(desk: Intake, form: str) -> None:
    letters, ready = NUMBERED[form]
    code = await ready(desk)
    assert slug(await show(desk, code, form)) == (404, "slip-not-issued")
    first, again = await issue(desk, code, form), await issue(desk, code, form)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == (await show(desk, code, form)).json()
    assert first.json()["symbol"] == f"01/{letters}"
    assert first.headers["location"] == f"/v1/dossiers/{code}/slips/{form}?about=1"
    assert (await desk.http.get(first.headers["location"], headers=desk.desk)).json() == first.json()
    following = await issue(desk, await ready(desk), form)
    assert following.json()["symbol"] == f"02/{letters}"


async def test_forty_slips_at_once_over_two_processes_get_the_numbers_1_to_40(desk: Intake) -> None:
    codes = [await slips.refused(desk) for _ in range(40)]
    async with open_slips(desk.settings, desk.notify) as second:
        doors = (desk, second)
        replies = await asyncio.gather(*(issue(doors[n % 2], code, "refusal") for n, code in enumerate(codes)))
    assert {reply.status_code for reply in replies} == {201}
    assert sorted(int(reply.json()["symbol"].split("/")[0]) for reply in replies) == list(range(1, 41))
    assert await counted(desk, "PTC") == 40


async def test_one_slip_issued_by_ten_hands_at_once_has_one_number(desk: Intake) -> None:
    code = await slips.refused(desk)
    replies = await asyncio.gather(*(issue(desk, code, "refusal") for _ in range(10)))
    assert sorted(reply.status_code for reply in replies) == [200] * 9 + [201]
    assert {reply.json()["symbol"] for reply in replies} == {"01/PTC-TTPVHCC"}
    assert await counted(desk, "PTC") == 1


async def test_a_slip_that_is_refused_uses_up_no_number(desk: Intake) -> None:
    received = await slips.register(desk)
    for form in NUMBERED:
        assert slug(await issue(desk, received, form)) == (409, "slip-not-possible")
    assert (await issue(desk, await slips.refused(desk), "refusal")).json()["symbol"] == "01/PTC-TTPVHCC"


async def test_each_counter_form_and_year_counts_for_itself(desk: Intake) -> None:
    await issue(desk, await slips.refused(desk), "refusal")
    await issue(desk, await slips.asked(desk), "supplement-request")
    assert await counted(desk, "PTC") == await counted(desk, "PBS") == 1
    code = await slips.refused(desk)
    next_year = now().replace(year=now().year + 1, month=3, day=1)
    issued = await Committer(desk.mongo, "/intake", lambda: next_year).run(IssueSlip(code, None, Form.REFUSAL))
    assert issued.slip.symbol == "01/PTC-TTPVHCC"


async def test_the_year_of_a_number_is_the_year_in_viet_nam(desk: Intake) -> None:
    code = await slips.refused(desk)
    new_year = now().replace(month=12, day=31, hour=18)  # 01:00 on 1 January
    await Committer(desk.mongo, "/intake", lambda: new_year).run(IssueSlip(code, None, Form.REFUSAL))
    assert await desk.documents("numbers", _id=f"slip|PTC|{COUNTER}|{new_year.year + 1}")


async def test_each_request_for_papers_has_a_slip_of_its_own(desk: Intake) -> None:
    code = await slips.asked(desk)
    assert (await issue(desk, code, "supplement-request")).status_code == 201
    await slips.act(desk, code, "supplement", checklist=[])
    headers = await desk.key(f"counter:{COUNTER}", "supervisor")
    body = {"items": [{"paper": 1, "reason": "signature-missing"}], "legal_basis": "Luật Hộ tịch Điều 16"}
    again = await desk.http.post(f"/v1/dossiers/{code}/request-completion", json=body, headers=headers)
    assert again.status_code == 200, again.text
    second = (await issue(desk, code, "supplement-request")).json()
    assert (second["about"], second["symbol"]) == (2, "02/PBS-TTPVHCC")
    assert fields(second)["items"] == ["Tờ khai đăng ký khai sinh"]
    assert "Luật Hộ tịch Điều 16" in fields(second)["reason"]
    first = (await show(desk, code, "supplement-request", about=1)).json()
    assert (first["symbol"], fields(first)["items"]) == ("01/PBS-TTPVHCC", ["Giấy chứng sinh"])
    assert slug(await issue(desk, code, "supplement-request", about=3)) == (409, "slip-not-possible")


async def test_the_list_says_what_is_issued_what_is_possible_and_what_the_others_lack(desk: Intake) -> None:
    code = await slips.refused(desk)
    await issue(desk, code, "refusal")
    listed = (await desk.http.get(f"/v1/dossiers/{code}/slips", headers=desk.desk)).json()
    found = {slip["form"]: slip for slip in listed["slips"]}
    assert listed["form_set"] == "2025"
    assert list(found) == ["receipt", "control-sheet", "supplement-request", "refusal", "apology", "termination"]
    assert (found["refusal"]["symbol"], found["refusal"]["possible"]) == ("01/PTC-TTPVHCC", True)
    assert {form: slip["lacks"] for form, slip in found.items() if not slip["possible"]} == {
        "receipt": ["acceptance"], "control-sheet": ["acceptance"], "supplement-request": ["request"],
        "apology": ["extension"], "termination": ["ending"],
    }  # fmt: skip


async def test_where_the_old_forms_are_forced_they_are_printed_and_termination_is_none_of_them(desk: Intake) -> None:
    """Decisions of late 2025 still print the six forms of 2018."""
    code, ended = await slips.extended(desk), await slips.withdrawn(desk)
    async with open_slips(desk.settings.model_copy(update={"form_set": "2018"}), desk.notify) as old:
        apology = (await issue(old, code, "apology")).json()
        assert (apology["title"], apology["form_set"]) == ("Phiếu xin lỗi và hẹn lại ngày trả kết quả", "2018")
        reply = await issue(old, ended, "termination")
        assert (*slug(reply), reply.json()["lacks"]) == (409, "slip-not-possible", ["form"])
        listed = (await old.http.get(f"/v1/dossiers/{ended}/slips", headers=old.desk)).json()["slips"]
        assert [slip["lacks"] for slip in listed if slip["form"] == "termination"] == [["form"]]
        assert (await show(old, code, "control-sheet")).json()["number"] == "05"
    # Issued on the old form, it stays on it.
    assert (await show(desk, code, "apology")).json() == apology


async def test_forms_that_carry_no_number_are_not_issued_and_unknown_ones_do_not_exist(desk: Intake) -> None:
    code = await slips.register(desk)
    for form in ("receipt", "control-sheet", "register", "other"):
        assert slug(await issue(desk, code, form)) == (422, "request-invalid")
    for form, query in (("register", {}), ("receipt", {"as": "xlsx"}), ("refusal", {"about": 0})):
        assert slug(await show(desk, code, form, **query)) == (422, "request-invalid")


async def test_the_receipt_is_a_page_with_the_qr_code_of_its_tracking_page(desk: Intake) -> None:
    code = await slips.register(desk, clerk="Nguyễn Văn A", sets=2)
    reply = await show(desk, code, "receipt", **{"as": "html"})
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert reply.headers["cache-control"] == "no-store"
    drawn = segno.make(f"{BASE_URL}/tra-cuu/{code}", error="m", micro=False).svg_inline()
    path = re.search(r' d="([^"]+)"', drawn)
    assert path is not None
    assert f'd="{path[1]}"' in reply.text
    for words in (
        code, NAME, "Bộ phận Một cửa huyện Thử", "Đăng ký khai sinh", "Tờ khai đăng ký khai sinh (bản chính)",
        "Giấy chứng sinh (bản điện tử)", "3 ngày làm việc", "Nguyễn Văn A", "Giấy tiếp nhận hồ sơ và hẹn trả kết quả",
    ):  # fmt: skip
        assert words in reply.text, words


async def test_a_browser_gets_a_page_and_a_program_gets_data(desk: Intake) -> None:
    code = await slips.register(desk)
    browser = desk.desk | {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    path = f"/v1/dossiers/{code}/slips/receipt"
    assert (await desk.http.get(path, headers=browser)).text.startswith("<!doctype html>")
    said = await desk.http.get(path, params={"as": "json"}, headers=browser)
    assert said.json() == (await desk.http.get(path, headers=desk.desk)).json()
    assert fields(said.json())["code"] == code


async def test_a_name_that_is_a_tag_is_printed_as_text(desk: Intake) -> None:
    code = await slips.register(desk, applicant__full_name="<script>alert(1)</script>")
    text = (await show(desk, code, "receipt", **{"as": "html"})).text
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


async def test_who_is_mandated_and_by_which_paper_stands_on_the_receipt(desk: Intake) -> None:
    mandated = {"full_name": "Trần Thị B", "id_number": "096190005678", "phone": "0901234001"}
    mandate = {"paper": "Giấy ủy quyền", "number": "12/UQ", "signed_on": "2026-11-01"}
    code = await slips.register(desk, mandated=mandated, mandate=mandate)
    shown = fields((await show(desk, code, "receipt")).json())
    assert (shown["person"], shown["mandator"]) == ("Trần Thị B", NAME)
    assert shown["mandate"] == "Giấy ủy quyền, số 12/UQ, ngày 01 tháng 11 năm 2026"
    plain = (await desk.http.get(f"/v1/dossiers/{code}/receipt", headers=desk.desk)).json()
    assert (plain["mandated_name"], plain["mandate"]["number"]) == ("Trần Thị B", "12/UQ")


async def test_a_decision_on_the_spot_has_a_receipt_for_who_asks(desk: Intake) -> None:
    """NĐ 61/2018/NĐ-CP Art 17.4."""
    body: dict[str, Any] = desk.body(procedure_code="1.014468.H12", on_the_spot={})
    reply = await desk.http.post("/v1/dossiers", json=body, headers=desk.desk | {"Idempotency-Key": new_id()})
    assert reply.status_code == 201, reply.text
    assert (reply.json()["limit_text"], reply.json()["on_the_spot"]) == (None, True)
    code = reply.json()["code"]
    assert fields((await show(desk, code, "receipt")).json())["limit"] == "Giải quyết ngay khi tiếp nhận"
    assert (await show(desk, code, "control-sheet")).json()["rows"] == []


async def test_a_slip_holds_no_personal_data_where_it_is_stored(desk: Intake) -> None:
    code = await slips.refused(desk)
    await issue(desk, code, "refusal")
    [stored] = await desk.documents("slips")
    assert NAME not in str(stored)
    assert {slip["symbol"] for slip in stored["issued"]} == {"01/PTC-TTPVHCC"}
