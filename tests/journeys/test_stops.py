"""A dossier that waits for a payment: the clock stands still, and the citizen hears of the new date."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.eventually import eventually
from tests.journeys.town import JUSTICE, Town


async def test_a_payment_stops_the_clock_and_the_receipt_lets_it_go_on(town: Town) -> None:
    citizen = town.person()
    receipt = await town.register(citizen)
    code = receipt["code"]
    await town.offered_to(JUSTICE, code)
    await town.did(code, "accept", JUSTICE)
    basis = "Khoản 1 Điều 9 văn bản mẫu"
    case = await town.did(code, "request-payment", JUSTICE, amount_vnd=150_000, legal_basis=basis)
    assert (case["state"], case["portal_status"], case["stop"]["kind"]) == ("payment", 6, "payment")
    await town.told(citizen, "payment", code)
    assert (await town.at_counter(code, "payment"))["code"] == code
    early = await town.act(code, "complete", JUSTICE)
    assert (early.status_code, early.json()["slug"]) == (409, "action-not-allowed")

    wrong = await town.counter.post(f"/v1/dossiers/{code}/payment", json={"amount_vnd": 1, "reference": "BL-1"})
    assert (wrong.status_code, wrong.json()["slug"]) == (409, "payment-amount-differs")
    paid = {"amount_vnd": 150_000, "reference": "BL-1"}
    for _ in range(2):  # a clerk who presses twice
        answer = await town.counter.post(f"/v1/dossiers/{code}/payment", json=paid)
        assert answer.status_code == 200, answer.text

    async def goes_on() -> dict[str, object]:
        case = (await town.agency.get(f"/v1/cases/{code}")).json()
        assert case["state"] == "open"
        found: dict[str, object] = case
        return found

    case = await eventually(goes_on)
    assert datetime.fromisoformat(str(case["due_at"])) >= datetime.fromisoformat(receipt["due_at"])
    assert case["first_due_at"] == receipt["due_at"]
    promises = case["promises"]
    assert isinstance(promises, list)
    assert [promise["cause"] for promise in promises] == ["received", "resumed"]
    assert basis in promises[-1]["explained"]
    dossier = await town.at_counter(code, "in_process")
    assert dossier["first_due_at"] == receipt["due_at"]
    await town.finish(code)
    await town.told(citizen, "resolved", code)


async def test_due_dates_explain_themselves_from_the_receipt_on(town: Town) -> None:
    receipt = await town.register(town.person())
    case = await town.offered_to(JUSTICE, receipt["code"])
    [promise] = case["promises"]
    assert promise["due_at"] == case["due_at"] == receipt["due_at"]
    kinds = [line["kind"] for line in promise["trail"]]
    assert (kinds[0], kinds[-1]) == ("received", "due")
    assert promise["explained"].startswith("Tiếp nhận lúc ")
    assert "Bộ luật Dân sự 2015" in promise["explained"]
    within = datetime.fromisoformat(case["steps"][0]["accept_by"]) - datetime.fromisoformat(
        case["steps"][0]["offered_at"]
    )
    assert timedelta(0) < within
    await town.finish(receipt["code"])
