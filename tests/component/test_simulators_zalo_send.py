"""Zalo ZBS template messages as the simulator takes them: HTTP 200 for nearly everything, the truth in `error`."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any

import httpx
import phonenumbers
import pytest

from contracts.types import NoticeKind
from local.simulators.clock import VIETNAM
from local.simulators.magic import MAGIC_NUMBERS
from local.simulators.rig import RECEIVED_TEMPLATE, Gateways, open_gateways
from local.simulators.templates import ZALO_TEMPLATES
from tests.component.simulator_fixtures import gateways as gateways
from tests.component.simulator_fixtures import running as running
from tests.eventually import eventually

pytestmark = pytest.mark.asyncio

PHONE = "84912345671"


def data(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (RECEIVED_TEMPLATE | changes).items() if value is not None}


async def test_an_accepted_message_is_answered_with_numbers_typed_as_strings() -> None:
    async with open_gateways(zalo_daily_quota=500) as gateways:
        body = (await gateways.zalo(PHONE)).json()
    assert (body["error"], body["message"]) == (0, "Success")
    answer = body["data"]
    assert answer["quota"] == {"dailyQuota": "500", "remainingQuota": "499"}
    assert answer["sending_mode"] == "1"
    assert answer["sent_time"].isdigit()
    assert len(answer["msg_id"]) == 20


async def test_the_quota_endpoint_has_numbers_and_nulls_where_the_send_reply_has_strings() -> None:
    async with open_gateways(zalo_daily_quota=500) as gateways:
        await gateways.zalo(PHONE)
        body = await gateways.zalo_get("/message/quota")
    assert body["error"] == 0
    assert (body["data"]["dailyQuota"], body["data"]["remainingQuota"]) == (500, 499)
    assert body["data"]["dailyQuotaPromotion"] is None


async def test_what_lands_on_the_phone_is_what_was_sent(gateways: Gateways) -> None:
    reply = (await gateways.zalo("+" + PHONE, tracking_id="notice-7")).json()
    (message,) = await gateways.messages()
    assert (message["provider"], message["phone"], message["tracking_id"]) == ("zalo", PHONE, "notice-7")
    assert message["provider_id"] == reply["data"]["msg_id"]
    assert message["template_data"] == RECEIVED_TEMPLATE
    assert RECEIVED_TEMPLATE["dossier_code"] in message["text"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"phone": "0912345671"}, -108),
        ({"phone": "84 912 345 671"}, -108),
        ({"phone": "841201234567"}, -108),
        ({"phone": "842839123456"}, -108),
        ({"phone": 84912345671}, -108),
        ({"template_id": "999999"}, -109),
        ({"template_id": 300101}, -132),
        ({"tracking_id": None}, -132),
        ({"tracking_id": "x" * 49}, -132),
        ({"template_data": None}, -111),
        ({"template_data": {}}, -111),
        ({"template_data": ["x"]}, -112),
        ({"template_data": data(dossier_code=7)}, -112),
        ({"template_data": data(dossier_code="x" * 31)}, -1121),
        ({"template_data": data(office_name=None)}, -1122),
        ({"template_data": data(office_name="")}, -1122),
        ({"template_data": data(due_date="2026-12-15")}, -1124),
        ({"template_data": data(due_date="15/13/2026")}, -1124),
        ({"sending_mode": "2"}, -161),
        ({"sending_mode": "3"}, -162),
        ({"mode": "development"}, -127),
    ],
)
async def test_a_wrong_request_gets_http_200_with_the_code_of_its_fault(
    gateways: Gateways, change: dict[str, Any], code: int
) -> None:
    reply = await gateways.zalo(**({"phone": PHONE} | change))
    assert (reply.status_code, reply.json()["error"]) == (200, code)
    assert reply.json()["data"] is None
    assert await gateways.messages() == []


@pytest.mark.parametrize(("raw", "code"), [(b"", -121), (b"{}", -121), (b"{", -122), (b"[]", -122)])
async def test_a_body_without_a_json_object_is_refused(gateways: Gateways, raw: bytes, code: int) -> None:
    headers = {"access_token": gateways.access_token}
    reply = await gateways.http.post("/zalo/message/template", content=raw, headers=headers)
    assert (reply.status_code, reply.json()["error"]) == (200, code)


@pytest.mark.parametrize(
    "due", ["08:30:00", "08:30", "08:30:00 15/12/2026", "08:30 15/12/2026", "15/12/2026", "12/2026"]
)
async def test_every_documented_date_format_is_taken(gateways: Gateways, due: str) -> None:
    assert (await gateways.zalo(PHONE, template_data=data(due_date=due))).json()["error"] == 0


async def test_decomposed_vietnamese_exceeds_a_limit_that_the_composed_text_keeps(gateways: Gateways) -> None:
    name = "Đăng ký thường trú, tạm trú và điều chỉnh hộ khẩu của người dân trên địa bàn phường Bến Nghé"[:90]
    composed = unicodedata.normalize("NFC", name)
    assert (await gateways.zalo(PHONE, template_data=data(procedure_name=composed))).json()["error"] == 0
    decomposed = unicodedata.normalize("NFD", name)
    assert (await gateways.zalo(PHONE, template_data=data(procedure_name=decomposed))).json()["error"] == -1121


async def test_a_repeated_tracking_id_is_a_second_message_on_the_phone(gateways: Gateways) -> None:
    first, second = [(await gateways.zalo(PHONE, tracking_id="same")).json() for _ in range(2)]
    assert first["data"]["msg_id"] != second["data"]["msg_id"]
    assert len(await gateways.messages(phone=PHONE)) == 2
    assert (await gateways.http.get("/control/stats")).json()["zalo"]["repeated_references"] == 1


@pytest.mark.parametrize("state", ["PENDING_REVIEW", "REJECT", "DISABLE", "DELETE"])
async def test_a_template_that_is_not_enabled_is_refused_by_its_state(gateways: Gateways, state: str) -> None:
    await gateways.http.put("/control/templates/300101", json={"status": state})
    expected = {"PENDING_REVIEW": -131, "REJECT": -131, "DISABLE": -146, "DELETE": -109}[state]
    assert (await gateways.zalo(PHONE)).json()["error"] == expected


async def test_a_template_has_a_daily_quota_of_its_own(gateways: Gateways) -> None:
    await gateways.http.put("/control/templates/300101", json={"daily_quota": 1})
    assert [(await gateways.zalo(PHONE)).json()["error"] for _ in range(2)] == [0, -147]


async def test_the_account_quota_runs_out_and_is_whole_again_the_next_day() -> None:
    async with open_gateways(zalo_daily_quota=2) as gateways:
        assert [(await gateways.zalo(PHONE)).json()["error"] for _ in range(3)] == [0, 0, -144]
        await gateways.http.put("/control/clock", json={"offset_seconds": 86_400})
        pair = (await gateways.token()).json()
        gateways.access_token = pair["access_token"]
        assert (await gateways.zalo(PHONE)).json()["data"]["quota"]["remainingQuota"] == "1"


async def test_refused_messages_cost_no_quota() -> None:
    async with open_gateways(zalo_daily_quota=10) as gateways:
        await gateways.zalo("84599999118")
        await gateways.zalo(PHONE, template_data={})
        assert (await gateways.zalo_get("/message/quota"))["data"]["remainingQuota"] == 10


@pytest.mark.parametrize(
    ("time_of_day", "code"),
    [("21:59:59", 0), ("22:00:00", -133), ("00:00:00", -133), ("05:59:59", -133), ("06:00:00", 0)],
)
async def test_the_night_rule_holds_from_22_to_6_in_viet_nam(time_of_day: str, code: int) -> None:
    moment = datetime.strptime(f"2026-11-23 {time_of_day}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=VIETNAM)
    async with open_gateways(wall=moment.timestamp, zalo_night_block=True) as gateways:
        assert (await gateways.zalo(PHONE)).json()["error"] == code


async def test_the_night_rule_belongs_to_a_template_and_follows_the_moved_clock() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=VIETNAM)
    async with open_gateways(wall=noon.timestamp, zalo_night_block=True, clock_offset_seconds=11 * 3600) as gateways:
        assert (await gateways.zalo(PHONE)).json()["error"] == -133
        await gateways.http.put("/control/templates/300101", json={"night_block": False})
        assert (await gateways.zalo(PHONE)).json()["error"] == 0
        (message,) = await gateways.messages()
        assert message["accepted_at"] == int(noon.timestamp() * 1000), "stamps keep the wall clock"


async def test_every_eighth_phone_has_no_zalo_by_its_last_three_digits(gateways: Gateways) -> None:
    errors = {digits: (await gateways.zalo(f"84912345{digits:03}")).json()["error"] for digits in range(33)}
    assert {digits for digits, error in errors.items() if error == -118} == {0, 8, 16, 24, 32}
    assert set(errors.values()) == {0, -118}


async def test_with_zero_everybody_has_zalo() -> None:
    async with open_gateways(no_zalo_every=0) as gateways:
        assert (await gateways.zalo("84912345000")).json()["error"] == 0


async def test_all_magic_numbers_are_valid_vietnamese_mobile_numbers() -> None:
    for magic in MAGIC_NUMBERS:
        parsed = phonenumbers.parse(magic.number, "VN")
        assert phonenumbers.is_valid_number(parsed), magic
        assert phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE, magic
    assert len({magic.number for magic in MAGIC_NUMBERS}) == len(MAGIC_NUMBERS)


@pytest.mark.parametrize("code", [-108, -114, -118, -119, -139, -141])
async def test_a_magic_number_is_refused_with_the_code_of_its_last_digits(gateways: Gateways, code: int) -> None:
    reply = await gateways.zalo(f"84599999{-code}")
    assert (reply.status_code, reply.json()["error"]) == (200, code)
    assert (await gateways.sms(f"0599999{-code}")).json()["CodeResult"] == "100", "the fallback still works"


async def test_the_status_of_a_message_goes_from_the_server_to_the_phone(gateways: Gateways) -> None:
    await gateways.faults(receipt_delay_ms=[150, 150])
    msg_id = (await gateways.zalo(PHONE)).json()["data"]["msg_id"]
    assert (await gateways.zalo_get("/message/status", message_id=msg_id))["data"]["status"] == 0

    async def delivered() -> bool:
        status = (await gateways.zalo_get("/message/status", message_id=msg_id))["data"]
        return status["status"] == 1 and status["delivery_time"].isdigit()

    await eventually(delivered)
    assert (await gateways.zalo_get("/message/status", message_id="0" * 20))["data"]["status"] == -1
    assert (await gateways.zalo_get("/message/status"))["error"] == -107


async def test_a_broken_front_server_answers_502_with_html_and_counts_nothing(gateways: Gateways) -> None:
    for phone, rate in ((PHONE, 1.0), ("84599999502", 0.0)):
        await gateways.faults(http_502=rate)
        reply = await gateways.zalo(phone)
        assert reply.status_code == 502
        assert b"<html>" in reply.content
    assert await gateways.messages() == []


async def test_throttling_is_a_business_error_with_rate_headers(gateways: Gateways) -> None:
    await gateways.faults(throttle=1.0)
    reply = await gateways.zalo(PHONE)
    assert (reply.status_code, reply.json()["error"]) == (200, -32)
    assert reply.headers["X-RateLimit-Remain"] == "0"


@pytest.mark.parametrize(("phone", "faults"), [("84599999504", {}), (PHONE, {"drop_after_accept": 1.0})])
async def test_a_connection_dropped_without_a_reply_leaves_the_message_counted(
    gateways: Gateways, phone: str, faults: dict[str, float]
) -> None:
    await gateways.faults(**faults)
    with pytest.raises(httpx.RemoteProtocolError):
        await gateways.zalo(phone)
    (message,) = await gateways.messages(phone=phone)
    assert message["tracking_id"] == "T1"


async def test_a_reply_withheld_after_acceptance_makes_the_client_time_out(gateways: Gateways) -> None:
    await gateways.faults(timeout_after_accept=1.0)
    async with httpx.AsyncClient(base_url=gateways.http.base_url, timeout=0.3, trust_env=False) as hasty:
        with pytest.raises(httpx.ReadTimeout):
            await Gateways(gateways.settings, hasty, gateways.access_token).zalo(PHONE)
    assert len(await gateways.messages()) == 1


async def test_a_withheld_reply_ends_in_a_closed_connection(gateways: Gateways) -> None:
    await gateways.faults(timeout_after_accept=1.0, hang_ms=100)
    with pytest.raises(httpx.RemoteProtocolError):
        await gateways.zalo(PHONE)


async def test_development_mode_reaches_administrators_only_and_costs_no_quota() -> None:
    async with open_gateways(zalo_admin_phones=(PHONE,), zalo_daily_quota=5) as gateways:
        body = (await gateways.zalo(PHONE, mode="development")).json()
        assert (body["error"], body["data"]["quota"]["remainingQuota"]) == (0, "5")


async def test_the_detail_of_a_template_names_its_parameters_and_their_limits(gateways: Gateways) -> None:
    detail = (await gateways.zalo_get("/template/info/v2", template_id="300101"))["data"]
    limits = {one["name"]: one["maxLength"] for one in detail["listParams"]}
    assert limits == {"dossier_code": 30, "procedure_name": 90, "due_date": 20, "office_name": 90}
    assert all(one["require"] and one["type"] == "STRING" and not one["acceptNull"] for one in detail["listParams"])
    assert (detail["status"], detail["templateTag"], detail["timeout"]) == ("ENABLE", "TRANSACTION", 7_200_000)
    assert (await gateways.zalo_get("/template/info/v2", template_id="1"))["error"] == -109


async def test_the_list_of_templates_is_paged_and_filtered_by_state(gateways: Gateways) -> None:
    await gateways.http.put("/control/templates/300103", json={"status": "DISABLE"})
    everything = await gateways.zalo_get("/template/all", offset="0", limit="100")
    assert [one["templateId"] for one in everything["data"]] == [one.template_id for one in ZALO_TEMPLATES]
    disabled = await gateways.zalo_get("/template/all", offset="0", limit="100", status="4")
    assert [one["templateId"] for one in disabled["data"]] == ["300103"]
    page = await gateways.zalo_get("/template/all", offset="3", limit="1")
    assert ([one["templateId"] for one in page["data"]], page["metadata"]["total"]) == (["300104"], 14)
    assert (await gateways.zalo_get("/template/all", offset="0", limit="101"))["error"] == -132


async def test_every_kind_of_notice_but_one_time_codes_is_registered_under_a_fixed_id() -> None:
    assert [(one.template_id, one.kind) for one in ZALO_TEMPLATES] == [
        ("300101", "received"),
        ("300102", "supplement"),
        ("300103", "extended"),
        ("300104", "resolved"),
        ("300105", "returned"),
        ("300106", "filed"),
        ("300107", "refused"),
        ("300108", "withdrawn"),
        ("300109", "payment"),
        ("300110", "halted"),
        ("300111", "due_changed"),
        ("300112", "terminated"),
        ("300113", "due_soon"),
        ("300114", "overdue"),
    ]
    assert {one.kind for one in ZALO_TEMPLATES} == set(NoticeKind) - {NoticeKind.ONE_TIME_CODE}
