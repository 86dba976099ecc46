"""Statutory rule 14: a public look-up returns no personal data (TT 01/2018/TT-VPCP Điều 16)."""

from __future__ import annotations

from typing import Any

import httpx

from contracts.events.routing import DossierSupplementRequested
from tests.component.citizen_fixtures import LAST4, invitation, returned, sent_code, track
from tests.component.service_fixtures import CITIZEN_ID, NAME, OFFICE, PHONE, Intake, dossier, now

PEOPLE: dict[str, Any] = {
    "applicant__address": "Ấp Thử, xã Thử", "applicant__email": "a@example.vn",
    "submitter": {"full_name": "Nguyễn Văn B", "phone": "0901234001", "id_number": "096190009998"},
    "mandated": {"full_name": "Nguyễn Văn C", "phone": "0901234002", "id_number": "096190009997"},
    "mandate": {"paper": "Giấy ủy quyền", "number": "12/UQ"},
    "return_address": "Số 1 đường Thử", "clerk": "Trần Thị D", "external_ref": "R-77",
}  # fmt: skip
PERSONAL = (
    NAME, CITIZEN_ID, PHONE, "Ấp Thử", "a@example.vn", "Nguyễn Văn B", "0901234001", "096190009998", "Nguyễn Văn C",
    "0901234002", "096190009997", "12/UQ", "Số 1 đường Thử", "Trần Thị D", "R-77",
)  # fmt: skip


async def test_rule_14_by_code_alone_everybody_learns_finished_or_not_and_nothing_else(intake: Intake) -> None:
    """TT 01/2018/TT-VPCP Điều 16."""
    code, done = await intake.register(**PEOPLE), await returned(intake, external_ref="R-78")
    for known, finished in ((code, False), (done, True), (dossier(4711), False)):
        assert (await track(intake, known)).json() == {"code": known, "finished": finished}
        page = (await intake.http.get(f"/tra-cuu/{known}")).text
        assert ("Hồ sơ đã kết thúc." in page) is finished
        assert "Đăng ký khai sinh" not in page


async def test_rule_14_no_answer_without_a_key_shows_anything_personal(intake: Intake) -> None:
    """TT 01/2018/TT-VPCP Điều 16: also with the second factor, also in refusals."""
    http, code = intake.http, await intake.register(**PEOPLE)
    asked = DossierSupplementRequested(
        code=code, occurred_at=now(), step=1, agency=OFFICE, reason="missing-papers", items=("Giấy chứng sinh",)
    )
    await intake.take(asked)
    done = await returned(intake, **(PEOPLE | {"external_ref": "R-77b"}))
    digits = await sent_code(intake, code)
    withdrawal = {"one_time_code": digits}
    replies: list[httpx.Response] = [
        await track(intake, code),
        await track(intake, code, LAST4),
        await track(intake, code, "4001"),
        await track(intake, code, "0000"),
        await http.get(f"/tra-cuu/{code}"),
        await http.post(f"/tra-cuu/{code}", data={"phone_last4": LAST4}),
        await http.post(f"/tra-cuu/{code}", data={"phone_last4": "0000"}),
        await http.post(f"/v1/track/{code}/one-time-codes"),
        await http.post(f"/v1/track/{code}/withdraw", json={"one_time_code": "000000"}),
        await http.post(f"/v1/track/{code}/withdraw", json=withdrawal),
        await http.post(f"/v1/ratings/{await invitation(intake, done)}", json={"overall": 1}),
        await http.post("/v1/feedback", json={"kind": "complaint", "text": "Chậm", "name": NAME, "dossier_code": code}),
        await http.get(f"/v1/dossiers/{code}"),
    ]
    assert {reply.status_code for reply in replies} <= {200, 201, 202, 401, 403}
    for reply in replies:
        shown = [personal for personal in PERSONAL if personal in reply.text]
        assert not shown, (reply.request.method, str(reply.request.url.path), shown)
