"""Zalo's receipts as the simulator sends them: signed, at least once, early, late, twice or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from local.simulators.rig import Gateways, Inbox, Received, open_gateways, open_inbox
from local.simulators.settings import SimulatorSettings
from local.simulators.zalo_webhook import signature
from tests.component.simulator_fixtures import emptied
from tests.eventually import eventually

pytestmark = pytest.mark.asyncio

PHONE = "84912345671"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[tuple[Gateways, Inbox]]:
    async with open_inbox() as box, open_gateways(zalo_webhook_url=box.url) as one:
        yield one, box


@pytest_asyncio.fixture
async def inbox(running: tuple[Gateways, Inbox]) -> Inbox:
    return await emptied(running)


@pytest_asyncio.fixture
async def gateways(running: tuple[Gateways, Inbox], inbox: Inbox) -> Gateways:
    return running[0]


def event(received: Received) -> Any:
    return json.loads(received.body)


async def arrived(inbox: Inbox, count: int) -> None:
    await eventually(lambda: len(inbox.received) >= count)


async def acknowledged(gateways: Gateways, count: int) -> dict[str, Any]:
    async def check() -> dict[str, Any] | None:
        (message,) = await gateways.messages()
        return message if message["receipts_acked"] >= count else None

    message = await eventually(check)
    assert message is not None
    return message


async def test_the_signature_is_plain_sha256_as_the_published_example_shows() -> None:
    body = (
        b'{"sender":{"id":"2893352839501541173"},"recipient":{"id":"84987654321"},"event_name":"user_received_message",'
        b'"message":{"delivery_time":"1602960467432","msg_id":"15a0cc0bbb13bd4ce403","tracking_id":"T1"},'
        b'"app_id":"2074138120372622546","timestamp":"1602560967477"}'
    )
    expected = "bff33a753d566c57706c440eccc81a5d5425e5c06c46ec21156b30833c25de5a"
    assert signature("2074138120372622546", body, "1602560967477", "SECRET") == expected


async def test_a_receipt_is_signed_over_its_raw_bytes(gateways: Gateways, inbox: Inbox) -> None:
    await gateways.zalo(PHONE)
    await arrived(inbox, 1)
    (receipt,) = inbox.received
    timestamp = receipt.headers["x-zevent-timestamp"]
    settings = gateways.settings
    signed = settings.zalo_app_id.encode() + receipt.body + timestamp.encode() + settings.zalo_oa_secret_key.encode()
    assert receipt.headers["x-zevent-signature"] == "mac=" + hashlib.sha256(signed).hexdigest()
    assert receipt.headers["x-zevent-server"] == "ZNS"
    assert event(receipt)["timestamp"] == timestamp


async def test_a_receipt_has_the_documented_payload_with_ids_and_times_as_strings(
    gateways: Gateways, inbox: Inbox
) -> None:
    msg_id = (await gateways.zalo(PHONE, tracking_id="notice-7")).json()["data"]["msg_id"]
    await arrived(inbox, 1)
    body = event(inbox.received[0])
    message = await acknowledged(gateways, 1)
    assert body == {
        "sender": {"id": gateways.settings.zalo_oa_id},
        "recipient": {"id": PHONE},
        "event_name": "user_received_message",
        "message": {"delivery_time": str(message["delivered_at"]), "msg_id": msg_id, "tracking_id": "notice-7"},
        "app_id": gateways.settings.zalo_app_id,
        "timestamp": body["timestamp"],
    }
    assert "num_retry" not in inbox.received[0].headers


async def test_a_receipt_is_redelivered_with_num_retry_until_it_is_answered_with_200(
    gateways: Gateways, inbox: Inbox
) -> None:
    inbox.answers.extend([(500, 0.0), (204, 0.0), (404, 0.0)])
    await gateways.zalo(PHONE)
    message = await acknowledged(gateways, 1)
    assert [one.headers.get("num_retry") for one in inbox.received] == [None, "1", "2", "3"]
    assert len({one.body for one in inbox.received}) == 1
    assert (message["receipts_sent"], message["receipts_acked"]) == (4, 1)


async def test_an_answer_that_comes_too_late_counts_as_none(inbox: Inbox) -> None:
    inbox.answers.append((200, 2.0))
    async with open_gateways(zalo_webhook_url=inbox.url, zalo_webhook_timeout_seconds=0.1) as gateways:
        await gateways.zalo(PHONE)
        message = await acknowledged(gateways, 1)
    assert message["receipts_sent"] > 1  # a busy machine may answer later than that more than once


async def test_redelivery_ends_with_the_timetable(inbox: Inbox) -> None:
    inbox.answers.extend([(500, 0.0)] * 20)
    async with open_gateways(zalo_webhook_url=inbox.url, zalo_webhook_schedule_seconds=(0.01, 0.01)) as gateways:
        await gateways.zalo(PHONE)
        await arrived(inbox, 3)

        async def nothing_waits() -> bool:
            stats = (await gateways.http.get("/control/stats")).json()
            return stats["courier"] == {"waiting": 0, "redeliveries_waiting": 0} and stats["zalo"]["receipts_sent"] == 3

        await eventually(nothing_waits)
    assert len(inbox.received) == 3


async def test_the_real_timetable_and_deadline_are_the_defaults() -> None:
    fields = SimulatorSettings.model_fields
    assert fields["zalo_webhook_schedule_seconds"].default == (30.0, 300.0, 900.0, 1800.0, 3600.0)
    assert fields["zalo_webhook_timeout_seconds"].default == 2.0


async def test_a_receipt_can_come_twice(gateways: Gateways, inbox: Inbox) -> None:
    await gateways.zalo("84599999503")
    await arrived(inbox, 2)
    first, second = (event(one)["message"]["msg_id"] for one in inbox.received)
    assert first == second
    assert len(await gateways.messages()) == 1


async def test_a_receipt_can_overtake_the_reply_to_its_own_message(gateways: Gateways, inbox: Inbox) -> None:
    reply = await gateways.zalo("84599999505")
    assert [event(one)["message"]["msg_id"] for one in inbox.received] == [reply.json()["data"]["msg_id"]]


async def test_a_late_receipt_tells_the_time_at_which_the_phone_had_the_message(
    gateways: Gateways, inbox: Inbox
) -> None:
    await gateways.zalo("84599999506")

    async def on_the_phone() -> bool:
        (message,) = await gateways.messages()
        return message["outcome"] == "delivered"

    await eventually(on_the_phone)
    assert inbox.received == []
    await arrived(inbox, 1)
    body = event(inbox.received[0])
    assert int(body["timestamp"]) - int(body["message"]["delivery_time"]) >= 300


async def test_an_accepted_message_may_never_arrive_and_nobody_is_told(gateways: Gateways, inbox: Inbox) -> None:
    msg_id = (await gateways.zalo("84599999501")).json()["data"]["msg_id"]
    await gateways.zalo(PHONE)
    await arrived(inbox, 1)
    assert event(inbox.received[0])["recipient"]["id"] == PHONE
    assert (await gateways.zalo_get("/message/status", message_id=msg_id))["data"]["status"] == 0
    (lost,) = await gateways.messages(phone="84599999501")
    assert (lost["outcome"], lost["delivered_at"]) == ("undelivered", None)


async def test_a_receipt_can_be_lost_although_the_message_arrived(gateways: Gateways, inbox: Inbox) -> None:
    await gateways.faults(receipt_never=1.0)
    msg_id = (await gateways.zalo(PHONE)).json()["data"]["msg_id"]

    async def on_the_phone() -> bool:
        status = await gateways.zalo_get("/message/status", message_id=msg_id)
        return bool(status["data"]["status"] == 1)

    await eventually(on_the_phone)
    assert inbox.received == []


@pytest.mark.parametrize("fault", ["receipt_twice", "receipt_late", "receipt_before_reply", "never_delivered"])
async def test_each_receipt_fault_can_be_set_as_a_rate(gateways: Gateways, inbox: Inbox, fault: str) -> None:
    await gateways.faults(**{fault: 1.0}, receipt_late_ms=100)
    await gateways.zalo(PHONE)
    expected = {"receipt_twice": 2, "receipt_late": 1, "receipt_before_reply": 1, "never_delivered": 0}[fault]
    await eventually(lambda: len(inbox.received) == expected)


async def test_a_changed_daily_quota_is_announced_with_oa_id_in_camel_case(gateways: Gateways, inbox: Inbox) -> None:
    await gateways.faults(zalo_daily_quota=0)
    await arrived(inbox, 1)
    body = event(inbox.received[0])
    assert (body["event_name"], body["oaId"]) == ("change_oa_daily_quota", gateways.settings.zalo_oa_id)
    assert body["quota"] == {"prev_value": "20000", "new_value": "0"}
    assert "oa_id" not in body
    assert (await gateways.zalo(PHONE)).json()["error"] == -144


async def test_a_disabled_template_is_announced_with_oa_id_in_snake_case(gateways: Gateways, inbox: Inbox) -> None:
    await gateways.http.put("/control/templates/300102", json={"status": "DISABLE"})
    await arrived(inbox, 1)
    body = event(inbox.received[0])
    assert (body["event_name"], body["oa_id"]) == ("change_template_status", gateways.settings.zalo_oa_id)
    assert body["status"] == {"prev_status": "ENABLE", "new_status": "DISABLE"}


async def test_a_crowd_of_receipts_passes_through_a_small_pool(inbox: Inbox) -> None:
    async with open_gateways(zalo_webhook_url=inbox.url, courier_workers=4) as gateways:
        await asyncio.gather(*(gateways.zalo(f"8491234{tail}1") for tail in range(500, 600)))
        accepted = await gateways.messages()
        await arrived(inbox, len(accepted))
    assert {event(one)["message"]["msg_id"] for one in inbox.received} == {one["provider_id"] for one in accepted}
