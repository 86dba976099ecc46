"""Corrections of dead records, the paths at which they differ, and who may say what as a reason."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Invalid
from services.kit.kafka import Record
from services.kit.operations.edits import MOST_PATHS, Correction, differences
from services.kit.operations.operation import account_acting

SENT = Record("t", 0, 7, b"K", b'{"a": 1, "b": {"c": [1, 2]}}', (("ce_id", b"1"), ("X-Bin", b"\xff"), ("n", None)), 5)


def changed(**fields: object) -> Record:
    return Correction(body=json.dumps({**json.loads(SENT.value or b""), **fields}).encode()).of(SENT)


class TestCorrection:
    def test_what_is_not_named_stays_byte_for_byte(self) -> None:
        assert Correction().of(SENT) == SENT
        after = Correction(headers={"CE_Type": "t1"}).of(SENT)
        assert after.headers == (*SENT.headers, ("ce_type", b"t1"))
        assert (after.value, after.key, after.offset, after.timestamp_ms) == (SENT.value, SENT.key, 7, 5)

    def test_a_header_is_replaced_or_taken_away_whatever_its_case(self) -> None:
        after = Correction(headers={"x-bin": "good", "N": None}).of(SENT)
        assert after.headers == (("ce_id", b"1"), ("x-bin", b"good"))

    def test_an_empty_body_is_a_body(self) -> None:
        assert Correction(body=b"").of(SENT).value == b""


class TestDifferences:
    @pytest.mark.parametrize(
        ("after", "paths"),
        [
            (SENT, []),
            (changed(a=2), ["body.a"]),
            (changed(b={"c": [1, 3]}), ["body.b.c[1]"]),
            (changed(b={"c": [1]}), ["body.b.c"]),
            (changed(d=0), ["body.d"]),
            (changed(**{"Nguyễn Văn A": 1}), ["body.?"]),
            (Correction(body=b"{").of(SENT), ["body"]),
            (Correction(body=b'{"a":1,"b":{"c":[1,2]}}').of(SENT), ["body"]),
            (Correction(key=b"L", headers={"ce_id": None}).of(SENT), ["key", "headers.ce_id"]),
        ],
    )
    def test_they_are_named_by_place_and_never_by_value(self, after: Record, paths: list[str]) -> None:
        assert differences(SENT, after) == paths

    def test_a_body_that_came_as_a_tombstone(self) -> None:
        assert differences(Record("t", 0, 0, None, None, (), 0), Record("t", 0, 0, None, b"{}", (), 0)) == ["body"]

    def test_they_end_somewhere(self) -> None:
        assert len(differences(SENT, changed(**{f"f{number}": 1 for number in range(500)}))) == MOST_PATHS

    @given(st.binary(max_size=60), st.binary(max_size=60))
    def test_whatever_bytes_are_compared_there_is_an_answer(self, before: bytes, after: bytes) -> None:
        records = [Record("t", 0, 0, None, body, (), 0) for body in (before, after)]
        assert (differences(*records) == []) is (before == after)


class TestActing:
    @pytest.mark.parametrize("reason", ["", "    ", "ngắn", "x" * 501])
    def test_a_reason_is_required(self, reason: str) -> None:
        with pytest.raises(Invalid) as caught:
            account_acting("operator-7", reason)
        assert caught.value.slug == "reason-missing"

    @pytest.mark.parametrize("reason", ["gọi 0901234001 không được", "CCCD 001099012345", "gọi +84 90 123 40 01"])
    def test_no_phone_and_no_identity_number_stands_in_it(self, reason: str) -> None:
        with pytest.raises(Invalid) as caught:
            account_acting("operator-7", reason)
        assert caught.value.slug == "reason-personal"

    def test_a_dossier_code_may(self) -> None:
        acting = account_acting("operator-7", "  hồ sơ H12.970.00-261123-0001   đã gửi lại ")
        assert acting.reason == "hồ sơ H12.970.00-261123-0001 đã gửi lại"

    @pytest.mark.parametrize("account", ["", "Nguyễn Văn A", "key:0123456789ab", "a b", "x" * 61])
    def test_an_account_is_no_name_and_no_key(self, account: str) -> None:
        with pytest.raises(Invalid) as caught:
            account_acting(account, "đã sửa danh mục")
        assert caught.value.slug == "account-malformed"
