"""The citizen takes a dossier back in the middle; and what is solved before anybody could."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.events.intake import DossierReturned, DossierSubmitted
from contracts.events.routing import DossierResolved, DossierTransferred
from contracts.topics import DOSSIER_EVENTS
from services.kit.kafka import Record
from tests.eventually import eventually
from tests.journeys.town import DESK, JUSTICE, Town

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]

SAME_DAY = "2.000815"
"""Certified copies."""


async def statistics(town: Town) -> dict[str, Any]:
    counted: dict[str, Any] = (await town.operator.get("/v1/statistics")).json()
    return counted


async def test_a_dossier_that_the_citizen_takes_back_with_a_code_from_the_phone_is_gone_at_the_agency(
    town: Town,
) -> None:
    citizen = town.person()
    code = (await town.register(citizen))["code"]
    await town.offered_to(JUSTICE, code)
    await town.did(code, "accept", JUSTICE)
    await town.told(citizen, "received", code)
    before = await statistics(town)
    assert (await town.citizen.post(f"/v1/track/{code}/one-time-codes")).status_code == 202
    digits = await town.texted(citizen, r"ma tra cuu ([0-9]{6}),")
    body = {"one_time_code": digits, "reason": "no-longer-needed"}
    back = await town.citizen.post(f"/v1/track/{code}/withdraw", json=body)
    assert back.status_code == 200, back.text
    assert (back.json()["status_code"], back.json()["finished"]) == (7, True)

    async def gone() -> bool:
        case = (await town.agency.get(f"/v1/cases/{code}")).json()
        assert (case["state"], case["active"]) == ("withdrawn", [])
        assert not any(step["allowed"] for step in case["steps"])
        return True

    await eventually(gone)
    for box in ("to-accept", "in-work", "waiting"):
        inbox = await town.agency.get(f"/v1/agencies/{JUSTICE}/inbox", params={"box": box, "limit": 500})
        assert inbox.status_code == 200
        assert code not in inbox.text
    late = await town.act(code, "complete", JUSTICE)
    assert (late.status_code, late.json()["slug"]) == (409, "case-withdrawn")
    await town.told(citizen, "withdrawn", code)
    assert await town.by_kind(citizen) == {"received": 1, "withdrawn": 1, "sms": 1}
    after = await statistics(town)
    assert (after["withdrawn"] - before["withdrawn"], before["open"] - after["open"]) == (1, 1)


async def test_a_result_that_was_there_first_cannot_be_taken_back(town: Town) -> None:
    citizen = town.person()
    code = (await town.register(citizen))["code"]
    await town.finish(code)
    await town.at_counter(code, "resolved")
    answer = await town.counter.post(f"/v1/dossiers/{code}/withdraw", json={})
    assert (answer.status_code, answer.json()["slug"]) == (409, "withdrawal-not-possible")
    assert answer.json()["allowed"] == ["hand-over"]
    await town.hand_over(code)


async def test_what_is_solved_on_the_spot_is_counted_once_and_is_in_the_citizens_hands(town: Town) -> None:
    """NĐ 61/2018/NĐ-CP Art 17.4: no receipt, but in the statistics."""
    citizen = town.person()
    before = await statistics(town)
    spot = {"identity_check": "citizen_card"}
    code = (await town.register(citizen, SAME_DAY, on_the_spot=spot))["code"]
    shown = await town.at_counter(code, "returned")
    assert shown["hand_over"]["identity_check"] == "citizen_card"
    case = await town.case(code)
    assert (case["state"], case["timeliness"]) == ("resolved", "on_time")
    assert {step["offered_at"] for step in case["steps"]} == {None}

    async def counted() -> bool:  # the result comes back over Kafka before it is counted
        after = await statistics(town)
        assert after["received"]["one_stop"] - before["received"]["one_stop"] == 1
        assert sum(after["resolved"].values()) - sum(before["resolved"].values()) == 1
        return True

    await eventually(counted)
    link = (await town.told(citizen, "returned", code))["template_data"]["rating_link"]
    assert link
    assert (await town.notice_ends(code, "received"))["state"] == "cancelled"

    def of_this_dossier(record: Record) -> bool:
        return record.key == code.encode()

    records = await town.read_until([DOSSIER_EVENTS.name], 3, of_this_dossier)
    types = [dict(record.headers)["ce_type"].decode() for record in records]
    assert types == [DossierSubmitted.TYPE, DossierResolved.TYPE, DossierReturned.TYPE]
    assert DossierTransferred.TYPE not in types
    assert await town.by_kind(citizen) == {"returned": 1}


async def test_what_takes_days_by_law_is_not_solved_on_the_spot(town: Town) -> None:
    citizen = town.person()
    body = {"counter": DESK, "procedure_code": "1.009240", "applicant": citizen.as_applicant(), "on_the_spot": {}}
    papers = [{"paper": 1, "state": "original"}, {"paper": 4, "state": "copy"}]
    answer = await town.counter.post(
        "/v1/dossiers", json=body | {"checklist": papers}, headers={"Idempotency-Key": f"spot-{citizen.phone}"}
    )
    assert (answer.status_code, answer.json()["slug"]) == (422, "on-the-spot-not-allowed")
