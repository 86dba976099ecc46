"""The gateways' published codes, each with its class."""

from __future__ import annotations

from typing import Any

import pytest

from services.notify.channels import esms_errors, zalo_errors
from services.notify.channels.zalo import read_answer
from services.notify.domain.results import Verdict


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (0, Verdict.TAKEN), (-100, Verdict.TRANSIENT), (-124, Verdict.TOKEN), (-118, Verdict.RECIPIENT),
        (-115, Verdict.BILLING), (-144, Verdict.DAY_QUOTA), (-133, Verdict.NIGHT), (-146, Verdict.TEMPLATE),
        (-135, Verdict.CONFIGURATION), (-1121, Verdict.PAYLOAD), (-99999, Verdict.PAYLOAD),
    ],
)  # fmt: skip
def test_zalo_codes_have_their_class(code: int, verdict: Verdict) -> None:
    assert zalo_errors.verdict_of(code) is verdict


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("100", Verdict.TAKEN), ("124", Verdict.ALREADY_TAKEN), ("160", Verdict.THROTTLED), ("99", Verdict.RECIPIENT),
        ("103", Verdict.BILLING), ("101", Verdict.CONFIGURATION), ("146", Verdict.TEMPLATE), ("201", Verdict.PAYLOAD),
        ("31337", Verdict.NO_ANSWER),
    ],
)  # fmt: skip
def test_esms_codes_have_their_class(code: str, verdict: Verdict) -> None:
    assert esms_errors.verdict_of(code) is verdict


def test_no_code_stands_in_two_classes() -> None:
    for table in (zalo_errors._CODES, esms_errors._CODES):
        codes = [code for group in table.values() for code in group]  # type: ignore[attr-defined]
        assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("answer", "verdict", "provider_id"),
    [
        ({"error": 0, "data": {"msg_id": "m"}}, Verdict.TAKEN, "m"),
        ({"error": "0", "data": {"msg_id": "m"}}, Verdict.TAKEN, "m"),
        ({"error": -118, "data": None}, Verdict.RECIPIENT, ""),
        ({"error": "-124"}, Verdict.TOKEN, ""),
        ({}, Verdict.NO_ANSWER, ""),
        ({"error": None}, Verdict.NO_ANSWER, ""),
    ],
)
def test_http_200_says_nothing_the_error_field_does(answer: Any, verdict: Verdict, provider_id: str) -> None:
    result = read_answer(answer)
    assert (result.verdict, result.provider_id) == (verdict, provider_id)
