"""What reaches the phone, and what happens when nothing does."""

from __future__ import annotations

import pytest

from local.samples.load import handed_in_by_code
from tests.journeys.town import DESK, Town

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]

NOBODY_REACHES = "0599999899"
ZALO_TAKES_AND_HANGS_UP = "0599999504"
ZALO_SAYS_IT_TWICE = "0599999503"
ZALO_RECEIPT_OVERTAKES = "0599999505"


async def test_a_phone_without_zalo_gets_an_unaccented_text_message(town: Town) -> None:
    citizen = town.person(zalo=False)
    code = (await town.register(citizen))["code"]
    notice = await town.notice_ends(code, "received")
    assert (notice["state"], notice["channel"]) == ("delivered", "sms")
    [message] = await town.messages(citizen)
    assert message["provider"] in ("esms", "vnpt", "smpp", "speedsms")
    assert message["text"].isascii()
    assert code in message["text"]
    assert message["text"].startswith("[MOTCUA] ")
    assert message["parts"] == 1
    [told] = await town.informed(code, citizen, 1)
    assert told["text"].endswith(" qua tin nhắn SMS")


async def test_a_phone_that_nobody_can_reach_is_on_the_call_list_of_its_counter(town: Town) -> None:
    citizen = town.person(NOBODY_REACHES)
    code = (await town.register(citizen))["code"]
    notice = await town.notice_ends(code, "received")
    assert notice["state"] == "undeliverable"
    calls = await town.notices.get("/v1/call-list", params={"counter": DESK})
    [call] = [entry for entry in calls.json()["entries"] if entry["code"] == code]
    assert (call["kind"], call["notice_id"]) == ("received", notice["id"])
    assert citizen.phone not in calls.text
    assert await town.messages(citizen) == []
    elsewhere = await town.notices.get("/v1/call-list", params={"counter": "H12.970.155.00"})
    assert code not in elsewhere.text


@pytest.mark.parametrize(
    "phone",
    [ZALO_TAKES_AND_HANGS_UP, ZALO_SAYS_IT_TWICE, ZALO_RECEIPT_OVERTAKES],
    ids=["accepted, then dropped without an answer", "receipt twice", "receipt before the answer"],
)
async def test_whatever_zalo_does_after_taking_a_message_the_phone_shows_it_exactly_once(
    town: Town, phone: str
) -> None:
    citizen = town.person(phone)
    code = (await town.register(citizen))["code"]
    notice = await town.notice_ends(code, "received")
    assert (notice["state"], notice["channel"]) == ("delivered", "zalo")
    await town.at_rest()
    of_this = [m for m in await town.messages(citizen) if (m["template_data"] or {}).get("dossier_code") == code]
    assert len(of_this) == 1


async def test_a_citizen_who_wants_no_notices_gets_none_and_his_dossier_goes_its_way(town: Town) -> None:
    citizen = town.person()
    body = {
        "counter": DESK,
        "procedure_code": "2.001044",
        "checklist": handed_in_by_code("2.001044"),
        "applicant": {"full_name": citizen.name, "phone": citizen.phone, "notify_by": "none"},
    }
    answer = await town.counter.post("/v1/dossiers", json=body, headers={"Idempotency-Key": citizen.phone})
    code = answer.json()["code"]
    await town.finish(code)
    await town.hand_over(code)
    await town.at_rest()
    assert await town.messages(citizen) == []
    assert await town.notices_of(code) == []
