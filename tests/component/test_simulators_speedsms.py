"""SpeedSMS as the simulator speaks it: no id of the request, half a success, an unsigned webhook."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from local.simulators.rig import SPEEDSMS_PATH, Gateways, Inbox, open_gateways, open_inbox
from tests.component.simulator_fixtures import emptied
from tests.eventually import eventually

pytestmark = pytest.mark.asyncio

PHONE, OTHER = "84912345671", "84912345672"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told() -> AsyncIterator[tuple[Gateways, Inbox]]:
    async with open_inbox() as inbox, open_gateways(speedsms_webhook_url=inbox.url) as one:
        yield one, inbox


@pytest_asyncio.fixture
async def inbox(told: tuple[Gateways, Inbox]) -> Inbox:
    return await emptied(told)


@pytest_asyncio.fixture
async def gateways(told: tuple[Gateways, Inbox], inbox: Inbox) -> Gateways:
    return told[0]


def reports(inbox: Inbox) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in inbox.received]


async def test_an_accepted_text_gets_a_number_as_its_id_and_its_price(gateways: Gateways) -> None:
    body = (await gateways.speedsms(PHONE)).json()
    assert (body["status"], body["code"]) == ("success", "00")
    assert type(body["data"]["tranId"]) is int
    assert body["data"] | {"tranId": 0} == {"tranId": 0, "totalSMS": 1, "totalPrice": 250, "invalidPhone": []}
    (message,) = await gateways.messages()
    assert (message["provider"], message["phone"]) == ("speedsms", PHONE)
    assert message["provider_id"] == str(body["data"]["tranId"])


async def test_the_same_call_again_is_a_second_text(gateways: Gateways) -> None:
    ids = {(await gateways.speedsms(PHONE)).json()["data"]["tranId"] for _ in range(3)}
    assert len(ids) == 3
    assert len(await gateways.messages(phone=PHONE)) == 3


@pytest.mark.parametrize("auth", [None, ("wrong", "x"), ("sim-speedsms-token", ""), ("sim-speedsms-token", "y")])
async def test_a_stranger_gets_an_http_error_without_json(gateways: Gateways, auth: Any) -> None:
    body = {"to": [PHONE], "content": "x", "sms_type": 2}
    for method, path in (("POST", "/sms/send"), ("GET", "/user/info"), ("GET", "/sms/status/1")):
        sent = {"json": body} if method == "POST" else {}
        reply = await gateways.http.request(method, f"{SPEEDSMS_PATH}{path}", auth=auth, **sent)
        assert (reply.status_code, reply.headers["content-type"].startswith("text/html")) == (404, True)
    assert await gateways.messages() == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"to": None}, "101"),
        ({"to": PHONE}, "101"),
        ({"to": []}, "101"),
        ({"to": [PHONE] * 101}, "101"),
        ({"content": None}, "101"),
        ({"content": "  "}, "101"),
        ({"content": "x" * 613}, "113"),
        ({"sms_type": None}, "101"),
        ({"sms_type": "3"}, "101"),
        ({"sms_type": 9}, "101"),
        ({"sms_type": 5}, "101"),
        ({"sender": "KHAC"}, "101"),
        ({"to": ["02839123456"]}, "105"),
        ({"to": ["01201234567", 5]}, "105"),
    ],
)
async def test_a_wrong_call_gets_http_200_with_the_code_of_its_fault(
    gateways: Gateways, change: dict[str, Any], code: str
) -> None:
    reply = await gateways.speedsms(PHONE, **change)
    body = reply.json()
    assert (reply.status_code, body["status"], body["code"]) == (200, "error", code)
    assert body["message"]
    assert (body["invalidPhone"] == change["to"]) if code == "105" else (body["invalidPhone"] == [])
    assert await gateways.messages() == []


async def test_a_sender_nobody_registered_is_said_in_the_message_only(gateways: Gateways) -> None:
    body = (await gateways.speedsms(PHONE, sender="KHAC")).json()
    assert (body["code"], body["message"]) == ("101", "sender not found")


@pytest.mark.parametrize(("kind", "sender"), [(2, ""), (2, "ANYTHING"), (3, "motcua"), (4, "Notify"), (4, "")])
async def test_the_kinds_of_sender_this_account_has(gateways: Gateways, kind: int, sender: str) -> None:
    assert (await gateways.speedsms(PHONE, sms_type=kind, sender=sender)).json()["code"] == "00"


@pytest.mark.parametrize("raw", [b"", b"{", b"[]"])
async def test_a_body_that_is_no_object_misses_all_parameters(gateways: Gateways, raw: bytes) -> None:
    auth = (gateways.settings.speedsms_token, "x")
    reply = await gateways.http.post(f"{SPEEDSMS_PATH}/sms/send", content=raw, auth=auth)
    assert reply.json()["code"] == "101"


async def test_the_paths_work_without_index_php_too(gateways: Gateways) -> None:
    auth = (gateways.settings.speedsms_token, "x")
    assert (await gateways.http.get("/speedsms/user/info", auth=auth)).json()["currency"] == "VND"


async def test_a_success_lists_the_phones_that_got_nothing(gateways: Gateways) -> None:
    data = (await gateways.speedsms(PHONE, "0912", OTHER, "0599999816")).json()["data"]
    assert (data["totalSMS"], data["totalPrice"], data["invalidPhone"]) == (2, 500, ["0912", "0599999816"])
    found = await gateways.messages()
    assert {message["phone"] for message in found} == {PHONE, OTHER}
    assert len({message["provider_id"] for message in found}) == 1


async def test_even_a_success_for_nobody_is_a_success(gateways: Gateways) -> None:
    body = (await gateways.speedsms("0599999816")).json()
    assert (body["status"], body["data"]["totalSMS"], body["data"]["invalidPhone"]) == ("success", 0, ["0599999816"])
    assert await gateways.messages() == []


async def test_a_phone_that_is_blocked_everywhere_is_invalid_here(gateways: Gateways) -> None:
    assert (await gateways.speedsms("0599999899")).json()["code"] == "105"


async def test_a_phone_that_another_gateway_cannot_reach_is_reached_here(gateways: Gateways) -> None:
    for phone in ("0599999877", "0599999825"):
        assert (await gateways.speedsms(phone)).json()["code"] == "00"


async def test_the_balance_falls_with_every_part_and_is_refused_when_it_is_over() -> None:
    async with open_gateways(speedsms_balance=600) as gateways:
        assert (await gateways.speedsms(PHONE)).json()["code"] == "00"
        assert await gateways.speedsms_get("/user/info") == {
            "email": "motcua@example.vn",
            "balance": 350.0,
            "currency": "VND",
        }
        assert (await gateways.speedsms(PHONE, OTHER)).json()["code"] == "300"
        assert (await gateways.speedsms(PHONE, content="x" * 161)).json()["code"] == "300"
        await gateways.http.post("/control/reset")
        assert (await gateways.speedsms(PHONE, OTHER)).json()["code"] == "00"


async def test_over_its_rate_the_account_gets_429_and_is_told_how_long_to_wait() -> None:
    async with open_gateways(speedsms_requests_per_minute=3) as gateways:

        async def cut() -> httpx.Response | None:
            reply = await gateways.speedsms(PHONE)
            return reply if reply.status_code == 429 else None

        refused = await eventually(cut)
        assert refused.json() == {
            "name": "Too Many Requests",
            "message": "Rate limit exceeded.",
            "code": 0,
            "status": 429,
        }
        assert 0 < int(refused.headers["x-rate-limit-reset"]) <= 60


async def test_a_delivery_is_reported_with_status_zero_and_a_failure_with_64(gateways: Gateways, inbox: Inbox) -> None:
    first = (await gateways.speedsms(PHONE)).json()["data"]["tranId"]
    second = (await gateways.speedsms("0599999810")).json()["data"]["tranId"]
    await eventually(lambda: len(inbox.received) == 2)
    assert sorted(reports(inbox), key=lambda one: one["status"]) == [
        {"type": "report", "tranId": first, "phone": PHONE, "status": 0},
        {"type": "report", "tranId": second, "phone": "84599999810", "status": 64},
    ]
    assert {one.method for one in inbox.received} == {"POST"}


async def test_a_failure_that_passes_is_reported_before_the_delivery(gateways: Gateways, inbox: Inbox) -> None:
    await gateways.speedsms("0599999863")
    await eventually(lambda: len(inbox.received) == 2)
    assert sorted(one["status"] for one in reports(inbox)) == [0, 1]
    (message,) = await gateways.messages()
    assert message["receipts_sent"] == 1, "the report that is not final counts for no receipt"


async def test_a_report_is_repeated_until_it_is_taken(gateways: Gateways, inbox: Inbox) -> None:
    inbox.answers.extend([(500, 0.0), (404, 0.0), (200, 0.0)])
    await gateways.speedsms(PHONE)
    await eventually(lambda: len(inbox.received) == 3)
    (message,) = await gateways.messages()
    assert (message["receipts_sent"], message["receipts_acked"]) == (3, 1)


@pytest.mark.parametrize(("phone", "copies"), [("0599999803", 2), (PHONE, 1)])
async def test_a_report_can_come_twice(gateways: Gateways, inbox: Inbox, phone: str, copies: int) -> None:
    await gateways.speedsms(phone)

    async def all_came() -> bool:
        (message,) = await gateways.messages()
        return bool(message["receipts_acked"] == copies)

    await eventually(all_came)
    assert len(inbox.received) == copies


async def test_a_report_can_overtake_the_reply(gateways: Gateways, inbox: Inbox) -> None:
    body = (await gateways.speedsms("0599999805")).json()
    assert [one["tranId"] for one in reports(inbox)] == [body["data"]["tranId"]]


async def test_the_status_is_told_phone_by_phone_and_needs_no_report(gateways: Gateways, inbox: Inbox) -> None:
    await gateways.faults(receipt_never=1.0)
    tran = (await gateways.speedsms(PHONE, OTHER)).json()["data"]["tranId"]

    async def delivered() -> Any:
        status = await gateways.speedsms_get(f"/sms/status/{tran}")
        return status if all(one["status"] == 0 for one in status["data"]) else None

    assert await eventually(delivered) == {
        "status": "success",
        "code": "00",
        "data": [{"phone": PHONE, "status": 0}, {"phone": OTHER, "status": 0}],
    }
    assert inbox.received == []


async def test_the_status_of_what_never_arrives_is_never_final_and_of_a_failure_it_is(gateways: Gateways) -> None:
    waiting = (await gateways.speedsms("0599999801")).json()["data"]["tranId"]
    failing = (await gateways.speedsms("0599999810")).json()["data"]["tranId"]

    async def failed() -> bool:
        return (await gateways.speedsms_get(f"/sms/status/{failing}"))["data"][0]["status"] == 64

    await eventually(failed)
    assert (await gateways.speedsms_get(f"/sms/status/{waiting}"))["data"][0]["status"] == 1
    assert (await gateways.speedsms_get("/sms/status/5"))["status"] == "error"


async def test_calls_at_once_whose_receipts_overtake_their_replies_each_get_the_id_of_their_own_text(
    gateways: Gateways,
) -> None:
    await gateways.faults(receipt_before_reply=1.0)
    phones = [f"8491234{tail}" for tail in range(5670, 5690)]
    replies = await asyncio.gather(*(gateways.speedsms(phone) for phone in phones))
    told = {phone: str(reply.json()["data"]["tranId"]) for phone, reply in zip(phones, replies, strict=True)}
    assert {message["phone"]: message["provider_id"] for message in await gateways.messages()} == told


@pytest.mark.parametrize(("phone", "faults"), [("0599999804", {}), (PHONE, {"drop_after_accept": 1.0})])
async def test_a_dropped_reply_leaves_the_text_counted(
    gateways: Gateways, phone: str, faults: dict[str, float]
) -> None:
    await gateways.faults(**faults)
    with pytest.raises(httpx.RemoteProtocolError):
        await gateways.speedsms(phone)
    assert len(await gateways.messages(phone=phone)) == 1


async def test_a_withheld_reply_leaves_the_text_counted(gateways: Gateways) -> None:
    await gateways.faults(timeout_after_accept=1.0, hang_ms=200)
    with pytest.raises(httpx.RemoteProtocolError):
        await gateways.speedsms(PHONE)
    assert len(await gateways.messages(phone=PHONE)) == 1


async def test_a_broken_front_server_answers_502_with_html_and_counts_nothing(gateways: Gateways) -> None:
    for phone, rate in ((PHONE, 1.0), ("0599999802", 0.0)):
        await gateways.faults(http_502=rate)
        reply = await gateways.speedsms(phone)
        assert (reply.status_code, b"<html>" in reply.content) == (502, True)
    assert await gateways.messages() == []


async def test_the_throttle_fault_answers_429(gateways: Gateways) -> None:
    await gateways.faults(throttle=1.0, providers=["speedsms"])
    assert (await gateways.speedsms(PHONE)).status_code == 429
    assert (await gateways.sms(PHONE)).json()["CodeResult"] == "100"


async def test_any_code_can_be_asked_for(gateways: Gateways) -> None:
    await gateways.faults(refuse_with={"speedsms": "500"})
    body = (await gateways.speedsms(PHONE)).json()
    assert (body["status"], body["code"], body["message"]) == ("error", "500", "Internal error, please try again")
    assert (await gateways.faults(refuse_with={"zalo": "1"})).status_code == 422


async def test_what_happened_is_counted_and_the_wall_names_the_gateway(gateways: Gateways) -> None:
    await gateways.speedsms(PHONE)
    await gateways.speedsms("x")

    async def shown() -> bool:
        return "SpeedSMS" in (await gateways.http.get(f"/phones/{PHONE}")).text

    await eventually(shown)
    stats = (await gateways.http.get("/control/stats")).json()["speedsms"]
    assert (stats["accepted"], stats["delivered"], stats["refused"]) == (1, 1, {"105": 1})


async def test_a_restart_forgets_no_text_and_gives_no_id_a_second_time(tmp_path: Any) -> None:
    file = tmp_path / "simulators.jsonl"
    async with open_gateways(state_file=file) as gateways:
        first = (await gateways.speedsms(PHONE)).json()["data"]["tranId"]
    async with open_gateways(state_file=file) as gateways:
        assert (await gateways.speedsms_get(f"/sms/status/{first}"))["data"][0]["phone"] == PHONE
        assert (await gateways.speedsms(PHONE)).json()["data"]["tranId"] > first
