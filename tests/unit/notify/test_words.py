"""What notices say, within the gateways' lengths and alphabets."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.types import CodePurpose, NoticeKind
from local.simulators.templates import SMS_PATTERNS, ZALO_TEMPLATES
from services.notify.channels.zalo_templates import TEMPLATE_IDS
from services.notify.domain.reasons import NO_REASON, REASONS, reason_of
from services.notify.domain.words import (
    MAX_LENGTHS,
    OPTIONAL,
    TEMPLATE_FIELDS,
    Particulars,
    cut,
    fields,
    septets,
    sms_text,
    unaccented,
)
from tests.unit.notify.ladder_fixtures import new_notice

NAME = "Cấp giấy phép xây dựng nhà ở riêng lẻ tại đô thị đối với công trình đã được phê duyệt quy hoạch chi tiết"
LINK = "https://mot-cua.example.gov.vn/danh-gia/Zk3vQ9rT2mXw"
ABOUT = Particulars(NAME, "H99.01", code="123456", rating_link=LINK)
PREFIX = "[MOTCUA] "
VIETNAMESE = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ"
BY_ZALO = [kind for kind in NoticeKind if kind is not NoticeKind.ONE_TIME_CODE]


@pytest.mark.parametrize("kind", BY_ZALO)
def test_every_kind_fills_its_template_within_its_lengths(kind: NoticeKind) -> None:
    notice = replace(new_notice(kind), items=("Bản sao giấy tờ " * 10,))
    values = fields(notice, replace(ABOUT, procedure_name=unicodedata.normalize("NFD", NAME)))
    assert tuple(values) == TEMPLATE_FIELDS[kind]
    for name, value in values.items():
        assert value
        assert len(value) <= MAX_LENGTHS[name]
        assert value == unicodedata.normalize("NFC", value)


def test_the_registered_templates_ask_for_what_is_sent() -> None:
    registered = {one.kind: one for one in ZALO_TEMPLATES}
    for kind in BY_ZALO:
        template = registered[kind]
        assert template.template_id == TEMPLATE_IDS[kind]
        assert tuple(one.name for one in template.parameters) == TEMPLATE_FIELDS[kind]
        assert {one.name: one.max_length for one in template.parameters}.items() <= MAX_LENGTHS.items()
        assert {one.name for one in template.parameters if one.accept_null} == OPTIONAL & set(TEMPLATE_FIELDS[kind])


def test_a_one_time_code_has_no_zalo_template_and_its_digits_are_in_no_field() -> None:
    assert fields(new_notice(NoticeKind.ONE_TIME_CODE), ABOUT) == {}
    for kind in BY_ZALO:
        assert "123456" not in str(fields(new_notice(kind), ABOUT))


def test_moments_are_vietnamese_time() -> None:
    assert fields(new_notice(), ABOUT)["due_date"] == "12:00 07/03/2026"


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("purpose", CodePurpose)
def test_every_sms_is_one_unaccented_part_that_begins_with_the_prefix(kind: NoticeKind, purpose: CodePurpose) -> None:
    text = sms_text(replace(new_notice(kind), items=(NAME, NAME), purpose=purpose), ABOUT, PREFIX)
    assert text.startswith("[MOTCUA] Ho so H99.01-260302-0007 ")
    assert text.isascii()
    assert septets(text) <= 160
    assert any(re.match(pattern, text.removeprefix(PREFIX)) for pattern in SMS_PATTERNS)
    assert "{" not in text


def test_what_is_to_be_paid_is_said_as_people_write_it() -> None:
    notice = replace(new_notice(NoticeKind.PAYMENT), amount_vnd=1_234_500)
    assert fields(notice, ABOUT)["amount"] == "1.234.500 đồng"
    assert "can nop 1.234.500 dong;" in sms_text(notice, ABOUT, PREFIX)
    most = replace(notice, amount_vnd=1_000_000_000_000)
    assert fields(most, ABOUT)["amount"] == "1.000.000.000.000 đồng"


def test_a_text_carries_the_longest_code_whole() -> None:
    code = "H99.01.02.03.04.05.06.07.08.09.10-260302-00000007"[-48:]
    for kind in NoticeKind:
        notice = replace(new_notice(kind), code=code, purpose=CodePurpose.HAND_OVER)
        assert f" {code} " in sms_text(notice, ABOUT, PREFIX)


def test_codes_for_tracking_and_for_taking_the_result_are_told_apart_and_when_they_end() -> None:
    texts = {
        purpose: sms_text(replace(new_notice(NoticeKind.ONE_TIME_CODE), purpose=purpose), ABOUT, PREFIX)
        for purpose in CodePurpose
    }
    assert "ma tra cuu 123456, het han luc 12:00 05/03/2026" in texts[CodePurpose.TRACKING]
    assert "ma nhan ket qua 123456, het han luc 12:00 05/03/2026" in texts[CodePurpose.HAND_OVER]


def test_the_last_message_leads_to_the_rating_where_there_is_an_invitation() -> None:
    notice = new_notice(NoticeKind.RETURNED)
    assert sms_text(notice, ABOUT, PREFIX).endswith(LINK)
    assert fields(notice, ABOUT)["rating_link"] == LINK
    without = replace(ABOUT, rating_link="")
    assert "http" not in sms_text(notice, without, PREFIX)
    assert "rating_link" not in fields(notice, without)


def test_an_unknown_or_absent_reason_is_told_in_general_words() -> None:
    for kind, words in NO_REASON.items():
        for reasons in ((), ("some-partners-own",)):
            assert reason_of(replace(new_notice(kind), reasons=reasons)) == words


def test_every_ground_of_a_refusal_is_told_in_words() -> None:
    notice = replace(new_notice(NoticeKind.REFUSED), reasons=("not-eligible", "some-partners-own", "already-resolved"))
    assert reason_of(notice) == "Không đủ điều kiện theo quy định; Việc này đã được giải quyết"
    assert "khong duoc tiep nhan. Ly do: Khong du dieu kien theo quy dinh; " in sms_text(notice, ABOUT, PREFIX)


def test_words_of_reasons_are_composed_and_fit_the_template() -> None:
    for words in (*REASONS.values(), *NO_REASON.values()):
        assert words == unicodedata.normalize("NFC", words)
        assert len(words) <= MAX_LENGTHS["reason"]


def test_secrets_are_not_shown_where_particulars_are() -> None:
    assert "123456" not in repr(ABOUT)
    assert LINK not in repr(ABOUT)


def test_all_letters_of_the_alphabet_lose_their_accents() -> None:
    plain = unaccented(VIETNAMESE + VIETNAMESE.upper())
    assert plain.isascii()
    assert "?" not in plain
    assert unaccented("Đường số 1 – “Bãi Cháy”…") == 'Duong so 1 - "Bai Chay"...'


@given(st.text(max_size=300))
def test_any_text_becomes_ascii_and_any_cut_fits(text: str) -> None:
    assert unaccented(text).isascii()
    assert len(cut(text, 90)) <= 90
