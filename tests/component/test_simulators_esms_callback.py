"""The delivery callback of eSMS: an unsigned GET that is repeated only into silence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from local.simulators.clock import VIETNAM
from local.simulators.rig import Gateways, Inbox, open_gateways, open_inbox
from tests.component.simulator_fixtures import emptied
from tests.eventually import eventually

pytestmark = pytest.mark.asyncio

PHONE = "0912345671"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[tuple[Gateways, Inbox]]:
    async with open_inbox() as box, open_gateways() as one:
        yield one, box


@pytest_asyncio.fixture
async def inbox(running: tuple[Gateways, Inbox]) -> Inbox:
    return await emptied(running)


@pytest_asyncio.fixture
async def gateways(running: tuple[Gateways, Inbox], inbox: Inbox) -> Gateways:
    return running[0]


async def receipts_sent(gateways: Gateways, count: int) -> dict[str, Any]:
    async def check() -> dict[str, Any] | None:
        (message,) = await gateways.messages()
        return message if message["receipts_sent"] >= count else None

    message = await eventually(check)
    assert message is not None
    return message


async def test_the_callback_is_a_get_with_the_documented_fields_and_an_empty_request_id(
    gateways: Gateways, inbox: Inbox
) -> None:
    sms_id = (await gateways.sms(PHONE, RequestId="r-1", CallbackUrl=inbox.url)).json()["SMSID"]
    await eventually(lambda: inbox.received)
    (callback,) = inbox.received
    assert (callback.method, callback.body) == ("GET", b"")
    assert callback.query == {
        "SMSID": sms_id,
        "SendFailed": "0",
        "SendStatus": "5",
        "SendSuccess": "1",
        "TotalPrice": "850.0",
        "TotalReceiver": "1",
        "TotalSent": "1",
        "RequestId": "",
        "TypeId": "2",
        "telcoid": "3",
        "phonenumber": PHONE,
    }


async def test_the_query_of_the_callback_url_itself_is_kept(gateways: Gateways, inbox: Inbox) -> None:
    await gateways.sms(PHONE, CallbackUrl=f"{inbox.url}?key=s3cret")
    await eventually(lambda: inbox.received)
    assert inbox.received[0].query["key"] == "s3cret"
    assert inbox.received[0].query["SendStatus"] == "5"


async def test_a_failed_delivery_is_reported_as_finished_and_failed(gateways: Gateways, inbox: Inbox) -> None:
    sms_id = (await gateways.sms("0599999810", CallbackUrl=inbox.url)).json()["SMSID"]
    await eventually(lambda: inbox.received)
    query = inbox.received[0].query
    assert (query["SendStatus"], query["SendSuccess"], query["SendFailed"]) == ("5", "0", "1")
    status = await gateways.sms_status(sms_id)
    assert (status["SendStatus"], status["SendSuccess"], status["SendFailed"]) == (5, 0, 1)
    (message,) = await gateways.messages()
    assert (message["outcome"], message["delivered_at"]) == ("failed", None)


async def test_a_receiver_that_answers_an_error_is_not_asked_again(gateways: Gateways, inbox: Inbox) -> None:
    inbox.answers.append((500, 0.0))
    await gateways.sms(PHONE, CallbackUrl=inbox.url)
    message = await receipts_sent(gateways, 1)
    assert message["receipts_acked"] == 0
    assert (await gateways.http.get("/control/stats")).json()["courier"]["redeliveries_waiting"] == 0


async def test_a_receiver_that_is_down_is_not_asked_again(gateways: Gateways) -> None:
    await gateways.sms(PHONE, CallbackUrl="http://127.0.0.1:1/receipts")
    await receipts_sent(gateways, 1)
    assert (await gateways.http.get("/control/stats")).json()["courier"]["redeliveries_waiting"] == 0


async def test_a_silent_receiver_is_asked_five_times_more_and_then_left_alone(inbox: Inbox) -> None:
    inbox.answers.extend([(200, 3.0)] * 6)
    # Long enough to be asked on a busy machine, too short for the answer.
    async with open_gateways(esms_callback_timeout_seconds=0.5, esms_callback_retry_seconds=0.01) as gateways:
        await gateways.sms(PHONE, CallbackUrl=inbox.url)
        message = await receipts_sent(gateways, 6)
        assert (message["receipts_sent"], message["receipts_acked"]) == (6, 0)
        assert (await gateways.http.get("/control/stats")).json()["courier"]["redeliveries_waiting"] == 0
    assert len(inbox.received) == 6


async def test_a_callback_repeated_after_silence_can_succeed(gateways: Gateways, inbox: Inbox) -> None:
    inbox.answers.append((200, 1.0))
    await gateways.sms(PHONE, CallbackUrl=inbox.url)
    message = await receipts_sent(gateways, 2)
    assert message["receipts_acked"] == 1


async def test_callbacks_too_can_come_twice_early_late_or_never(gateways: Gateways, inbox: Inbox) -> None:
    early = (await gateways.sms("0599999805", CallbackUrl=inbox.url)).json()["SMSID"]
    assert [one.query["SMSID"] for one in inbox.received] == [early]
    twice = (await gateways.sms("0599999803", CallbackUrl=inbox.url)).json()["SMSID"]
    await gateways.sms("0599999801", CallbackUrl=inbox.url)
    late = (await gateways.sms("0599999806", CallbackUrl=inbox.url)).json()["SMSID"]
    await eventually(lambda: len(inbox.received) == 4)
    assert [one.query["SMSID"] for one in inbox.received] == [early, twice, twice, late]


async def test_a_text_without_a_callback_url_is_delivered_in_silence(gateways: Gateways) -> None:
    await gateways.sms(PHONE)

    async def delivered() -> bool:
        (message,) = await gateways.messages()
        return message["outcome"] == "delivered"

    await eventually(delivered)
    assert (await gateways.messages())[0]["receipts_sent"] == 0


async def test_a_text_with_a_send_date_waits_for_its_hour(gateways: Gateways, inbox: Inbox) -> None:
    tomorrow = (datetime.now(VIETNAM) + timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S")
    sms_id = (await gateways.sms(PHONE, CallbackUrl=inbox.url, SendDate=tomorrow)).json()["SMSID"]
    other = (await gateways.sms("0912345672", CallbackUrl=inbox.url)).json()["SMSID"]
    await eventually(lambda: inbox.received)
    assert [one.query["SMSID"] for one in inbox.received] == [other]
    assert (await gateways.sms_status(sms_id))["SendStatus"] == 7
