"""What texts cost, held against an implementation that the services do not know."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulators.sms_parts import count_parts
from services.notify.domain.sms_text import (
    composed,
    cut,
    encoding,
    is_gsm7,
    one_line,
    parts,
    septets,
    unaccented,
    units,
)

VOWELS = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ"
ACCENTED = [letter for letter in VOWELS + VOWELS.upper() if not letter.isascii()]
GSM_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
gsm_texts = st.text(alphabet=GSM_BASIC + "\f^{}\\[~]|€", max_size=700)
vietnamese = st.text(alphabet="".join(ACCENTED) + "abc 123[]~€😀–…₫`", max_size=400)


def test_there_are_134_accented_letters_and_all_become_plain_ascii() -> None:
    assert len(ACCENTED) == 134
    for form in ("NFC", "NFD"):
        plain = unaccented(unicodedata.normalize(form, "".join(ACCENTED)))
        assert len(plain) == 134
        assert plain.isascii()
        assert plain.isalpha()
    assert unaccented("ơƠưƯđĐ") == "oOuUdD"


def test_the_alphabet_has_the_127_characters_of_the_basic_table() -> None:
    """128 positions, one of them the escape."""
    assert len(set(GSM_BASIC)) == 127
    assert all(is_gsm7(letter) and septets(letter) == 1 for letter in GSM_BASIC)
    assert all(is_gsm7(letter) and septets(letter) == 2 for letter in "\f^{}\\[~]|€")


def test_seven_vietnamese_letters_are_in_gsm7_and_still_not_plain() -> None:
    """Fitting GSM-7 does not mean unaccented: an unaccented template refuses them."""
    assert [letter for letter in ACCENTED if is_gsm7(letter)] == list("àèéìòùÉ")
    text = "à è é ì ò ù É"
    assert (encoding(text), text.isascii(), unaccented(text)) == ("GSM-7", False, "a e e i o u E")


@pytest.mark.parametrize("letter", ["`", "₫", "–", "“", "”", "\xa0", "😀", "ạ", "đ", "\t"])
def test_one_character_outside_gsm7_makes_the_whole_text_dear(letter: str) -> None:
    assert (parts("a" * 100), parts("a" * 100 + letter)) == (1, 2)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("a" * 459, 3), ("a" * 460, 4),
        ("a" * 612, 4), ("a" * 158 + "€", 1), ("a" * 159 + "€", 2), ("ạ" * 70, 1), ("ạ" * 71, 2), ("ạ" * 134, 2),
        ("ạ" * 135, 3), ("ạ" * 201, 3), ("ạ" * 268, 4), ("😀" * 35, 1), ("😀" * 36, 2), ("😀" * 66, 2), ("😀" * 67, 3),
    ],
)  # fmt: skip
def test_parts_as_vietnamese_carriers_bill_them(text: str, count: int) -> None:
    assert parts(text) == count


def test_an_escaped_character_is_not_split_over_two_parts() -> None:
    text = "a" * 152 + "€" + "b" * 152
    assert (septets(text), parts(text)) == (306, 3)


def test_a_decomposed_text_costs_more_until_it_is_composed() -> None:
    text = "Xin chào, đơn hàng của bạn đã được xác nhận"
    loose = unicodedata.normalize("NFD", text)
    assert (len(text), len(loose), composed(loose)) == (43, 55, text)
    assert (units(loose), units(composed(loose))) == (55, 43)


@given(st.one_of(gsm_texts, vietnamese, st.text(max_size=300)))
def test_any_text_costs_what_the_network_counts(text: str) -> None:
    assert parts(text) == count_parts(text)


@given(gsm_texts)
def test_a_text_of_gsm7_is_counted_in_septets(text: str) -> None:
    assert is_gsm7(text)
    assert units(text) == septets(text) == sum(2 if letter in "\f^{}\\[~]|€" else 1 for letter in text)


@given(st.one_of(vietnamese, st.text(max_size=300)))
def test_any_text_becomes_ascii_that_is_billed_by_septets(text: str) -> None:
    plain = unaccented(text)
    assert plain.isascii()
    assert is_gsm7(plain)
    assert unaccented(plain) == plain


@given(st.text(max_size=300), st.integers(min_value=1, max_value=90))
def test_a_cut_fits_is_composed_and_begins_as_the_text_does(text: str, length: int) -> None:
    shortened = cut(text, length)
    assert len(shortened) <= length
    assert shortened == composed(shortened)
    assert one_line(text).startswith(shortened.removesuffix("…"))


def test_what_has_no_like_is_marked_and_punctuation_is_kept() -> None:
    assert unaccented("Đường số 1 – “Bãi Cháy”…") == 'Duong so 1 - "Bai Chay"...'
    assert unaccented("`x`\t₫\x00\x7f") == "'x' ???"
    assert unaccented("\u1fef") == "'"
    assert one_line(" a\x00\u00a0 b\ud800\n c ") == "a b c"
