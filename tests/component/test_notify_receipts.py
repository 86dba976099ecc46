"""Receipts: genuine or refused, early, late, twice, after the fallback, for nobody."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import httpx
import orjson

from services.kit.ids import new_id
from services.notify.domain.transitions import State
from services.notify.store import RECEIPTS
from tests.component.notify_fixtures import CALLBACK_SECRET, PHONE, Town, code, now
from tests.component.notify_fixtures import town as town
from tests.eventually import eventually


async def zalo_event(town: Town, message: dict[str, str], key: str | None = None, **headers: str) -> httpx.Response:
    """Post a signed receipt as Zalo would."""
    stamp = "1602560967477"
    body = orjson.dumps(
        {"event_name": "user_received_message", "message": message, "recipient": {"id": "84901234567"}}
        | {"app_id": town.settings.zalo_app_id, "timestamp": stamp}
    )
    secret = town.settings.zalo_oa_secret_key.get_secret_value() if key is None else key
    mac = hashlib.sha256(town.settings.zalo_app_id.encode() + body + stamp.encode() + secret.encode()).hexdigest()
    signed = {"X-ZEvent-Signature": f"mac={mac}", "X-ZEvent-Timestamp": stamp}
    return await town.api.post("/v1/webhooks/zalo", content=body, headers=signed | headers)


async def stored(town: Town) -> list[dict[str, Any]]:
    return [document async for document in town.mongo.collection(RECEIPTS).find({})]


async def test_a_forged_receipt_is_refused_counted_and_not_stored(town: Town) -> None:
    before = await refused(town)
    reply = await zalo_event(town, {"msg_id": "m", "tracking_id": "n-1-1"}, key="forged")
    assert reply.status_code == 401
    assert reply.json()["slug"] == "signature-invalid"
    assert await stored(town) == []
    assert await refused(town) == before + 1


async def refused(town: Town) -> float:
    text = (await town.api.get("/metrics")).text
    lines = [
        line for line in text.splitlines() if line.startswith("motcua_receipts_total") and 'result="refused"' in line
    ]
    return sum(float(line.rpartition(" ")[2]) for line in lines if 'provider="zalo"' in line)


async def test_a_wrong_callback_secret_is_no_address_and_the_right_one_answers(town: Town) -> None:
    query = {"SMSID": "s1", "SendSuccess": "1", "SendFailed": "0", "phonenumber": PHONE}
    assert (await town.api.get("/v1/webhooks/esms/wrong", params=query)).status_code == 404
    for _ in range(2):
        assert (await town.api.get(f"/v1/webhooks/esms/{CALLBACK_SECRET}", params=query)).status_code == 200
    [document] = await stored(town)
    assert PHONE not in str(document)


async def test_a_receipt_brought_twice_is_stored_and_told_once(town: Town) -> None:
    await town.happens(town.submitted(code(), "0599999503"))
    async with town.working():
        await town.reaches(code(), "delivered")
        await eventually(lambda: both_copies(town))
    assert len(await stored(town)) == 1
    assert [kind for kind, _ in await town.told()] == ["sent", "delivered"]


async def both_copies(town: Town) -> bool:
    return all(message["receipts_acked"] == 2 for message in await town.messages())


async def test_a_receipt_that_overtakes_the_reply_delivers(town: Town) -> None:
    await town.happens(town.submitted(code(1), "0599999505"), town.submitted(code(2), "0599999805"))
    async with town.working():
        await town.reaches(code(1), "delivered")
        await town.reaches(code(2), "delivered")
    assert len(await town.messages()) == 2


async def test_zalo_is_asked_before_a_late_receipt_costs_a_text(town: Town) -> None:
    await town.faults(receipt_late=1.0, receipt_late_ms=2500, providers=["zalo"])
    await town.happens(town.submitted(code()))
    async with town.working(zalo_receipt_seconds=0.5):
        notice = await town.reaches(code(), "delivered")
    assert notice.reason == "asked"
    assert [message["provider"] for message in await town.messages()] == ["zalo"]


async def test_a_receipt_after_the_fallback_is_written_down_and_sends_nothing_more(town: Town) -> None:
    await town.faults(receipt_delay_ms=[6000, 6000])
    await town.happens(town.submitted(code()))
    async with town.working(zalo_receipt_seconds=2.5):
        await town.reaches(code(), "sent")
        await town.faults(receipt_delay_ms=[20, 80])
        await town.reaches(code(), "delivered")

        async def late_receipt_came() -> bool:
            return (await town.notice(code())).attempts[0].delivered_at is not None

        await eventually(late_receipt_came)
    notice = await town.notice(code())
    assert notice.history[-1].reason == "late-receipt"
    assert [message["provider"] for message in await town.messages()] == ["zalo", "esms"]
    assert [kind for kind, _ in await town.told()] == ["sent", "sent", "delivered"]


async def test_a_callback_that_names_only_its_own_id_is_matched_too(town: Town) -> None:
    await town.faults(receipt_never=1.0)
    await town.happens(town.submitted(code(), PHONE, "sms"))
    async with town.working():
        notice = await town.reaches(code(), "sent")
        query = {"SMSID": notice.attempts[0].provider_id, "SendSuccess": "1", "SendFailed": "0"}
        await town.api.get(f"/v1/webhooks/esms/{CALLBACK_SECRET}", params=query)
        await town.reaches(code(), "delivered")


async def test_a_receipt_for_nobody_is_kept_for_a_day_and_then_filed_as_unmatched(town: Town) -> None:
    assert (await zalo_event(town, {"msg_id": "m", "tracking_id": f"n-{new_id()}-1"})).status_code == 200
    loop = await town.receipts()
    await loop.once()
    assert [document["lane"] for document in await stored(town)] == ["new"]
    for age, lane in ((timedelta(minutes=3), "slow"), (timedelta(hours=25), None)):
        loop.now = lambda age=age: now() + age
        loop._slow_at = 0.0
        await loop.once()
        assert [document.get("lane") for document in await stored(town)] == [lane]
    assert [document["result"] for document in await stored(town)] == ["unmatched"]


async def test_a_receipt_that_came_before_the_claim_was_visible_is_matched_later(town: Town) -> None:
    await town.happens(town.submitted(code()))
    notice = await town.notice(code())
    attempt = f"{notice.id}-1"
    await zalo_event(town, {"msg_id": "early", "tracking_id": attempt})
    loop = await town.receipts()
    await loop.once()
    assert (await town.notice(code())).state is State.CREATED
    await town.faults(receipt_never=1.0)
    async with town.working():

        async def sent_under_another_id() -> bool:
            return (await town.notice(code())).state is State.SENT

        await eventually(sent_under_another_id)
    # The ids do not belong together: a receipt for another message must not deliver this one.
    assert (await town.notice(code())).attempts[0].provider_id != "early"


async def test_other_events_of_zalo_are_acknowledged_and_wait_for_nobody(town: Town) -> None:
    await town.faults(zalo_daily_quota=100)
    await eventually(lambda: stored(town))
    [document] = await stored(town)
    assert document["event"] == "change_oa_daily_quota"
    assert "lane" not in document
