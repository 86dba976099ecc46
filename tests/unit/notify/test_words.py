"""What notices say, within the gateways' lengths and alphabets."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.types import NoticeKind
from services.notify.domain.words import MAX_LENGTHS, TEMPLATE_FIELDS, cut, fields, septets, sms_text, unaccented
from tests.unit.notify.ladder_fixtures import new_notice

NAME = "Cấp giấy phép xây dựng nhà ở riêng lẻ tại đô thị đối với công trình đã được phê duyệt quy hoạch chi tiết"
VIETNAMESE = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ"


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_fills_its_template_within_its_lengths(kind: NoticeKind) -> None:
    notice = replace(new_notice(kind), items=("Bản sao giấy tờ " * 10,))
    values = fields(notice, unicodedata.normalize("NFD", NAME), "H99.01")
    assert tuple(values) == TEMPLATE_FIELDS[kind]
    for name, value in values.items():
        assert value
        assert len(value) <= MAX_LENGTHS[name]
        assert value == unicodedata.normalize("NFC", value)


def test_moments_are_vietnamese_time() -> None:
    assert fields(new_notice(), NAME, "H99.01")["due_date"] == "12:00 07/03/2026"


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_sms_is_one_unaccented_part_that_begins_with_the_prefix(kind: NoticeKind) -> None:
    text = sms_text(replace(new_notice(kind), items=(NAME, NAME)), NAME, "H99.01", "[MOTCUA] ")
    assert text.startswith("[MOTCUA] Ho so H99.01-260302-0007 ")
    assert text.isascii()
    assert septets(text) <= 160


def test_all_letters_of_the_alphabet_lose_their_accents() -> None:
    plain = unaccented(VIETNAMESE + VIETNAMESE.upper())
    assert plain.isascii()
    assert "?" not in plain
    assert unaccented("Đường số 1 – “Bãi Cháy”…") == 'Duong so 1 - "Bai Chay"...'


@given(st.text(max_size=300))
def test_any_text_becomes_ascii_and_any_cut_fits(text: str) -> None:
    assert unaccented(text).isascii()
    assert len(cut(text, 90)) <= 90
