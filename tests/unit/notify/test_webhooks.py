"""Signatures and shapes of what the gateways call back with."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

import pytest

from contracts.problems import Invalid, Missing
from services.kit.auth import Unauthenticated
from services.notify.webhooks import check_secret, check_zalo_signature, esms_document, zalo_document

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
APP, KEY, STAMP = "2074138120372622546", "SECRET", "1602560967477"
BODY = (
    b'{"sender":{"id":"2893352839501541173"},"recipient":{"id":"84987654321"},"event_name":"user_received_message",'
    b'"message":{"delivery_time":"1602960467432","msg_id":"15a0cc0bbb13bd4ce403","tracking_id":"T1"},'
    b'"app_id":"2074138120372622546","timestamp":"1602560967477"}'
)
MAC = "bff33a753d566c57706c440eccc81a5d5425e5c06c46ec21156b30833c25de5a"


def test_the_published_test_vector_is_accepted() -> None:
    event = check_zalo_signature(BODY, f"mac={MAC}", None, APP, KEY)
    document = zalo_document(event, BODY, NOW)
    assert document["ref"] == "T1"
    assert document["provider_id"] == "15a0cc0bbb13bd4ce403"
    assert document["at"] == datetime(2020, 10, 17, 18, 47, 47, 432000, tzinfo=UTC)
    assert "84987654321" not in str(document)


def test_a_signature_over_the_header_timestamp_is_accepted_too() -> None:
    mac = hashlib.sha256(APP.encode() + BODY + b"999" + KEY.encode()).hexdigest()
    assert check_zalo_signature(BODY, f"mac={mac}", "999", APP, KEY)


@pytest.mark.parametrize(
    ("body", "signature", "key"),
    [
        (BODY, None, KEY),
        (BODY, "mac=", KEY),
        (BODY, f"mac={'0' * 64}", KEY),
        (BODY + b" ", f"mac={MAC}", KEY),
        (BODY, f"mac={MAC}", "OTHER"),
        (BODY, f"mac={MAC}é", KEY),
        (b"not json", f"mac={MAC}", KEY),
    ],
)
def test_a_forged_signature_is_refused(body: bytes, signature: str | None, key: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        check_zalo_signature(body, signature, STAMP, APP, key)
    assert caught.value.slug == "signature-invalid"


def test_without_a_configured_key_nothing_is_genuine() -> None:
    mac = hashlib.sha256(APP.encode() + BODY + STAMP.encode()).hexdigest()
    with pytest.raises(Unauthenticated):
        check_zalo_signature(BODY, f"mac={mac}", STAMP, APP, "")


def test_other_events_are_kept_by_name_only_and_receipts_need_an_id() -> None:
    kept = zalo_document({"event_name": "user_feedback", "message": {"note": "Người Mẫu A"}}, b"x", NOW)
    assert "Người Mẫu" not in str(kept)
    assert "lane" not in kept
    with pytest.raises(Invalid):
        zalo_document({"event_name": "user_received_message", "message": {}}, b"x", NOW)


@pytest.mark.parametrize("secret", ["", "wrong", "é"])
def test_a_wrong_callback_address_looks_like_no_address(secret: str) -> None:
    with pytest.raises(Missing):
        check_secret(secret, "right")
    with pytest.raises(Missing):
        check_secret("", "")


def test_an_esms_callback_tells_success_failure_or_nothing_yet() -> None:
    query = {"SMSID": "s1", "SendFailed": "0", "SendSuccess": "1", "phonenumber": "0901234567", "ref": "n-1-1"}
    document = esms_document(query, NOW)
    assert document is not None
    assert document["delivered"] is True
    assert document["ref"] == "n-1-1"
    assert "0901234567" not in str(document)
    failed = esms_document({**query, "SendFailed": "1", "SendSuccess": "0"}, NOW)
    assert failed is not None
    assert failed["delivered"] is False
    assert esms_document({**query, "SendSuccess": "0"}, NOW) is None
    with pytest.raises(Invalid):
        esms_document({}, NOW)


@pytest.mark.parametrize(
    "error_info",
    [
        quote(quote('"{\\"error\\":-118,\\"message\\":\\"Zalo account not existed\\"}"') + "____02/03/2026 08:00:00"),
        quote('"{\\"error\\":-118}"System.FormatException: Input string was not in a correct format.'),
        "%25ZZ%",
    ],
)
def test_an_error_info_quoted_and_encoded_twice_neither_harms_the_callback_nor_is_kept(error_info: str) -> None:
    query = dict(parse_qsl(f"SMSID=abc&SendStatus=5&SendSuccess=0&SendFailed=1&error_info={error_info}"))
    assert "error_info" in query
    document = esms_document(query, NOW)
    assert document is not None
    assert (document["provider_id"], document["delivered"]) == ("abc", False)
    assert not {value for value in document.values() if "Zalo" in str(value) or "Exception" in str(value)}
