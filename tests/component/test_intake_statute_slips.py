"""Statutory rules about slips: rule 1 (receipt), rule 3 (request for papers, refusal), each with its article."""

from __future__ import annotations

import pytest

from services.intake.store import DOSSIERS
from tests.component import slip_fixtures as slips
from tests.component.desk_fixtures import COMPLETE, WITH_A_GAP, filed
from tests.component.service_fixtures import Intake
from tests.component.slip_fixtures import desk, fields, issue, show
from tests.unit.intake.dossier_fixtures import dossier

__all__ = ["desk"]


async def overwrite(desk: Intake, code: str, **fields: object) -> None:
    """A state that our own commands do not make, but a register from elsewhere or an older release could have."""
    await desk.mongo.collection(DOSSIERS.collection).update_one({"_id": code}, {"$set": fields})


async def test_rule_1_without_all_papers_there_is_no_receipt(desk: Intake) -> None:
    """NĐ 61/2018/NĐ-CP Art 17.1: the receipt is given for a complete dossier only."""
    reply = await desk.post_dossier(desk.body(checklist=WITH_A_GAP))
    assert (reply.status_code, reply.json()["slug"]) == (409, "checklist-incomplete")
    waiting = await filed(desk)
    for shape in ("json", "html"):
        refused = await show(desk, waiting, "receipt", **{"as": shape})
        assert (refused.status_code, refused.json()["slug"]) == (409, "slip-not-possible")
        assert refused.json()["lacks"] == ["acceptance"]


async def test_rule_1_the_receipt_carries_code_time_of_receipt_and_promised_time(desk: Intake) -> None:
    """NĐ 61/2018/NĐ-CP Art 17.1.c, 17.3; TT 03/2025/TT-VPCP, Mẫu 01."""
    code = await slips.register(desk)
    receipt = (await desk.http.get(f"/v1/dossiers/{code}/receipt", headers=desk.desk)).json()
    shown = fields((await show(desk, code, "receipt")).json())
    assert shown["code"] == receipt["code"] == code
    for key, text in (("received_at", "received_text"), ("due_at", "due_text")):
        hour, day = receipt[text].split(" ngày ")
        date, month, year = day.split("/")
        assert shown[key] == f"{hour[:2]} giờ {hour[3:]} phút, ngày {date} tháng {month} năm {year}"
    page = (await show(desk, code, "receipt", **{"as": "html"})).text
    assert all(words in page for words in (code, shown["received_at"], shown["due_at"]))


async def test_rule_1_after_acceptance_the_filing_has_its_receipt(desk: Intake) -> None:
    """NĐ 309/2026/NĐ-CP Art 17.3: time runs from the moment the dossier is complete, printed on the receipt."""
    code = await filed(desk)
    await slips.act(desk, code, "accept", checklist=COMPLETE)
    shown = fields((await show(desk, code, "receipt")).json())
    assert shown["papers"] == ["Tờ khai đăng ký khai sinh (bản chính)", "Giấy chứng sinh (bản điện tử)"]


async def test_rule_3_a_request_for_papers_needs_items_and_reasons(desk: Intake) -> None:
    """NĐ 61/2018/NĐ-CP Art 17.1.a, Mẫu 02."""
    code = await filed(desk)
    for items in ([], [{"paper": 2}], [{"reason": "missing-papers"}]):
        reply = await desk.http.post(
            f"/v1/dossiers/{code}/request-completion", json={"items": items}, headers=desk.desk
        )
        assert reply.status_code == 422
    reply = await issue(desk, code, "supplement-request")
    assert (reply.status_code, reply.json()["slug"], reply.json()["lacks"]) == (409, "slip-not-possible", ["request"])
    await slips.act(desk, code, "request-completion", items=slips.WANTED)
    slip = (await issue(desk, code, "supplement-request")).json()
    assert fields(slip)["items"] == ["Giấy chứng sinh"]
    assert fields(slip)["reason"] == "Thiếu giấy tờ trong thành phần hồ sơ"


@pytest.mark.parametrize(
    ("items", "lacks"),
    [([], ["items", "reasons"]), ([{"name": "Tờ khai", "reason": "", "paper": 1}], ["reasons"])],
)
async def test_rule_3_a_request_stored_without_items_or_reasons_is_not_printed(
    desk: Intake, items: list[dict[str, object]], lacks: list[str]
) -> None:
    """NĐ 61/2018/NĐ-CP Art 17.1.a."""
    code = await slips.asked(desk)
    request = {"at": dossier().received_at, "by": "desk", "items": items}
    await overwrite(desk, code, requests=[request])
    reply = await issue(desk, code, "supplement-request")
    assert (reply.status_code, reply.json()["slug"], reply.json()["lacks"]) == (409, "slip-not-possible", lacks)
    assert await desk.documents("slips") == []


async def test_rule_3_a_refusal_needs_its_grounds(desk: Intake) -> None:
    """NĐ 61/2018/NĐ-CP Art 17.1.b, Mẫu 03."""
    code = await filed(desk)
    assert (await issue(desk, code, "refusal")).json()["lacks"] == ["refusal"]
    refused = await desk.http.post(f"/v1/dossiers/{code}/refuse", json={"grounds": []}, headers=desk.desk)
    assert (refused.status_code, refused.json()["slug"]) == (422, "ground-missing")
    await slips.act(desk, code, "refuse", grounds=["not-competent-agency"])
    await overwrite(desk, code, grounds=[])
    reply = await issue(desk, code, "refusal")
    assert (reply.status_code, reply.json()["slug"], reply.json()["lacks"]) == (409, "slip-not-possible", ["grounds"])
    await overwrite(desk, code, grounds=["not-competent-agency"])
    slip = await issue(desk, code, "refusal")
    assert (slip.status_code, slip.json()["symbol"]) == (201, "01/PTC-TTPVHCC")
    assert "Không thuộc thẩm quyền giải quyết" in fields(slip.json())["grounds"][0]


async def test_an_apology_needs_an_extension_with_reason_and_new_date(desk: Intake) -> None:
    """NĐ 61/2018/NĐ-CP Art 19.9, Mẫu 04."""
    assert (await issue(desk, await slips.register(desk), "apology")).json()["lacks"] == ["extension"]
    slip = fields((await issue(desk, await slips.extended(desk), "apology")).json())
    assert slip["reason"] == "Cần kiểm tra thực địa"
    assert "xin lỗi" in slip["apology"]
    assert slip["due_at"] != slip["new_due_at"]


async def test_only_what_was_withdrawn_or_stopped_for_good_has_a_notice_of_termination(desk: Intake) -> None:
    """TT 03/2025/TT-VPCP Art 7, Mẫu 05; what stands still for a while goes on."""
    for not_over in (slips.register, slips.halted):
        assert (await issue(desk, await not_over(desk), "termination")).json()["lacks"] == ["ending"]
    for ended in (slips.withdrawn, slips.terminated):
        assert (await issue(desk, await ended(desk), "termination")).status_code == 201


async def test_what_was_terminated_has_no_result_to_collect(desk: Intake) -> None:
    """TT 03/2025/TT-VPCP, Mẫu 05: the citizen is given the notice, portal status 8."""
    code = await slips.terminated(desk)
    slip = fields((await issue(desk, code, "termination")).json())
    assert "Thủ tục đang tạm dừng thực hiện" in slip["reason"]
    shown = (await desk.http.get(f"/v1/dossiers/{code}", headers=desk.desk)).json()
    assert (shown["status"], shown["status_code"], shown["finished"], shown["allowed"]) == ("terminated", 8, True, [])
    body = {"method": "counter", "received_by": "owner", "proof": "signature"}
    reply = await desk.http.post(f"/v1/dossiers/{code}/hand-over", json=body, headers=desk.desk)
    assert (reply.status_code, reply.json()["slug"]) == (409, "result-not-ready")
