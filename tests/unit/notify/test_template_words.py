"""What notices say, within the gateways' lengths and alphabets."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.types import CodePurpose, NoticeKind
from local.simulators.sms_parts import count_parts
from local.simulators.templates import SMS_PATTERNS, ZALO_TEMPLATES
from local.simulators.vnpt_templates import VNPT_TEMPLATES
from services.notify.domain.notice import Notice
from services.notify.domain.reasons import NO_REASON, REASONS, reason_of
from services.notify.domain.sms_text import one_line, parts, unaccented, units
from services.notify.templates.defaults import default_template_ids, default_templates
from services.notify.templates.domain.content import BASE, Content, Said, SmsPart
from services.notify.templates.domain.render import WordingRefused, fill
from services.notify.templates.domain.rules import MOST_PARTS
from services.notify.templates.domain.values import VALUES, Particulars, case_of, samples, values_of
from services.notify.templates.domain.zalo_types import ZALO_TYPES
from tests.unit.notify.ladder_fixtures import new_notice
from tests.unit.notify.template_fixtures import (
    ABOUT,
    BY_ZALO,
    LINK,
    NAME,
    PREFIX,
    changed,
    default,
    loose,
    notices,
    particulars,
    said,
    speaking_accents,
)


@pytest.mark.parametrize("kind", BY_ZALO)
def test_every_kind_fills_its_template_within_its_lengths(kind: NoticeKind) -> None:
    notice = replace(new_notice(kind), items=("Bản sao giấy tờ " * 10,))
    filled = said(notice, replace(ABOUT, procedure_name=unicodedata.normalize("NFD", NAME)))
    zalo = default(kind).base.zalo
    assert zalo is not None
    assert filled.zalo_template_id == zalo.template_id
    assert tuple(filled.fields) == tuple(param.name for param in zalo.params)
    for param in zalo.params:
        value = filled.fields[param.name]
        assert 0 < len(value) <= (param.max_length or ZALO_TYPES[param.type].max_length)
        assert value == unicodedata.normalize("NFC", value)


def test_the_registered_zalo_templates_ask_for_what_is_sent() -> None:
    registered = {one.kind: one for one in ZALO_TEMPLATES}
    for kind in BY_ZALO:
        template, zalo = registered[kind], default(kind).base.zalo
        assert zalo is not None
        assert template.template_id == default_template_ids()[kind] == zalo.template_id
        ours = [(p.name, p.max_length or ZALO_TYPES[p.type].max_length, p.required) for p in zalo.params]
        assert ours == [(p.name, p.max_length, p.required) for p in template.parameters]
        assert [p.type == 11 for p in zalo.params] == [p.is_date for p in template.parameters]


def test_the_texts_registered_with_vnpt_say_what_the_text_message_says() -> None:
    registered = {one.template_id: one for one in VNPT_TEMPLATES}
    for kind, template in default_templates().items():
        for case, _ in template.content.all():
            filled = fill(template.content, case, samples(kind, case), PREFIX)
            if not filled.vnpt_template_id:
                assert (kind, case) == (NoticeKind.ONE_TIME_CODE, BASE)
                continue
            vnpt = registered[filled.vnpt_template_id]
            assert (vnpt.kind, vnpt.variant) == (kind, case)
            assert vnpt.render(dict(enumerate(filled.vnpt_params, start=1))) == filled.plain


def test_a_one_time_code_has_no_zalo_template_and_its_digits_are_in_no_field() -> None:
    filled = said(new_notice(NoticeKind.ONE_TIME_CODE))
    assert (filled.zalo_template_id, filled.fields) == ("", {})
    for kind in BY_ZALO:
        assert "123456" not in str(said(new_notice(kind)).fields)
        assert "code" not in values_of(new_notice(kind), ABOUT)


def test_moments_are_vietnamese_time() -> None:
    assert said(new_notice()).fields["due_date"] == "12:00 07/03/2026"


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("purpose", [*CodePurpose, None])
def test_every_sms_is_one_unaccented_part_that_begins_with_the_prefix(
    kind: NoticeKind, purpose: CodePurpose | None
) -> None:
    filled = said(replace(new_notice(kind), items=(NAME, NAME), purpose=purpose))
    text = filled.text
    assert text == filled.plain
    assert text.startswith("[MOTCUA] Ho so H99.01-260302-0007 ")
    assert text.isascii()
    assert units(text) <= 160
    assert any(re.match(pattern, text.removeprefix(PREFIX)) for pattern in SMS_PATTERNS)
    assert "{" not in text


@pytest.mark.parametrize("kind", NoticeKind)
def test_the_accented_text_says_the_same_with_its_accents(kind: NoticeKind) -> None:
    filled = said(new_notice(kind), ABOUT, speaking_accents(default(kind)))
    assert filled.text == filled.accented != filled.plain
    assert filled.text == unicodedata.normalize("NFC", filled.text)
    assert parts(filled.text) <= MOST_PARTS
    assert any(re.match(pattern, filled.text.removeprefix(PREFIX)) for pattern in SMS_PATTERNS)


def test_what_is_to_be_paid_is_said_as_people_write_it() -> None:
    notice = replace(new_notice(NoticeKind.PAYMENT), amount_vnd=1_234_500)
    assert said(notice).fields["amount"] == "1.234.500 đồng"
    assert "can nop 1.234.500 dong;" in said(notice).text
    assert said(replace(notice, amount_vnd=1_000_000_000_000)).fields["amount"] == "1.000.000.000.000 đồng"


def test_a_text_carries_the_longest_code_whole_and_zalo_is_left_out_rather_than_half_of_it() -> None:
    code = "H99.01.02.03.04.05.06.07.08.09.10-260302-00000007"[-48:]
    for kind in NoticeKind:
        filled = said(replace(new_notice(kind), code=code, purpose=CodePurpose.HAND_OVER))
        assert f" {code} " in filled.text
        assert (filled.zalo_template_id, filled.fields) == ("", {})
        assert filled.too_long_for_zalo == ("dossier_code" if kind in BY_ZALO else "")


@pytest.mark.parametrize(
    ("code", "by_zalo"), [("H99.01.02.03.04.5A-260302-0007", True), ("H99.01.02.03.04.5A-260302-00007", False)]
)
def test_a_code_of_30_characters_is_the_longest_that_zalo_takes(code: str, by_zalo: bool) -> None:
    assert len(code) == (30 if by_zalo else 31)
    filled = said(replace(new_notice(), code=code))
    assert bool(filled.zalo_template_id) is by_zalo
    assert filled.fields.get("dossier_code", code) == code


def test_codes_for_tracking_and_for_taking_the_result_are_told_apart_and_when_they_end() -> None:
    texts = {
        purpose: said(replace(new_notice(NoticeKind.ONE_TIME_CODE), purpose=purpose)).text
        for purpose in (*CodePurpose, None)
    }
    assert "ma tra cuu 123456, het han luc 12:00 05/03/2026" in texts[CodePurpose.TRACKING]
    assert "ma nhan ket qua 123456, het han luc 12:00 05/03/2026" in texts[CodePurpose.HAND_OVER]
    assert "ma mot lan 123456, het han luc 12:00 05/03/2026" in texts[None]


def test_the_last_message_leads_to_the_rating_where_there_is_an_invitation() -> None:
    notice = new_notice(NoticeKind.RETURNED)
    assert said(notice).text.endswith(LINK)
    assert said(notice).fields["rating_link"] == LINK
    without = said(notice, replace(ABOUT, rating_link=""))
    assert "http" not in without.text
    assert "rating_link" not in without.fields


def test_officers_hear_of_a_wait_without_a_date_too() -> None:
    notice = new_notice(NoticeKind.OVERDUE)
    assert "da qua han tu 12:00 07/03/2026" in said(notice).text
    undated = said(replace(notice, due_at=None))
    assert "cho tra loi qua lau" in undated.text
    assert "due_date" not in undated.fields
    assert undated.zalo_template_id == "300114"


def test_an_unknown_or_absent_reason_is_told_in_general_words() -> None:
    for kind, general in NO_REASON.items():
        for reasons in ((), ("some-partners-own",)):
            assert reason_of(replace(new_notice(kind), reasons=reasons)) == general


def test_every_ground_of_a_refusal_is_told_in_words() -> None:
    notice = replace(new_notice(NoticeKind.REFUSED), reasons=("not-eligible", "some-partners-own", "already-resolved"))
    assert reason_of(notice) == "Không đủ điều kiện theo quy định; Việc này đã được giải quyết"
    assert "khong duoc tiep nhan. Ly do: Khong du dieu kien theo quy dinh; " in said(notice).text


def test_words_of_reasons_are_composed_and_fit_the_templates() -> None:
    for reason in (*REASONS.values(), *NO_REASON.values()):
        assert reason == unicodedata.normalize("NFC", reason)
        assert len(reason) <= VALUES["reason"].longest


def test_secrets_are_not_shown_where_words_are() -> None:
    filled = said(replace(new_notice(NoticeKind.ONE_TIME_CODE), purpose=CodePurpose.TRACKING))
    for shown in (repr(ABOUT), repr(filled)):
        assert "123456" not in shown
        assert LINK not in shown
    assert NAME not in repr(said(new_notice()))


@pytest.mark.parametrize(
    ("kind", "changes", "about", "value"),
    [
        (NoticeKind.RECEIVED, {"due_at": None}, ABOUT, "due_date"),
        (NoticeKind.PAYMENT, {"amount_vnd": None}, ABOUT, "amount"),
        (NoticeKind.RECEIVED, {"code": ""}, ABOUT, "dossier_code"),
        (NoticeKind.ONE_TIME_CODE, {}, replace(ABOUT, code=""), "code"),
        (NoticeKind.RESOLVED, {}, replace(ABOUT, procedure_name="\u0300 \x00"), "procedure_name"),
    ],
)
def test_a_notice_without_a_value_that_must_be_said_is_refused_by_name(
    kind: NoticeKind, changes: dict[str, object], about: Particulars, value: str
) -> None:
    content = changed(kind, sms={"text": "{prefix}{dossier_code} {procedure_name}"}) if "name" in value else None
    with pytest.raises(WordingRefused) as refused:
        said(replace(new_notice(kind), **changes), about, content)  # type: ignore[arg-type]
    assert (refused.value.slug, refused.value.value) == ("template-value-missing", value)


def test_a_value_that_only_zalo_needs_is_missed_too() -> None:
    text = {"text": "{prefix}Ho so {dossier_code} {amount}"}
    content = changed(NoticeKind.PAYMENT, sms=text)
    notice = replace(new_notice(NoticeKind.PAYMENT), amount_vnd=1)
    with pytest.raises(WordingRefused) as refused:
        said(notice, replace(ABOUT, procedure_name=" "), content)
    assert (refused.value.slug, refused.value.value) == ("template-value-missing", "procedure_name")


@pytest.mark.parametrize("text", ["{prefix}{dossier_code} {owner}", "{prefix}{dossier_code} {code}"])
def test_a_stored_template_that_names_what_is_not_there_is_refused_and_no_crash(text: str) -> None:
    """Rules may grow after a template was saved."""
    with pytest.raises(WordingRefused) as refused:
        said(new_notice(), ABOUT, Content(Said(SmsPart(text))))
    assert refused.value.slug == "template-parameter-unknown"


def test_a_value_that_looks_like_a_place_stays_as_it_is() -> None:
    filled = said(new_notice(), replace(ABOUT, procedure_name="Thủ tục {dossier_code} {0} {x.__class__}"))
    assert "Thu tuc {dossier_code} {0} {x.__class__}." in filled.text


@given(notices(), particulars(), st.booleans(), st.sampled_from(("", PREFIX, "Một cửa: ", "[`Xã`] ")))
def test_whatever_the_values_every_channel_gets_what_it_takes(
    notice: Notice, about: Particulars, accents: bool, prefix: str
) -> None:
    content = speaking_accents(default(notice.kind)) if accents else default(notice.kind)
    filled = said(notice, about, content, prefix)
    zalo = content.said_in(case_of(notice, about)).zalo
    if zalo is not None and filled.zalo_template_id:
        for param in zalo.params:
            value = filled.fields.get(param.name, "")
            assert len(value) <= (param.max_length or ZALO_TYPES[param.type].max_length)
            assert value == unicodedata.normalize("NFC", value)
            assert value or not param.required
        assert filled.fields["dossier_code"] == notice.code
        assert filled.fields.get("rating_link", about.rating_link) == about.rating_link
    assert filled.plain.isascii()
    assert parts(filled.plain) == count_parts(filled.plain) <= MOST_PARTS
    assert filled.text == (filled.accented if accents else filled.plain)
    assert unicodedata.is_normalized("NFC", filled.text) or not accents
    assert notice.code in filled.text
    assert all(param and param == " ".join(param.split()) for param in filled.vnpt_params)


@given(loose, st.integers(min_value=0, max_value=220))
@example("x[x[x[x[x[x[x[x[x[x[", 196)
def test_the_flexible_value_keeps_all_that_costs_nothing(name: str, room: int) -> None:
    """Of all ways to cut it the longest among those that cost the fewest parts."""
    filled = said(new_notice(), replace(ABOUT, procedure_name=name), prefix="x" * room)
    whole = unaccented(one_line(name))
    whole = whole if len(whole) <= 90 else whole[:87].rstrip() + "..."
    begins, ends = "x" * room + "Ho so H99.01-260302-0007 da duoc tiep nhan. Thu tuc: ", ". Hen tra: 12:00 07/03/2026."
    ways = [" ".join(whole.split()), *(whole[:keep].rstrip() + "..." for keep in range(len(whole) - 3, 11, -1))]
    texts = [begins + way + ends for way in ways]
    fewest = min(map(parts, texts))
    assert filled.plain == next(text for text in texts if parts(text) == fewest)
