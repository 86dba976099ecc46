"""VNPT as the simulator speaks it: templates and parameters, a REQID for ever, states that are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from contracts.types import CodePurpose, NoticeKind
from local.simulators.rig import VNPT_PATH, Gateways, open_gateways
from local.simulators.vnpt_templates import VNPT_TEMPLATES, gaps_of
from services.notify.templates import defaults
from tests.component.simulator_fixtures import gateways as gateways
from tests.component.simulator_fixtures import running as running
from tests.eventually import eventually

pytestmark = pytest.mark.asyncio

PHONE, SAME_NETWORK, VIETTEL = "84912345671", "84912345672", "84971234561"


def params(*contents: str) -> list[dict[str, str]]:
    return [{"NUM": str(number), "CONTENT": content} for number, content in enumerate(contents, start=1)]


async def test_an_accepted_call_is_answered_in_strings_and_becomes_the_template_s_text(gateways: Gateways) -> None:
    reply = await gateways.vnpt_sms(PHONE, REQID="r-1")
    assert reply == {"name": "send_sms_list", "ERROR": "0", "ERROR_DESC": "success"}
    (message,) = await gateways.messages()
    assert (message["provider"], message["phone"], message["request_id"]) == ("vnpt", PHONE, "r-1")
    assert message["text"] == "[MOTCUA] Ho so H29.16-261122-0001 da co ket qua. Moi nhan tai Bo phan Mot cua H29.16."
    assert message["template_id"] == "700104"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"APIUSER": "x"}, "1"),
        ({"APIPASS": None}, "1"),
        ({"name": "send_sms"}, "3"),
        ({"name": None}, "3"),
        ({"SCHEDULETIME": "2026-11-22"}, "2"),
        ({"SCHEDULETIME": "22/11/2020 08:00"}, "24"),
        ({"TEMPLATEID": "1"}, "7"),
        ({"PARAMS": None}, "7"),
        ({"PARAMS": params("one")}, "7"),
        ({"PARAMS": params("one", "two", "three")}, "7"),
        ({"PARAMS": [{"NUM": "1", "CONTENT": "a"}, {"NUM": "1", "CONTENT": "b"}]}, "7"),
        ({"PARAMS": [{"NUM": 1, "CONTENT": 5}, {"NUM": 2, "CONTENT": "b"}]}, "7"),
        ({"CONTRACTTYPEID": "2"}, "9"),
        ({"USERNAME": "x"}, "10"),
        ({"PARAMS": params("x" * 600, "y")}, "11"),
        ({"CONTRACTID": "x"}, "13"),
        ({"LABELID": "x"}, "14"),
        ({"AGENTID": "x"}, "15"),
        ({"PARAMS": params("Hồ sơ", "y")}, "17"),
        ({"DATACODING": "4"}, "17"),
        ({"MOBILELIST": ""}, "23"),
        ({"MOBILELIST": "02839123456"}, "23"),
        ({"MOBILELIST": f"{PHONE},{VIETTEL}"}, "23"),
        ({"MOBILELIST": VIETTEL, "DATACODING": "8"}, "25"),
        ({"PARAMS": params("a & b", "y")}, "-1"),
        ({"REQID": ""}, "-1"),
    ],
)
async def test_a_wrong_call_gets_http_200_with_the_code_of_its_fault(
    gateways: Gateways, change: dict[str, Any], code: str
) -> None:
    reply = await gateways.vnpt_sms(PHONE, **change)
    assert reply["ERROR"] == code
    assert reply["ERROR_DESC"]
    assert await gateways.messages() == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"{}", b'{"RQST": 1}', b"<RQST/>"])
async def test_what_cannot_be_read_gets_minus_one(gateways: Gateways, raw: bytes) -> None:
    reply = await gateways.http.post(VNPT_PATH, content=raw)
    assert (reply.status_code, reply.json()["RPLY"]["ERROR"]) == (200, "-1")


async def test_one_call_may_name_several_phones_of_one_network(gateways: Gateways) -> None:
    assert (await gateways.vnpt_sms(PHONE, SAME_NETWORK))["ERROR"] == "0"
    assert {message["phone"] for message in await gateways.messages()} == {PHONE, SAME_NETWORK}


async def test_accented_texts_are_for_subscribers_of_vinaphone(gateways: Gateways) -> None:
    accented = params("H29.16-261122-0001", "Bộ phận Một cửa")
    assert (await gateways.vnpt_sms(PHONE, DATACODING="8", PARAMS=accented))["ERROR"] == "0"
    assert (await gateways.vnpt_sms(VIETTEL, REQID="r-2"))["ERROR"] == "0"


async def test_a_repeated_request_id_is_refused_with_33_whenever_it_comes(gateways: Gateways) -> None:
    assert (await gateways.vnpt_sms(PHONE, REQID="r-1"))["ERROR"] == "0"
    await gateways.http.put("/control/clock", json={"offset_seconds": 7 * 86_400})
    again = await gateways.vnpt_sms(SAME_NETWORK, REQID="r-1")
    assert (again["ERROR"], again["ERROR_DESC"]) == ("33", "Gui trung request id")
    assert len(await gateways.messages()) == 1


async def test_a_refused_call_does_not_use_up_its_request_id(gateways: Gateways) -> None:
    assert (await gateways.vnpt_sms(PHONE, REQID="r-1", TEMPLATEID="1"))["ERROR"] == "7"
    assert (await gateways.vnpt_sms(PHONE, REQID="r-1"))["ERROR"] == "0"


async def test_request_ids_of_two_gateways_do_not_meet(gateways: Gateways) -> None:
    assert (await gateways.sms(PHONE, RequestId="r-1")).json()["CodeResult"] == "100"
    assert (await gateways.vnpt_sms(PHONE, REQID="r-1"))["ERROR"] == "0"
    assert (await gateways.sms(PHONE, RequestId="r-1")).json()["CodeResult"] == "124"


async def test_a_template_can_be_registered_and_then_be_sent(gateways: Gateways) -> None:
    made = await gateways.vnpt("create_template", CONTENT="[MOTCUA] Moi {P2} den {P1}.", TOTALPARAMS="2")
    assert made["ERROR"] == "0"
    assert (await gateways.vnpt_sms(PHONE, TEMPLATEID=made["TEMPLATEID"], PARAMS=params("quay 1", "A")))["ERROR"] == "0"
    (message,) = await gateways.messages()
    assert message["text"] == "[MOTCUA] Moi A den quay 1."


@pytest.mark.parametrize(
    ("change", "code"),
    [({"CONTENT": ""}, "11"), ({"TOTALPARAMS": "3"}, "7"), ({"LABELID": "x"}, "14"), ({"USERNAME": None}, "10")],
)
async def test_a_template_that_cannot_be_registered(gateways: Gateways, change: dict[str, Any], code: str) -> None:
    fields = {"CONTENT": "[MOTCUA] {P1} {P2}", "TOTALPARAMS": 2} | change
    assert (await gateways.vnpt("create_template", **fields))["ERROR"] == code


async def test_the_phones_with_manners_of_their_own(gateways: Gateways) -> None:
    assert (await gateways.vnpt_sms("84599999825"))["ERROR"] == "25"
    assert (await gateways.vnpt_sms("84599999899"))["ERROR"] == "23"
    assert (await gateways.vnpt_sms("84599999877"))["ERROR"] == "0"
    async with open_gateways(vnpt_missing_networks=(1,)) as narrow:
        assert (await narrow.vnpt_sms(VIETTEL))["ERROR"] == "25"


async def test_the_package_is_used_up_part_by_part() -> None:
    async with open_gateways(vnpt_package=2) as gateways:
        assert (await gateways.vnpt_sms(PHONE, REQID="r-1"))["ERROR"] == "0"
        assert (await gateways.vnpt_sms(PHONE, SAME_NETWORK, REQID="r-2"))["ERROR"] == "20"
        assert (await gateways.vnpt_sms(PHONE, REQID="r-3"))["ERROR"] == "0"


async def test_over_its_rate_the_account_gets_16_also_for_questions() -> None:
    async with open_gateways(vnpt_tps=2) as gateways:

        async def cut() -> bool:
            codes = [(await gateways.vnpt_status("r-1"))["ERROR"] for _ in range(6)]
            return codes[0] == "0" and "16" in codes

        await eventually(cut)


async def test_the_states_of_a_text_on_its_way() -> None:
    now = 1_790_000_000.0
    async with open_gateways(wall=lambda: now, receipt_delay_min_ms=60_000, receipt_delay_max_ms=60_000) as gateways:
        await gateways.vnpt_sms(PHONE, REQID="r-1")
        for later, state in ((0, "5"), (25, "2"), (50, "3")):
            now = 1_790_000_000.0 + later
            assert (await gateways.vnpt_status("r-1"))["STATUS"] == state


async def test_a_delivered_text_has_status_zero_with_its_parts_and_a_failure_has_one(gateways: Gateways) -> None:
    await gateways.vnpt_sms(PHONE, REQID="r-1")
    await gateways.vnpt_sms("84599999810", REQID="r-2")

    async def settled() -> Any:
        states = [await gateways.vnpt_status(request_id) for request_id in ("r-1", "r-2")]
        return states if [one["STATUS"] for one in states] == ["0", "1"] else None

    first, second = await eventually(settled)
    assert first == {
        "name": "get_sms_status_api",
        "ERROR": "0",
        "ERROR_DESC": "success",
        "STATUS": "0",
        "MT_COUNT": "1",
    }
    assert second["MT_COUNT"] == "0"


async def test_what_never_arrives_is_tried_again_for_ever_and_a_lost_report_leaves_it_pushed(
    gateways: Gateways,
) -> None:
    await gateways.vnpt_sms("84599999801", REQID="r-1")
    assert (await gateways.vnpt_status("r-1"))["STATUS"] == "4"
    await gateways.faults(receipt_never=1.0)
    await gateways.vnpt_sms(PHONE, REQID="r-2")

    async def arrived() -> bool:
        return bool((await gateways.messages(phone=PHONE))[0]["delivered_at"])

    await eventually(arrived)
    assert (await gateways.vnpt_status("r-2"))["STATUS"] == "3"


async def test_a_question_about_nothing_or_by_a_stranger(gateways: Gateways) -> None:
    assert (await gateways.vnpt_status("unknown"))["STATUS"] == "-1"
    stranger = await gateways.vnpt_status("unknown", APIPASS="x")
    assert (stranger["ERROR"], stranger["STATUS"]) == ("1", "10")
    assert (await gateways.vnpt_status("unknown", CONTRACTID="x"))["ERROR"] == "13"


async def test_of_several_phones_the_least_settled_speaks_for_all(gateways: Gateways) -> None:
    await gateways.faults(never_delivered=0.5)
    phones = [f"8491234500{number}" for number in range(10)]
    await gateways.vnpt_sms(*phones)

    async def nobody_is_on_the_way() -> Any:
        outcomes = {message["outcome"] for message in await gateways.messages()}
        return None if "pending" in outcomes else outcomes

    assert await eventually(nobody_is_on_the_way) == {"delivered", "undelivered"}
    assert (await gateways.vnpt_status("r-1"))["STATUS"] == "4"


@pytest.mark.parametrize(("phone", "faults"), [("84599999804", {}), (PHONE, {"drop_after_accept": 1.0})])
async def test_a_dropped_reply_leaves_the_text_counted_and_its_repetition_gets_33(
    gateways: Gateways, phone: str, faults: dict[str, float]
) -> None:
    await gateways.faults(**faults)
    with pytest.raises(httpx.RemoteProtocolError):
        await gateways.vnpt_sms(phone, REQID="r-1")
    await gateways.faults()
    assert (await gateways.vnpt_sms(phone, REQID="r-1"))["ERROR"] == "33"
    assert len(await gateways.messages(phone=phone)) == 1


async def test_a_broken_front_server_answers_502_with_html_and_counts_nothing(gateways: Gateways) -> None:
    for phone, rate in ((PHONE, 1.0), ("84599999802", 0.0)):
        await gateways.faults(http_502=rate)
        reply = await gateways.http.post(VNPT_PATH, json={"RQST": gateways.vnpt_list(phone)})
        assert (reply.status_code, b"<html>" in reply.content) == (502, True)
    assert await gateways.messages() == []


@pytest.mark.parametrize("code", ["8", "12", "26", "30", "31", "32", "4711"])
async def test_any_code_can_be_asked_for(gateways: Gateways, code: str) -> None:
    await gateways.faults(refuse_with={"vnpt": code})
    assert (await gateways.vnpt_sms(PHONE))["ERROR"] == code


async def test_what_happened_is_counted_and_the_wall_names_the_gateway(gateways: Gateways) -> None:
    await gateways.vnpt_sms(PHONE)
    await gateways.vnpt_sms(PHONE)

    async def shown() -> bool:
        return "VNPT, 1 phần" in (await gateways.http.get(f"/phones/{PHONE}")).text

    await eventually(shown)
    stats = (await gateways.http.get("/control/stats")).json()["vnpt"]
    assert (stats["accepted"], stats["delivered"], stats["refused"]) == (1, 1, {"33": 1})


async def test_a_restart_forgets_neither_the_text_nor_its_request_id(tmp_path: Any) -> None:
    file = tmp_path / "simulators.jsonl"
    async with open_gateways(state_file=file) as gateways:
        assert (await gateways.vnpt_sms(PHONE))["ERROR"] == "0"
    async with open_gateways(state_file=file) as gateways:
        assert (await gateways.vnpt_sms(PHONE))["ERROR"] == "33"
        assert (await gateways.vnpt_status("r-1"))["STATUS"] != "-1"


async def test_what_the_service_brings_along_is_what_was_registered() -> None:
    brought: dict[tuple[str, ...], list[str]] = {}
    file = Path(defaults.__file__).with_name("defaults.yaml")
    for kind, template in yaml.safe_load(file.read_text(encoding="utf-8"))["templates"].items():
        for case, part in {"": template, **template.get("cases", {})}.items():
            if "vnpt" in part:
                brought[part["vnpt"]["template_id"], kind, case] = part["vnpt"]["params"]
    assert brought == {(one.template_id, one.kind, one.variant): list(one.fields) for one in VNPT_TEMPLATES}


async def test_every_kind_of_notice_has_a_template_whose_gaps_are_its_parameters() -> None:
    assert {template.kind for template in VNPT_TEMPLATES} == {kind.value for kind in NoticeKind}
    assert {t.variant for t in VNPT_TEMPLATES if t.kind == "one_time_code"} == {
        purpose.value for purpose in CodePurpose
    }
    assert len({template.template_id for template in VNPT_TEMPLATES}) == len(VNPT_TEMPLATES)
    for template in VNPT_TEMPLATES:
        assert gaps_of(template.content) == set(range(1, template.total_params + 1)), template.template_id
        assert template.content.isascii()
