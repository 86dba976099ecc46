"""SpeedSMS and VNPT: every published code has its class, and odd answers are no surprise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Invalid
from services.notify.channels import speedsms, speedsms_errors, vnpt, vnpt_errors
from services.notify.domain.results import Answer, Fate, Result, Verdict
from services.notify.speedsms_webhook import SpeedsmsEvent, speedsms_document, speedsms_event

PHONE = "84912345671"
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SPEEDSMS_PUBLISHED = {"00", "007", "008", "009", "101", "105", "110", "113", "300", "500"}
VNPT_PUBLISHED = {
    "-1", "0", "1", "2", "3", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "20", "21", "22", "23",
    "24", "25", "26", "30", "31", "32", "33",
}  # fmt: skip
VNPT_STATES = {"-1", "0", "1", "2", "3", "4", "5", "10"}


def test_every_published_code_is_in_its_table_and_in_one_class_only() -> None:
    assert set(speedsms_errors.VERDICTS) == SPEEDSMS_PUBLISHED
    assert set(vnpt_errors.VERDICTS) == VNPT_PUBLISHED
    assert set(vnpt_errors.FATES) == VNPT_STATES
    for table in (speedsms_errors._CODES, vnpt_errors._CODES):
        codes = [code for group in table.values() for code in group]
        assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("00", Verdict.TAKEN), ("007", Verdict.CONFIGURATION), ("101", Verdict.PAYLOAD), ("105", Verdict.RECIPIENT),
        ("113", Verdict.PAYLOAD), ("300", Verdict.BILLING), ("500", Verdict.TRANSIENT), ("31337", Verdict.ELSEWHERE),
    ],
)  # fmt: skip
def test_speedsms_codes_have_their_class(code: str, verdict: Verdict) -> None:
    assert speedsms_errors.verdict_of(code) is verdict


def test_101_of_a_sender_is_a_matter_of_the_account() -> None:
    assert speedsms_errors.verdict_of("101", "Sender not found") is Verdict.CONFIGURATION
    assert speedsms_errors.verdict_of("105", "sender") is Verdict.RECIPIENT


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("0", Verdict.TAKEN), ("33", Verdict.ALREADY_TAKEN), ("16", Verdict.THROTTLED), ("-1", Verdict.TRANSIENT),
        ("23", Verdict.RECIPIENT), ("25", Verdict.ELSEWHERE), ("7", Verdict.TEMPLATE), ("31", Verdict.CONFIGURATION),
        ("21", Verdict.BILLING), ("12", Verdict.NIGHT), ("30", Verdict.PAYLOAD), ("31337", Verdict.NO_ANSWER),
    ],
)  # fmt: skip
def test_vnpt_codes_have_their_class(code: str, verdict: Verdict) -> None:
    assert vnpt_errors.verdict_of(code) is verdict


TAKEN = {"tranId": 123456, "totalSMS": 1, "totalPrice": 250, "invalidPhone": []}


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ({"status": "success", "code": "00", "data": TAKEN}, Result(Verdict.TAKEN, "00", "123456", cost_vnd=250)),
        (
            {"status": "success", "code": "00", "data": TAKEN | {"tranId": "123456", "totalPrice": "250"}},
            Result(Verdict.TAKEN, "00", "123456", cost_vnd=250),
        ),
        ({"status": "success", "code": "00"}, Result(Verdict.TAKEN, "00")),
        (
            {"status": "success", "code": "00", "data": TAKEN | {"totalPrice": -1}},
            Result(Verdict.TAKEN, "00", "123456"),
        ),
        *(
            ({"status": "success", "code": "00", "data": TAKEN | {"invalidPhone": [form]}},
             Result(Verdict.RECIPIENT, "invalid-phone"))
            for form in ("84912345671", "0912345671", "+84 912 345 671", 84912345671)
        ),
        (
            {"status": "success", "code": "00", "data": TAKEN | {"invalidPhone": ["84900000000"]}},
            Result(Verdict.TAKEN, "00", "123456", cost_vnd=250),
        ),
        ({"status": "error", "code": "300", "message": "x"}, Result(Verdict.BILLING, "300")),
        ({"status": "error"}, Result(Verdict.ELSEWHERE, "no-code")),
        ({"name": "Too Many Requests", "code": 0, "status": 429}, Result(Verdict.NO_ANSWER, "0")),
        ({}, Result(Verdict.NO_ANSWER, "no-status")),
    ],
)  # fmt: skip
def test_what_speedsms_answers(answer: dict[str, Any], result: Result) -> None:
    assert speedsms.read_answer(answer, PHONE) == result


@pytest.mark.parametrize(
    ("answer", "fate"),
    [
        ({"status": "success", "data": [{"phone": PHONE, "status": 0}]}, Fate.DELIVERED),
        ({"status": "success", "data": [{"phone": PHONE, "status": "64"}]}, Fate.NOT_DELIVERED),
        ({"status": "success", "data": {"status": 63}}, Fate.ON_ITS_WAY),
        ({"status": "success", "data": [{"phone": PHONE, "status": None}]}, Fate.NO_ANSWER),
        ({"status": "success", "data": "sent"}, Fate.NO_ANSWER),
        ({"status": "error", "code": "101"}, Fate.NO_ANSWER),
        ({}, Fate.NO_ANSWER),
    ],
)
def test_what_speedsms_says_of_a_text(answer: dict[str, Any], fate: Fate) -> None:
    assert speedsms.read_status(answer).fate is fate


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ({"RPLY": {"ERROR": "0"}}, Result(Verdict.TAKEN, "0")),
        ({"RPLY": {"ERROR": 0}}, Result(Verdict.TAKEN, "0")),
        ({"RPLY": {"ERROR": " 33 "}}, Result(Verdict.ALREADY_TAKEN, "33")),
        ({"RPLY": {}}, Result(Verdict.NO_ANSWER, "no-code")),
        ({"RPLY": {"ERROR": None}}, Result(Verdict.NO_ANSWER, "no-code")),
        ({"RPLY": "0"}, Result(Verdict.NO_ANSWER, "no-code")),
        ({}, Result(Verdict.NO_ANSWER, "no-code")),
    ],
)
def test_what_vnpt_answers(answer: dict[str, Any], result: Result) -> None:
    assert vnpt.read_answer(answer) == result


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ({"STATUS": "0", "MT_COUNT": "1"}, Answer(Fate.DELIVERED, "0")),
        ({"ERROR": "0", "STATUS": 1}, Answer(Fate.NOT_DELIVERED, "1")),
        ({"ERROR": "0", "STATUS": "4"}, Answer(Fate.ON_ITS_WAY, "4")),
        ({"STATUS": "-1"}, Answer(Fate.NOT_THERE, "-1")),
        ({"ERROR": "16"}, Answer(Fate.NO_ANSWER, "16")),
        ({"ERROR": "1", "STATUS": "10"}, Answer(Fate.NO_ANSWER, "1")),
        ({"STATUS": "10"}, Answer(Fate.NO_ANSWER, "10")),
        ({"STATUS": "77"}, Answer(Fate.NO_ANSWER, "77")),
        ({}, Answer(Fate.NO_ANSWER, "no-status")),
    ],
)
def test_what_vnpt_says_of_a_text(reply: dict[str, Any], answer: Answer) -> None:
    assert vnpt.read_status({"RPLY": reply}) == answer


def report(**changes: Any) -> bytes:
    return orjson.dumps({"type": "report", "tranId": 123456, "phone": PHONE, "status": 0} | changes)


@pytest.mark.parametrize(
    ("changes", "id", "delivered"),
    [
        ({}, "speedsms|delivered|123456", True),
        ({"tranId": "123456", "status": "0"}, "speedsms|delivered|123456", True),
        ({"status": 64}, "speedsms|failed|123456", False),
        ({"status": 255}, "speedsms|failed|123456", False),
        ({"type": "Report"}, "speedsms|delivered|123456", True),
    ],
)
def test_a_final_report_is_kept_without_the_phone(changes: dict[str, Any], id: str, delivered: bool) -> None:
    document = speedsms_document(report(**changes), NOW)
    assert document is not None
    assert (document["_id"], document["provider_id"], document["delivered"]) == (id, "123456", delivered)
    assert (document["ref"], document["at"], document["lane"]) == ("", NOW, "new")
    assert PHONE[2:] not in str(document)


@pytest.mark.parametrize("status", [1, 63, "5", -1])
def test_a_report_that_is_not_final_says_nothing(status: object) -> None:
    assert speedsms_document(report(status=status), NOW) is None


def test_what_a_citizen_answers_is_named_and_not_kept() -> None:
    body = orjson.dumps({"type": "incoming", "phone": PHONE, "content": "TU CHOI"})
    assert speedsms_document(body, NOW) is None
    kind, event = speedsms_event(body)
    assert (kind, event["content"]) == (SpeedsmsEvent.INCOMING, "TU CHOI")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'"x"', b"null", orjson.dumps({"type": "other"}), orjson.dumps({"tranId": 1, "status": 0}),
        report(status=None), report(status="delivered"), report(status=True), report(tranId=None), report(tranId=""),
        report(tranId="a"), report(tranId=-5), report(tranId="9" * 31), report(tranId=[1]), report(tranId="１２"),
    ],
)  # fmt: skip
def test_a_malformed_report_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        speedsms_document(body, NOW)
    assert refused.value.slug == "event-malformed"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMED = st.fixed_dictionaries(
    {},
    optional={
        name: JSON
        for name in ("status", "code", "message", "data", "tranId", "type", "RPLY", "ERROR", "STATUS", "invalidPhone")
    },
)


@given(NAMED)
def test_nothing_a_gateway_says_breaks_the_reading(answer: dict[str, Any]) -> None:
    inner = {"status": "success", "data": answer}
    for whole in (answer, inner, {"RPLY": answer}, {"data": [answer]}):
        assert isinstance(speedsms.read_answer(whole, PHONE), Result)
        assert isinstance(speedsms.read_status(whole), Answer)
        assert isinstance(vnpt.read_answer(whole), Result)
        assert isinstance(vnpt.read_status(whole), Answer)
    for event in (answer, answer | {"type": "report"}):
        try:
            body = orjson.dumps(event)
        except orjson.JSONEncodeError:  # text that is no UTF-8 cannot come in a body either
            continue
        try:
            document = speedsms_document(body, NOW)
        except Invalid:
            continue
        assert document is None or document["provider_id"].isdecimal()
