"""SpeedSMS behind its adapter, against the running simulator; its reports at our address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from contracts.types import NoticeChannel, NoticeKind
from local.simulators.rig import Gateways, open_gateways
from local.simulators.server import serving
from services.kit import schema
from services.kit.mongo import Mongo
from services.notify.api import create_app
from services.notify.channels import Letter, Question, Wording
from services.notify.channels.speedsms import Speedsms, SpeedsmsAccount
from services.notify.channels.transport import Transport
from services.notify.contact import Contact
from services.notify.domain.results import Fate, Result, Verdict
from services.notify.settings import NotifySettings
from services.notify.store import MORE, RECEIPTS, STORES
from tests.component.simulator_fixtures import gateways as gateways
from tests.component.simulator_fixtures import running as running
from tests.eventually import eventually

PHONE = "84912345671"
SECRET = "test-speedsms-secret"


@asynccontextmanager
async def open_adapter(gateways: Gateways, timeout_s: float = 2.0, **account: Any) -> AsyncIterator[Speedsms]:
    values: dict[str, Any] = {
        "base_url": f"{str(gateways.http.base_url).rstrip('/')}/speedsms",
        "token": SecretStr(gateways.settings.speedsms_token),
        "sender": "MOTCUA",
        "sms_type": 3,
    }
    one = Speedsms(Transport(httpx.AsyncClient(trust_env=False), timeout_s), SpeedsmsAccount(**(values | account)))
    try:
        yield one
    finally:
        await one.close()


@pytest_asyncio.fixture
async def adapter(gateways: Gateways) -> AsyncIterator[Speedsms]:
    async with open_adapter(gateways) as one:
        yield one


def letter(phone: str = PHONE, text: str = "[MOTCUA] Ho so H99-1 da co ket qua.", number: int = 1) -> Letter:
    wording = Wording(template_version=1, text=text)
    return Letter(f"n-1-{number}", NoticeKind.RESOLVED, Contact(phone, NoticeChannel.SMS), wording)


def question(result: Result) -> Question:
    return Question("n-1-1", result.provider_id, datetime.now(UTC))


async def test_a_text_is_taken_with_its_id_and_its_price(gateways: Gateways, adapter: Speedsms) -> None:
    result = await adapter.send(letter(text="[MOTCUA] " + "x" * 200))
    [message] = await gateways.messages()
    assert result == Result(Verdict.TAKEN, "00", message["provider_id"], cost_vnd=500)
    assert (message["phone"], message["text"]) == (PHONE, "[MOTCUA] " + "x" * 200)


async def test_an_accented_text_goes_as_it_is(gateways: Gateways, adapter: Speedsms) -> None:
    assert (await adapter.send(letter(text="[MOTCUA] Hồ sơ đã có kết quả"))).verdict is Verdict.TAKEN
    assert [message["text"] for message in await gateways.messages()] == ["[MOTCUA] Hồ sơ đã có kết quả"]


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("007", Verdict.CONFIGURATION),
        ("008", Verdict.CONFIGURATION),
        ("009", Verdict.CONFIGURATION),
        ("101", Verdict.PAYLOAD),
        ("105", Verdict.RECIPIENT),
        ("113", Verdict.PAYLOAD),
        ("300", Verdict.BILLING),
        ("500", Verdict.TRANSIENT),
        ("4711", Verdict.ELSEWHERE),
    ],
)
async def test_each_class_of_refusal_has_its_verdict(
    gateways: Gateways, adapter: Speedsms, code: str, verdict: Verdict
) -> None:
    await gateways.faults(refuse_with={"speedsms": code})
    assert await adapter.send(letter()) == Result(verdict, code)
    assert await gateways.messages() == []


async def test_a_sender_nobody_registered_stops_the_gateway_not_the_message(gateways: Gateways) -> None:
    async with open_adapter(gateways, sender="KHAC") as adapter:
        assert (await adapter.send(letter())).verdict is Verdict.CONFIGURATION


@pytest.mark.parametrize("status", [401, 404])
async def test_a_wrong_token_is_an_http_error_and_stops_the_gateway(status: int) -> None:
    async with (
        open_gateways(speedsms_bad_token_status=status) as gateways,
        open_adapter(gateways, token=SecretStr("wrong")) as adapter,
    ):
        assert await adapter.send(letter()) == Result(Verdict.CONFIGURATION, f"http-{status}")
        assert (await adapter.ask(Question("n-1-1", "5", datetime.now(UTC)))).fate is Fate.NO_ANSWER


async def test_a_success_that_lists_the_phone_as_invalid_reached_nobody(gateways: Gateways, adapter: Speedsms) -> None:
    assert await adapter.send(letter("84599999816")) == Result(Verdict.RECIPIENT, "invalid-phone")
    assert await gateways.messages() == []


async def test_a_phone_that_is_blocked_is_the_recipient_s_matter(adapter: Speedsms) -> None:
    assert (await adapter.send(letter("84599999899"))).verdict is Verdict.RECIPIENT


async def test_too_many_calls_slow_down_and_lose_nothing(gateways: Gateways, adapter: Speedsms) -> None:
    await gateways.faults(throttle=1.0)
    assert await adapter.send(letter()) == Result(Verdict.THROTTLED, "http-429")
    assert await gateways.messages() == []


async def test_a_text_whose_answer_was_withheld_is_in_doubt_and_on_the_phone(gateways: Gateways) -> None:
    await gateways.faults(timeout_after_accept=1.0)
    async with open_adapter(gateways, timeout_s=0.3) as adapter:
        assert await adapter.send(letter()) == Result(Verdict.NO_ANSWER, "timeout")
    assert len(await gateways.messages()) == 1
    assert not adapter.trait.repeat_holds
    assert not adapter.trait.asked_by_attempt


async def test_a_text_whose_connection_was_cut_is_in_doubt_and_on_the_phone(
    gateways: Gateways, adapter: Speedsms
) -> None:
    assert (await adapter.send(letter("84599999804"))).verdict is Verdict.NO_ANSWER
    assert len(await gateways.messages()) == 1


async def test_a_502_is_in_doubt_too_for_a_repeat_could_be_a_second_text(adapter: Speedsms) -> None:
    assert await adapter.send(letter("84599999802")) == Result(Verdict.NO_ANSWER, "http-502")


async def test_a_gateway_that_does_not_listen_took_nothing(gateways: Gateways) -> None:
    async with open_adapter(gateways, base_url="http://127.0.0.1:9") as adapter:
        assert (await adapter.send(letter())).verdict is Verdict.TRANSIENT


async def test_it_can_be_asked_by_its_own_id_when_the_report_was_lost(gateways: Gateways, adapter: Speedsms) -> None:
    await gateways.faults(receipt_never=1.0)
    taken, failing, waiting = [await adapter.send(letter(p)) for p in (PHONE, "84599999810", "84599999801")]

    async def settled() -> bool:
        fates = [(await adapter.ask(question(result))).fate for result in (taken, failing)]
        return fates == [Fate.DELIVERED, Fate.NOT_DELIVERED]

    await eventually(settled)
    assert (await adapter.ask(question(waiting))).fate is Fate.ON_ITS_WAY
    assert (await adapter.ask(question(Result(Verdict.TAKEN, provider_id="5")))).fate is Fate.NO_ANSWER


async def test_a_question_that_gets_no_answer_says_nothing(gateways: Gateways, adapter: Speedsms) -> None:
    taken = await adapter.send(letter())
    await gateways.faults(throttle=1.0)
    assert (await adapter.ask(question(taken))).fate is Fate.NO_ANSWER


async def test_many_at_once_are_one_text_each(gateways: Gateways, adapter: Speedsms) -> None:
    phones = [f"849123450{number:02d}" for number in range(30)]
    results = await asyncio.gather(*(adapter.send(letter(phone)) for phone in phones))
    assert {result.verdict for result in results} == {Verdict.TAKEN}
    assert len({result.provider_id for result in results}) == 30
    assert sorted(message["phone"] for message in await gateways.messages()) == phones


# --- its reports -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def api(mongodb_url: str, prefix: str) -> AsyncIterator[tuple[httpx.AsyncClient, Mongo]]:
    settings = NotifySettings(
        mongodb_url=SecretStr(mongodb_url), mongodb_prefix=prefix, speedsms_callback_secret=SecretStr(SECRET)
    )
    mongo = settings.mongo("notify")
    await schema.ensure(mongo, STORES, MORE)
    async with (
        serving(create_app(settings, settings.mongo("notify"))) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        yield client, mongo
    await mongo.drop()
    await mongo.close()


async def stored(mongo: Mongo) -> list[dict[str, Any]]:
    return [document async for document in mongo.collection(RECEIPTS).find({})]


async def test_a_report_is_stored_once_without_the_phone(api: tuple[httpx.AsyncClient, Mongo]) -> None:
    client, mongo = api
    body = {"type": "report", "tranId": 123456, "phone": PHONE, "status": 0}
    for _ in range(2):
        assert (await client.post(f"/v1/webhooks/speedsms/{SECRET}", json=body)).status_code == 200
    [document] = await stored(mongo)
    assert (document["provider"], document["provider_id"], document["delivered"]) == ("speedsms", "123456", True)
    assert PHONE[2:] not in str(document)


async def test_a_wrong_secret_is_no_address(api: tuple[httpx.AsyncClient, Mongo]) -> None:
    client, mongo = api
    body = {"type": "report", "tranId": 123456, "phone": PHONE, "status": 0}
    reply = await client.post("/v1/webhooks/speedsms/wrong", json=body)
    assert (reply.status_code, reply.json()["slug"]) == (404, "not-found")
    assert await stored(mongo) == []


async def test_what_is_not_final_or_comes_from_a_citizen_is_answered_and_not_stored(
    api: tuple[httpx.AsyncClient, Mongo],
) -> None:
    client, mongo = api
    for body in (
        {"type": "report", "tranId": 1, "phone": PHONE, "status": 63},
        {"type": "incoming", "phone": PHONE, "content": "STOP"},
    ):
        assert (await client.post(f"/v1/webhooks/speedsms/{SECRET}", json=body)).status_code == 200
    assert await stored(mongo) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"type": "report"}', b'{"type": "report", "tranId": "x"}'])
async def test_a_malformed_report_is_refused_with_its_slug(api: tuple[httpx.AsyncClient, Mongo], body: bytes) -> None:
    client, mongo = api
    reply = await client.post(f"/v1/webhooks/speedsms/{SECRET}", content=body)
    assert (reply.status_code, reply.json()["slug"]) == (422, "event-malformed")
    assert await stored(mongo) == []


async def test_a_report_finds_its_way_from_the_gateway_to_us(api: tuple[httpx.AsyncClient, Mongo]) -> None:
    client, mongo = api
    address = f"{str(client.base_url).rstrip('/')}/v1/webhooks/speedsms/{SECRET}"
    async with (
        open_gateways(speedsms_webhook_url=address) as gateways,
        open_adapter(gateways) as adapter,
    ):
        sent = {
            (await adapter.send(letter(phone))).provider_id: delivered
            for phone, delivered in ((PHONE, True), ("84599999863", True), ("84599999810", False))
        }

        async def all_came() -> bool:
            return {row["provider_id"]: row["delivered"] for row in await stored(mongo)} == sent

        await eventually(all_came)
