"""One counter, one agency, one citizen: the plain road from paper to result."""

from __future__ import annotations

import pytest

from contracts.events.routing import AgencyTransferOpened
from contracts.topics import AGENCY_TRANSFERS
from services.kit.kafka import Record
from tests.journeys.town import DESK, JUSTICE, Town

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]


async def received(town: Town) -> int:
    answer = await town.operator.get("/v1/statistics")
    number: int = answer.json()["received"]["one_stop"]
    return number


async def test_a_dossier_goes_from_the_counter_to_the_agency_and_back_and_the_citizen_hears_of_each_step(
    town: Town,
) -> None:
    before = await received(town)
    citizen = town.person()
    receipt = await town.register(citizen)
    code = receipt["code"]
    assert receipt["counter"] == DESK
    assert receipt["applicant_name"] == citizen.name
    assert receipt["due_at"] > receipt["received_at"]
    told = await town.told(citizen, "received", code)
    assert told["provider"] == "zalo"

    def offered(record: Record) -> bool:
        return record.value is not None and code.encode() in record.value

    [transfer] = await town.read_until([AGENCY_TRANSFERS.name], 1, offered)
    assert transfer.key == JUSTICE.encode()
    assert transfer.value is not None
    opened = AgencyTransferOpened.model_validate_json(transfer.value)
    assert (opened.agency, opened.step, opened.steps) == (JUSTICE, 1, 1)
    case = await town.offered_to(JUSTICE, code)
    assert case["due_at"] == receipt["due_at"]

    await town.did(code, "accept", JUSTICE)
    await town.did(code, "complete", JUSTICE)
    await town.told(citizen, "resolved", code)
    await town.at_counter(code, "resolved")
    ready = await town.counter.get("/v1/dossiers", params={"counter": DESK, "status": "resolved", "limit": 500})
    assert code in [dossier["code"] for dossier in ready.json()["dossiers"]]
    await town.hand_over(code)
    await town.told(citizen, "returned", code)
    assert len(await town.messages(citizen)) == 3
    assert await received(town) > before
    assert (await town.case(code))["timeliness"] == "early"


async def test_the_citizen_follows_the_dossier_with_the_last_four_digits_of_the_phone_and_reads_when_he_was_told(
    town: Town,
) -> None:
    citizen = town.person()
    code = (await town.register(citizen))["code"]
    await town.finish(code)
    await town.told(citizen, "resolved", code)
    await town.hand_over(code)
    for kind in ("received", "resolved", "returned"):
        assert (await town.notice_ends(code, kind))["state"] == "delivered"
    informed = await town.informed(code, citizen, 3)
    story = await town.track(code, citizen)
    assert story["finished"]
    assert story["status_code"] == 10
    kinds = [line["kind"] for line in story["timeline"]]
    assert kinds == ["submitted", "transferred", "transfer-accepted", "step-completed", "resolved", "returned"]
    texts = {line["kind"]: line["text"] for line in informed}
    assert texts["received"].startswith("Đã báo đã tiếp nhận hồ sơ lúc ")
    assert texts["resolved"].startswith("Đã báo đã có kết quả lúc ")
    assert set(texts) == {"received", "resolved", "returned"}
    assert all(line["text"].endswith(" qua Zalo") for line in informed)
    assert all(line["at"] > story["received_at"] for line in informed)


async def test_a_stranger_without_the_digits_learns_only_whether_the_dossier_is_finished(town: Town) -> None:
    citizen = town.person()
    code = (await town.register(citizen))["code"]
    assert (await town.citizen.get(f"/v1/track/{code}")).json() == {"code": code, "finished": False}
    other = "0000" if citizen.phone[-4:] != "0000" else "1111"
    refused = await town.citizen.get(f"/v1/track/{code}", params={"phone_last4": other})
    assert refused.status_code == 403
    assert refused.json()["slug"] == "tracking-refused"


async def test_the_clerk_who_sends_the_same_registration_again_after_a_lost_answer_gets_the_same_receipt(
    town: Town,
) -> None:
    citizen = town.person()
    key = {"Idempotency-Key": f"lost-answer-{citizen.phone}"}
    first = await town.register(citizen, headers=key)
    again = await town.register(citizen, headers=key)
    assert again == first
    await town.notice_ends(first["code"], "received")
    assert len(await town.messages(citizen)) == 1


async def test_an_agency_that_declines_gives_the_dossier_to_the_agency_above_it(town: Town) -> None:
    citizen = town.person()
    code = (await town.register(citizen))["code"]
    await town.offered_to(JUSTICE, code)
    await town.did(code, "decline", JUSTICE, reason="khong-thuoc-tham-quyen")
    case = await town.offered_to("H12.970", code)
    assert case["steps"][0]["agency"] == "H12.970"
    refused = await town.act(code, "accept", JUSTICE)
    assert (refused.status_code, refused.json()["slug"]) == (403, "wrong-agency")
    await town.finish(code)
    dossier = await town.at_counter(code, "resolved")
    kinds = [line["kind"] for line in dossier["timeline"]]
    assert kinds[:4] == ["submitted", "transferred", "transfer-declined", "transferred"]
    assert dossier["agency"] == "H12.970"
