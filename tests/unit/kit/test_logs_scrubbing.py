"""The last gate of the logs: what may be a phone or an identity number never passes, what finds a dossier does."""

from __future__ import annotations

import logging
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.types import DOSSIER_CODE_PATTERN
from services.kit import logs

DIGITS = st.text("0123456789", min_size=9, max_size=9)
PHONES = DIGITS.map(lambda rest: "0" + rest) | DIGITS.map(lambda rest: "84" + rest) | DIGITS.map(lambda r: "+84" + r)
CITIZEN_IDS = st.text("0123456789", min_size=12, max_size=12)
BEFORE = st.sampled_from(["", "phone ", "tel:", "số:", "(", '{"phone":"', "phone=", "'", "/", "input_value='"])
AFTER = st.sampled_from(["", ".", ",", ")", '"}', " gọi lại", ":", "; ", "/", "'", "-", "\n"])
FORBIDDEN = ["phone", "Phone", "full_name", "name", "id_number", "address", "applicant", "contact", "text", "body"]


def scrubbed(**event: Any) -> dict[str, Any]:
    return dict(logs.scrub(None, "info", event))


@given(PHONES | CITIZEN_IDS, BEFORE, AFTER)
def test_a_phone_or_identity_number_never_survives_wherever_it_stands(number: str, before: str, after: str) -> None:
    line = scrubbed(event=f"{before}{number}{after}")["event"]
    assert number[-9:] not in line
    assert line.startswith(before.removesuffix("+"))


@given(DIGITS, st.sampled_from([" ", ".", "-"]), BEFORE, AFTER)
def test_a_phone_in_groups_never_survives(rest: str, sign: str, before: str, after: str) -> None:
    phone = sign.join(("0" + rest[:3], rest[3:6], rest[6:]))
    assert phone not in scrubbed(event=f"{before}{phone}{after}")["event"]


@pytest.mark.parametrize("phone", ["+84 (0)90 123 45 67", "090 1234567", "0901.234.567", "+84-901-234-567"])
def test_usual_spellings_of_a_phone_do_not_survive(phone: str) -> None:
    assert "[number]" in scrubbed(event=f"gọi {phone} nhé")["event"]


def test_two_numbers_in_one_line_both_go() -> None:
    assert scrubbed(event="0901234567/0907654321-096190001234")["event"].count("[number]") == 3


@pytest.mark.parametrize("key", FORBIDDEN)
def test_a_forbidden_field_never_survives_at_any_depth(key: str) -> None:
    for event in ({key: "Người Mẫu"}, {"more": {key: "Người Mẫu"}}, {"more": [{key: {"deep": "Người Mẫu"}}]}):
        assert "Người Mẫu" not in str(scrubbed(**event))


def test_numbers_inside_structures_bytes_and_errors_do_not_survive() -> None:
    phone = "0901234567"
    line = scrubbed(fields=[{"input": phone}], raw=phone.encode(), error=ValueError(f"bad {phone}"), pair=(phone, 1))
    assert phone not in str(line)


@given(st.from_regex(DOSSIER_CODE_PATTERN, fullmatch=True).filter(lambda code: code.isascii() and len(code) < 48))
def test_dossier_codes_survive(code: str) -> None:
    assert scrubbed(code=code, event=f"case {code} opened") == {"code": code, "event": f"case {code} opened"}


@given(st.uuids() | st.integers(0, 10**12 - 1).map(lambda n: uuid.UUID(f"00000000-0000-7000-8000-{n:012d}")))
def test_uuids_survive(value: uuid.UUID) -> None:
    assert scrubbed(event=f"row {value} sent") == {"event": f"row {value} sent"}


@given(st.text("0123456789abcdef", min_size=32, max_size=32), st.text("0123456789abcdef", min_size=16, max_size=16))
def test_trace_ids_and_traceparents_survive(trace: str, span: str) -> None:
    if span.isdigit() or trace.isdigit():
        return  # one in 1,800: 16 digits are no phone either
    parent = f"00-{trace}-{span}-01"
    assert scrubbed(trace_id=trace, event=f"from {parent}") == {"trace_id": trace, "event": f"from {parent}"}


@pytest.mark.parametrize(
    "text", ["2026-11-23T08:30:00.123456Z", "2026-11-23 08:30:00+07:00", "took 0.123456789 s", "127.0.0.1:27117"]
)
def test_times_durations_and_addresses_survive(text: str) -> None:
    assert scrubbed(event=text) == {"event": text}


def test_counts_and_flags_keep_their_types() -> None:
    assert scrubbed(offset=123456789, ok=True, seconds=0.5, none=None) == {
        "offset": 123456789, "ok": True, "seconds": 0.5, "none": None,
    }  # fmt: skip


def test_the_record_that_the_formatter_of_other_libraries_needs_is_left_alone() -> None:
    record = logging.LogRecord("lib", logging.WARNING, "f", 1, "tel:0901234567", (), None)
    assert scrubbed(_record=record)["_record"] is record
