"""eSMS.vn as the simulator speaks it: codes as strings under three names, duplicates refused without an id."""

from __future__ import annotations

import unicodedata
from typing import Any

import httpx
import pytest

from local.simulators.rig import ESMS_PATH, Gateways, open_gateways
from local.simulators.sms_parts import count_parts
from tests.component.simulator_fixtures import gateways as gateways
from tests.component.simulator_fixtures import running as running
from tests.eventually import eventually

pytestmark = pytest.mark.asyncio

PHONE = "0912345671"


async def test_an_accepted_text_gets_code_100_as_a_string_and_an_sms_id(gateways: Gateways) -> None:
    reply = await gateways.sms(PHONE, RequestId="r-1")
    assert reply.status_code == 200
    body = reply.json()
    assert {name: body[name] for name in ("CodeResult", "CountRegenerate")} == {
        "CodeResult": "100",
        "CountRegenerate": 0,
    }
    (message,) = await gateways.messages()
    assert (message["provider"], message["phone"], message["request_id"]) == ("esms", "84912345671", "r-1")
    assert message["provider_id"] == body["SMSID"]


async def test_the_path_works_with_and_without_the_closing_slash(gateways: Gateways) -> None:
    for path in ("SendMultipleMessage_V4_post_json", "SendMultipleMessage_V4_post_json/"):
        reply = await gateways.http.post(f"{ESMS_PATH}/{path}", json={})
        assert (reply.status_code, reply.json()["CodeResult"]) == (200, "101")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ApiKey": "x"}, "101"),
        ({"SecretKey": None}, "101"),
        ({"Brandname": "KHAC"}, "104"),
        ({"SmsType": None}, "300"),
        ({"SmsType": "1"}, "118"),
        ({"Content": None}, "110"),
        ({"Content": "   "}, "110"),
        ({"RequestId": "x" * 51}, "110"),
        ({"campaignid": "x" * 255}, "110"),
        ({"SendDate": "26/11/2026"}, "110"),
    ],
)
async def test_a_wrong_request_gets_http_200_with_the_code_of_its_fault(
    gateways: Gateways, change: dict[str, Any], code: str
) -> None:
    reply = await gateways.sms(PHONE, **change)
    assert (reply.status_code, reply.json()["CodeResult"]) == (200, code)
    assert "SMSID" not in reply.json()
    assert await gateways.messages() == []


@pytest.mark.parametrize("phone", ["0912 345 671", "01201234567", "02839123456", "19001009", "912345671", "abc", ""])
async def test_a_phone_in_a_wrong_form_or_of_a_wrong_kind_is_refused_with_108(gateways: Gateways, phone: str) -> None:
    assert (await gateways.sms(phone)).json()["CodeResult"] == "108"


@pytest.mark.parametrize("phone", ["0912345671", "84912345671", "+84912345671"])
async def test_the_forms_of_one_phone_are_one_phone(gateways: Gateways, phone: str) -> None:
    assert (await gateways.sms(phone)).json()["CodeResult"] == "100"
    assert len(await gateways.messages(phone=PHONE)) == 1


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"'])
async def test_a_malformed_call_is_answered_without_any_code(gateways: Gateways, raw: bytes) -> None:
    reply = await gateways.http.post(f"{ESMS_PATH}/SendMultipleMessage_V4_post_json/", content=raw)
    assert (reply.status_code, reply.json()) == (200, {"error": "Invalid request"})


async def test_a_text_outside_of_the_registered_templates_gets_146_with_an_sms_id(gateways: Gateways) -> None:
    body = (await gateways.sms(PHONE, Content="Khuyen mai lon")).json()
    assert (body["CodeResult"], body["ErrorMessage"]) == ("146", "Sai template Brandname CSKH")
    assert body["SMSID"]
    assert await gateways.messages() == []


@pytest.mark.parametrize("content", ["motcua xin thong bao", "[MOTCUA] Ho so", "Ho so H29-1 da co ket qua"])
async def test_a_registered_prefix_or_pattern_makes_a_text_pass(gateways: Gateways, content: str) -> None:
    assert (await gateways.sms(PHONE, Content=content)).json()["CodeResult"] == "100"


async def test_accented_text_needs_the_unicode_flag_even_where_gsm7_has_the_letters(gateways: Gateways) -> None:
    text = "MOTCUA: mè à é ì ò ù"
    assert count_parts(text) == 1
    assert (await gateways.sms(PHONE, Content=text)).json()["CodeResult"] == "146"
    assert (await gateways.sms(PHONE, Content=text, IsUnicode="1")).json()["CodeResult"] == "100"


async def test_a_repeated_request_id_is_refused_with_124_and_without_an_sms_id_for_24_hours(gateways: Gateways) -> None:
    first = await gateways.sms(PHONE, RequestId="r-1")
    assert first.json()["CodeResult"] == "100"
    again = (await gateways.sms("0912345672", RequestId="r-1", Content="MOTCUA: khac")).json()
    assert again == {"CodeResult": "124", "CountRegenerate": 0, "ErrorMessage": "Request exist 1", "SendStatus": "5"}
    await gateways.http.put("/control/clock", json={"offset_seconds": 86_399 - 5})
    assert (await gateways.sms(PHONE, RequestId="r-1")).json()["CodeResult"] == "124"
    await gateways.http.put("/control/clock", json={"offset_seconds": 86_400})
    assert (await gateways.sms(PHONE, RequestId="r-1")).json()["CodeResult"] == "100"


async def test_a_refused_request_does_not_use_up_its_request_id(gateways: Gateways) -> None:
    assert (await gateways.sms(PHONE, RequestId="r-1", Content="Sai mau")).json()["CodeResult"] == "146"
    assert (await gateways.sms(PHONE, RequestId="r-1")).json()["CodeResult"] == "100"


async def test_the_same_text_to_the_same_phone_is_refused_for_five_minutes(gateways: Gateways) -> None:
    assert (await gateways.sms(PHONE, RequestId="r-1")).json()["CodeResult"] == "100"
    again = (await gateways.sms(PHONE, RequestId="r-2")).json()
    assert (again["CodeResult"], "SMSID" in again) == ("124", False)
    assert (await gateways.sms(PHONE, RequestId="r-3", Content="MOTCUA: khac")).json()["CodeResult"] == "100"
    assert (await gateways.sms("0912345672", RequestId="r-4")).json()["CodeResult"] == "100"
    await gateways.http.put("/control/clock", json={"offset_seconds": 301})
    assert (await gateways.sms(PHONE, RequestId="r-2")).json()["CodeResult"] == "100"


async def test_over_its_rate_the_account_gets_160() -> None:
    async with open_gateways(esms_tps=3) as gateways:

        async def burst_is_cut() -> bool:
            codes = [(await gateways.sms(PHONE, ApiKey=None)).json()["CodeResult"] for _ in range(2)]
            assert set(codes) == {"101"}, "a stranger's calls do not count"
            burst = [(await gateways.sms(f"091234567{n}", Content=None)).json()["CodeResult"] for n in range(8)]
            return burst[0] == "110" and "160" in burst

        await eventually(burst_is_cut, every=0.3)


async def test_the_throttle_fault_answers_160(gateways: Gateways) -> None:
    await gateways.faults(throttle=1.0)
    assert (await gateways.sms(PHONE)).json()["CodeResult"] == "160"


async def test_a_blocked_phone_gets_99_and_an_unregistered_network_177(gateways: Gateways) -> None:
    assert (await gateways.sms("0599999899")).json()["CodeResult"] == "99"
    assert (await gateways.sms("0599999877")).json()["CodeResult"] == "177"
    async with open_gateways(esms_missing_networks=(1,)) as narrow:
        assert (await narrow.sms("0971234561")).json()["CodeResult"] == "177"
        assert (await narrow.sms(PHONE)).json()["CodeResult"] == "100"


async def test_phones_for_sms_faults_have_no_zalo_so_that_a_notice_falls_back_to_sms(gateways: Gateways) -> None:
    for tail in (801, 802, 803, 804, 805, 806, 810, 877, 899):
        assert (await gateways.zalo(f"84599999{tail}")).json()["error"] == -118


async def test_the_status_call_names_its_code_code_response(gateways: Gateways) -> None:
    sms_id = (await gateways.sms(PHONE)).json()["SMSID"]

    async def finished() -> Any:
        status = await gateways.sms_status(sms_id)
        return status if status["SendStatus"] == 5 else None

    assert await eventually(finished) == {
        "CodeResponse": "100",
        "SMSID": sms_id,
        "SendFailed": 0,
        "SendStatus": 5,
        "SendSuccess": 1,
        "TotalPrice": 850.0,
        "TotalReceiver": 1,
        "TotalSent": 1,
    }


async def test_the_status_of_a_text_that_never_arrives_stays_at_7(gateways: Gateways) -> None:
    sms_id = (await gateways.sms("0599999801")).json()["SMSID"]
    status = await gateways.sms_status(sms_id)
    assert (status["SendStatus"], status["SendSuccess"], status["SendFailed"]) == (7, 0, 0)


async def test_the_status_is_kept_for_seven_days_and_unknown_otherwise(gateways: Gateways) -> None:
    sms_id = (await gateways.sms(PHONE)).json()["SMSID"]
    assert (await gateways.sms_status("unknown"))["CodeResponse"] == "105"
    await gateways.http.put("/control/clock", json={"offset_seconds": 7 * 86_400 + 1})
    assert (await gateways.sms_status(sms_id))["CodeResponse"] == "105"
    wrong = await gateways.http.get(f"{ESMS_PATH}/GetSendStatus", params={"RefId": sms_id, "ApiKey": "x"})
    assert wrong.json()["CodeResponse"] == "101"


async def test_the_balance_is_a_number_that_falls_with_every_part() -> None:
    async with open_gateways(esms_balance=2_000) as gateways:
        keys = {"ApiKey": gateways.settings.esms_api_key, "SecretKey": gateways.settings.esms_secret_key}
        assert (await gateways.sms(PHONE)).json()["CodeResult"] == "100"
        balance = (await gateways.http.post(f"{ESMS_PATH}/GetBalance_json", json=keys)).json()
        assert balance == {"Balance": 1_150, "CodeResponse": "100", "UserID": 9_999}
        assert (await gateways.sms(PHONE, Content="MOTCUA" + "x" * 200)).json()["CodeResult"] == "103"
        wrong = (await gateways.http.post(f"{ESMS_PATH}/GetBalance_json", json={})).json()
        assert wrong["CodeResponse"] == "101"


async def test_a_sandbox_text_is_accepted_but_neither_stored_nor_charged(gateways: Gateways) -> None:
    assert (await gateways.sms(PHONE, Sandbox="1")).json()["CodeResult"] == "100"
    assert await gateways.messages() == []
    assert (await gateways.sms(PHONE)).json()["CodeResult"] == "100"


@pytest.mark.parametrize(("phone", "faults"), [("0599999804", {}), (PHONE, {"drop_after_accept": 1.0})])
async def test_a_dropped_reply_leaves_the_text_counted_and_its_repetition_gets_124(
    gateways: Gateways, phone: str, faults: dict[str, float]
) -> None:
    await gateways.faults(**faults)
    with pytest.raises(httpx.RemoteProtocolError):
        await gateways.sms(phone, RequestId="r-1")
    await gateways.faults()
    assert (await gateways.sms(phone, RequestId="r-1")).json()["CodeResult"] == "124"
    assert len(await gateways.messages(phone=phone)) == 1


async def test_a_broken_front_server_answers_502_with_html_and_counts_nothing(gateways: Gateways) -> None:
    for phone, rate in ((PHONE, 1.0), ("0599999802", 0.0)):
        await gateways.faults(http_502=rate)
        reply = await gateways.sms(phone)
        assert (reply.status_code, b"<html>" in reply.content) == (502, True)
    assert await gateways.messages() == []


async def test_faults_can_be_kept_to_one_gateway(gateways: Gateways) -> None:
    await gateways.faults(http_502=1.0, providers=["esms"])
    assert (await gateways.zalo("84912345671")).status_code == 200
    assert (await gateways.sms(PHONE)).status_code == 502


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("[]{}~^|\\" * 10, 1),
        ("a" * 152 + "€" + "b" * 152, 3),
        ("ạ" * 70, 1),
        ("ạ" * 71, 2),
        ("ạ" * 134, 2),
        ("ạ" * 135, 3),
        ("a" * 69 + "`", 1),
        ("a" * 70 + "–", 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
async def test_parts_are_counted_in_septets_or_utf16_units_without_splitting_a_pair(text: str, parts: int) -> None:
    assert count_parts(text) == parts


async def test_a_decomposed_text_costs_more_parts_than_the_composed_one(gateways: Gateways) -> None:
    text = "Một cửa: hồ sơ của ông bà đã được tiếp nhận và hẹn trả kết quả"
    await gateways.sms(PHONE, Content=unicodedata.normalize("NFC", text), IsUnicode="1")
    await gateways.sms(PHONE, Content=unicodedata.normalize("NFD", text), IsUnicode="1")
    assert [message["parts"] for message in await gateways.messages()] == [1, 2]
