"""What may be saved as a template, and what is said of everything that may not."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.types import CodePurpose, NoticeKind
from services.notify.domain.sms_text import parts
from services.notify.templates.defaults import default_templates
from services.notify.templates.domain.content import BASE
from services.notify.templates.domain.rules import MOST_PARTS, faults
from services.notify.templates.domain.values import CASES, REQUIRED, VALUES, available, certain, required, samples
from services.notify.templates.domain.zalo_types import ZALO_TYPES
from services.notify.templates.preview import preview
from services.notify.templates.reading import ContentIn, as_data, read_content
from services.notify.templates.wordings import Overrides
from tests.unit.notify.template_fixtures import (
    PREFIX,
    changed,
    default,
    notices,
    particulars,
    said,
    speaking_accents,
)

RECEIVED = NoticeKind.RECEIVED
CODE = {"name": "dossier_code", "type": 4}
DUE = {"name": "due_date", "type": 11}
TEXT = "{prefix}Ho so {dossier_code} hen tra {due_date}"


def sms(text: str = TEXT, **more: Any) -> dict[str, Any]:
    return {"sms": {"text": text, **more}}


def zalo(*params: dict[str, Any], id: str = "300101") -> dict[str, Any]:
    return {"zalo": {"template_id": id, "params": list(params)}}


def found(kind: NoticeKind = RECEIVED, **parts: Any) -> list[tuple[str, str]]:
    """Slugs and places of what is wrong."""
    return [(fault.slug, fault.where) for fault in faults(kind, changed(kind, **parts), PREFIX)]


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_has_a_template_without_a_fault(kind: NoticeKind) -> None:
    assert faults(kind, default(kind), PREFIX) == []


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if kind is not NoticeKind.RETURNED])
def test_every_template_but_the_one_with_a_link_may_be_sent_with_accents(kind: NoticeKind) -> None:
    assert faults(kind, speaking_accents(default(kind)), PREFIX) == []


def test_a_link_of_200_characters_makes_an_accented_text_too_long() -> None:
    [fault] = faults(NoticeKind.RETURNED, speaking_accents(default(NoticeKind.RETURNED)), PREFIX)
    assert (fault.slug, fault.where) == ("template-too-long", "cases.rated.sms.accented")


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        (sms(), []),
        (sms("{prefix}Ho so {dossier_code}"), [("template-parameter-missing", "sms.text")]),
        (sms(f"{TEXT} {{owner}}"), [("template-parameter-unknown", "sms.text")]),
        (sms(f"{TEXT} {{code}}"), [("template-parameter-unknown", "sms.text")]),
        (sms(TEXT.removeprefix("{prefix}")), [("template-prefix-missing", "sms.text")]),
        (sms(f"{TEXT}{{prefix}}"), [("template-prefix-missing", "sms.text")]),
        (sms(f"{TEXT} {{x!r}} {{0}} {{}}"), [("template-placeholder-malformed", "sms.text")]),
        (sms(f"{TEXT} {{code.__class__}}"), [("template-placeholder-malformed", "sms.text")]),
        (sms(f"{TEXT} à è é"), [("template-not-plain", "sms.text")]),
        (sms(f"{TEXT} đến"), [("template-not-plain", "sms.text")]),
        (sms(f"{TEXT} `nhanh`"), [("template-not-plain", "sms.text")]),
        (sms(TEXT + "x" * 400), [("template-too-long", "sms.text")]),
        (sms(""), [("template-text-missing", "sms.text")]),
        (sms(send_accented=True), [("template-text-missing", "sms.accented")]),
        (sms(accented="{prefix}Hồ sơ {dossier_code}"), [("template-parameter-missing", "sms.accented")]),
        (
            sms(accented="{prefix}Hồ sơ {dossier_code} hẹn trả {due_date}" + "ạ" * 190, send_accented=True),
            [("template-too-long", "sms.accented")],
        ),
        (sms(accented="{prefix}Hồ sơ {dossier_code} hẹn trả {due_date}" + "ạ" * 190), []),
        (sms(flexible="due_date"), [("template-flexible-wrong", "sms.flexible")]),
        (sms(flexible="owner"), [("template-flexible-wrong", "sms.flexible")]),
        (sms(flexible="procedure_name"), [("template-flexible-wrong", "sms.flexible")]),
        (zalo(CODE, DUE), []),
        (zalo(CODE, DUE, id="7895417a7d3f9461cd2e"), []),
        (zalo(CODE), [("template-parameter-missing", "zalo.params")]),
        (zalo(), [("template-parameter-missing", "zalo.params")] * 2),
        (zalo(CODE, DUE, id="mẫu 1"), [("template-id-malformed", "zalo.template_id")]),
        (zalo(CODE, DUE, id=""), [("template-id-malformed", "zalo.template_id")]),
        (zalo(CODE, DUE, CODE), [("template-parameter-repeated", "zalo.params.2.name")]),
        (zalo(CODE | {"name": "ma_ho_so", "value": "dossier_code"}, DUE), []),
        (zalo(CODE | {"name": "mã", "value": "dossier_code"}, DUE),
         [("template-parameter-malformed", "zalo.params.0.name")]),
        (zalo(CODE, DUE, {"name": "owner", "type": 1}), [("template-parameter-unknown", "zalo.params.2.name")]),
        (zalo(CODE, DUE, {"name": "x", "value": "code", "type": 4, "required": False}),
         [("template-parameter-unknown", "zalo.params.2.value")]),
        (zalo(CODE | {"type": 0}, DUE), [("template-type-unknown", "zalo.params.0.type")]),
        (zalo(CODE | {"type": 16}, DUE), [("template-type-unknown", "zalo.params.0.type")]),
        (zalo(CODE | {"type": 11}, DUE), [("template-type-wrong", "zalo.params.0.type")]),
        (zalo(CODE, DUE | {"type": 9}), [("template-type-wrong", "zalo.params.1.type")]),
        (zalo(CODE | {"max_length": 31}, DUE), [("template-length-wrong", "zalo.params.0.max_length")]),
        (zalo(CODE, DUE | {"max_length": 10}), [("template-length-wrong", "zalo.params.1.max_length")]),
        (zalo(CODE | {"type": 8}, DUE), [("template-length-wrong", "zalo.params.0.max_length")]),
        ({"vnpt": {"template_id": "700101", "params": ["dossier_code", "due_date"]}}, []),
        ({"vnpt": {"template_id": "", "params": ["dossier_code"]}},
         [("template-id-malformed", "vnpt.template_id"), ("template-parameter-missing", "vnpt.params")]),
        ({"vnpt": {"template_id": "1", "params": ["dossier_code", "due_date", "code"]}},
         [("template-parameter-unknown", "vnpt.params")]),
        ({"zalo": None, "vnpt": None}, []),
        ({"cases": {"rated": sms()}}, [("template-case-unknown", "cases.rated")]),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_place(parts: dict[str, Any], wrong: list[tuple[str, str]]) -> None:
    assert found(**parts) == wrong


def test_all_faults_are_told_at_once_each_in_a_sentence() -> None:
    content = changed(RECEIVED, **sms("Hồ sơ {owner}"), **zalo({"name": "code", "type": 99}, id="!"))
    told = faults(RECEIVED, content, PREFIX)
    assert len(told) == 10
    for fault in told:
        assert fault.slug.startswith("template-")
        assert fault.reason.endswith((".", "?"))
        assert fault.reason == unicodedata.normalize("NFC", fault.reason)


def test_a_misspelled_value_is_guessed() -> None:
    [fault, *_] = faults(RECEIVED, changed(RECEIVED, **sms(f"{TEXT} {{procedure_nam}}")), PREFIX)
    assert fault.reason.endswith("Có phải là procedure_name?")


def test_a_link_that_is_not_always_there_belongs_into_its_case() -> None:
    link = "{prefix}Ho so {dossier_code} {rating_link}"
    assert found(NoticeKind.RETURNED, **sms(link)) == [("template-parameter-uncertain", "sms.text")]
    assert found(NoticeKind.RETURNED, cases={"rated": sms(link)}) == []
    no_link = {"rated": sms("{prefix}Ho so {dossier_code}")}
    assert found(NoticeKind.RETURNED, cases=no_link) == [("template-parameter-missing", "cases.rated.sms.text")]
    params = [CODE, {"name": "rating_link", "type": 13}]
    assert found(NoticeKind.RETURNED, **zalo(*params)) == [("template-parameter-uncertain", "zalo.params.1.name")]


def test_without_a_case_for_it_no_text_may_count_on_a_date_that_can_be_absent() -> None:
    assert found(NoticeKind.OVERDUE, cases={}) == [
        ("template-parameter-uncertain", "sms.text"),
        ("template-parameter-uncertain", "sms.accented"),
        ("template-parameter-uncertain", "vnpt.params"),
    ]
    undated = {"undated": {"sms": {"text": "{prefix}Ho so {dossier_code} cho lau"}}}
    assert found(NoticeKind.OVERDUE, cases=undated) == [("template-parameter-unknown", "cases.undated.vnpt.params")]
    assert found(NoticeKind.OVERDUE, cases=undated, vnpt=None) == []


def test_a_case_that_says_nothing_is_to_go_and_one_time_codes_never_go_by_zalo() -> None:
    assert found(NoticeKind.ONE_TIME_CODE, cases={"tracking": {}}) == [("template-case-empty", "cases.tracking")]
    params = [CODE, {"name": "code", "type": 12}]
    assert found(NoticeKind.ONE_TIME_CODE, **zalo(*params)) == [("template-channel-not-allowed", "zalo")]


def test_the_prefix_of_the_installation_counts() -> None:
    content = changed(RECEIVED, **sms(TEXT + "x" * 350))
    assert faults(RECEIVED, content, "") == []
    assert [fault.slug for fault in faults(RECEIVED, content, "x" * 100)] == ["template-too-long"]


@given(notices(), particulars(), st.booleans())
def test_a_template_without_faults_never_costs_more_parts_than_allowed(notice: Any, about: Any, accents: bool) -> None:
    content = speaking_accents(default(notice.kind)) if accents else default(notice.kind)
    if not faults(notice.kind, content, PREFIX):
        assert parts(said(notice, about, content).text) <= MOST_PARTS


def test_every_purpose_of_a_code_has_its_words_and_every_case_is_used() -> None:
    assert set(default(NoticeKind.ONE_TIME_CODE).cases) == {purpose.value for purpose in CodePurpose}
    for kind, template in default_templates().items():
        assert set(template.content.cases) == set(CASES.get(kind, {}))
    assert set(default_templates()) == set(NoticeKind)


@pytest.mark.parametrize("kind", NoticeKind)
def test_the_tables_of_values_agree(kind: NoticeKind) -> None:
    for case in (BASE, *CASES.get(kind, {})):
        there = certain(kind, case, CASES.get(kind, {}))
        assert required(kind, case) <= there <= available(kind)
        assert {name for name, sample in samples(kind, case).items() if sample} == there
    assert REQUIRED[kind] <= set(VALUES)


@pytest.mark.parametrize(("name", "value"), VALUES.items())
def test_every_value_fits_a_type_of_zalos_parameters(name: str, value: Any) -> None:
    assert len(value.sample) <= value.longest
    types = value.zalo_types or {4, 5, 9}
    assert any(ZALO_TYPES[number].max_length >= value.least for number in types)


def test_zalos_types_are_those_of_its_console() -> None:
    lengths = [30, 15, 200, 30, 30, 30, 50, 5, 200, 20, 20, 10, 200, 12, 90]
    assert [(number, form.max_length) for number, form in ZALO_TYPES.items()] == list(enumerate(lengths, start=1))


@pytest.mark.parametrize("kind", NoticeKind)
def test_what_is_shown_is_read_again_as_the_same(kind: NoticeKind) -> None:
    assert ContentIn.model_validate(as_data(default(kind))).content() == default(kind)


def test_texts_are_composed_and_on_one_line_when_they_are_read() -> None:
    loose = unicodedata.normalize("NFD", "{prefix}Hồ sơ  {dossier_code}\n hẹn trả {due_date} ")
    content = changed(RECEIVED, **sms(accented=loose))
    assert content.base.sms is not None
    assert content.base.sms.accented == "{prefix}Hồ sơ {dossier_code} hẹn trả {due_date}"


@pytest.mark.parametrize(
    "data", [None, [], {}, {"sms": {"text": 1}}, {"sms": {"text": TEXT}, "mail": {}}, {"sms": {"text": "x" * 1001}}]
)
def test_a_content_of_the_wrong_form_is_told_and_no_crash(data: object) -> None:
    told = read_content(data)
    assert isinstance(told, list)
    assert {fault.slug for fault in told} == {"template-field-wrong"}


class TestPreview:
    def look(self, kind: NoticeKind = RECEIVED, given: dict[str, str] | None = None, **parts: Any) -> dict[str, Any]:
        content = changed(kind, **parts)
        overrides = Overrides(PREFIX, {RECEIVED: "999"})
        return preview(kind, content, overrides.applied(kind, content), PREFIX, given)

    def test_every_channel_is_shown_with_what_it_costs(self) -> None:
        [message] = self.look()["messages"]
        assert message["zalo"]["template_id"] == "999"
        assert message["zalo"]["fields"]["due_date"] == "16:00 07/03/2026"
        plain, accented = message["sms"]["plain"], message["sms"]["accented"]
        assert (plain["encoding"], plain["parts"], accented["encoding"], accented["parts"]) == ("GSM-7", 1, "UCS-2", 2)
        assert plain["units"] == plain["characters"] + 2  # the brackets of the prefix
        assert message["vnpt"]["params"][0] == "H99.01-260302-0007"
        assert message["sms"]["sent"] == "plain"

    def test_each_case_is_shown(self) -> None:
        cases = [message["case"] for message in self.look(NoticeKind.ONE_TIME_CODE)["messages"]]
        assert cases == ["", "hand_over", "tracking"]

    def test_a_value_that_is_not_there_is_refused_and_one_nobody_knows_is_a_fault(self) -> None:
        shown = self.look(given={"due_date": "", "owner": "x"})
        assert shown["messages"][0]["refused"]["slug"] == "template-value-missing"
        assert [(fault["slug"], fault["where"]) for fault in shown["faults"]] == [
            ("template-parameter-unknown", "values.owner")
        ]

    def test_what_zalo_cannot_take_whole_is_named(self) -> None:
        [message] = self.look(given={"dossier_code": "H99.01.02.03.04.05.06.07.08-260302-0007"})["messages"]
        assert (message["zalo"], message["zalo_left_out"]) == (None, "dossier_code")

    @pytest.mark.parametrize(
        "parts", [sms("{prefix}{owner}"), sms(""), zalo(CODE | {"type": 77}), zalo({"name": "owner", "type": 4})]
    )
    def test_a_faulty_template_is_shown_with_its_faults_and_never_a_crash(self, parts: dict[str, Any]) -> None:
        shown = self.look(**parts)
        assert shown["faults"]
        assert shown["messages"]
