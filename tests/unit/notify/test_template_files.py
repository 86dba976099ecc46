"""Templates as a YAML file: read whole, or refused with the line of every fault."""

from __future__ import annotations

import pytest

from contracts.problems import Invalid
from contracts.types import NoticeKind
from services.notify.templates.defaults import FILE, default_templates
from services.notify.templates.yaml_file import MOST_BYTES, as_yaml, read_templates
from tests.unit.notify.template_fixtures import PREFIX

GOOD = """\
templates:
  resolved:
    zalo:
      template_id: 300104
      params:
      - {name: dossier_code, type: 4}
      - {name: office_name, type: 3, required: yes}
    sms:
      text: "{prefix}Ho so {dossier_code} da co ket qua"
      send_accented: false
"""


def told(text: str) -> list[tuple[int, str, str]]:
    """Line, slug and place of every fault."""
    return [(row.line, row.fault.slug, row.fault.where) for row in read_templates(text.encode(), PREFIX).faults]


def test_a_file_says_what_is_meant_whatever_it_looks_like() -> None:
    file = read_templates(GOOD.encode(), PREFIX)
    assert file.faults == []
    content = file.contents[NoticeKind.RESOLVED]
    assert content.base.zalo is not None
    assert content.base.zalo.template_id == "300104"
    assert [param.required for param in content.base.zalo.params] == [True, True]


def test_what_was_written_is_read_again_as_the_same() -> None:
    contents = {kind: template.content for kind, template in default_templates().items()}
    written = as_yaml(contents)
    assert read_templates(written.encode(), PREFIX).contents == contents
    assert read_templates(FILE.read_bytes(), PREFIX).contents == contents
    assert "- {name: dossier_code, type: 4}" in written


def test_every_fault_is_told_with_its_line() -> None:
    text = (
        GOOD
        + """\
  recieved: {}
  filed:
    sms: {text: "{prefix}Ho so {dossier_code} {owner}"}
    sms: {text: x}
  refused:
    sms: {text: 1, more: 2}
"""
    )
    assert told(text) == [
        (11, "template-kind-unknown", "templates.recieved"),
        (14, "template-field-wrong", "templates.filed.sms"),
        (14, "template-prefix-missing", "templates.filed.sms.text"),
        (14, "template-parameter-missing", "templates.filed.sms.text"),
        (14, "template-parameter-missing", "templates.filed.sms.text"),
        (16, "template-field-wrong", "templates.refused.sms.more"),
    ]


@pytest.mark.parametrize("text", ["- a", "mail: {}", "templates: []", "templates: {}\nmore: {}", "x"])
def test_a_file_of_another_kind_is_refused(text: str) -> None:
    assert told(text) == [(1, "template-field-wrong", "templates")]


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"", "file-empty"),
        (b"# nothing", "file-empty"),
        (b"x" * (MOST_BYTES + 1), "file-too-big"),
        ("mẫu: 1".encode("utf-16"), "file-not-utf8"),
        (b"templates: [", "yaml-malformed"),
        (b"templates: {a: b: c}", "yaml-malformed"),
        (b"templates: '\x00'", "yaml-malformed"),
        (b'templates: "\\uD800"', "yaml-malformed"),
        (b'templates: "\\UFFFFFFFF"', "yaml-malformed"),
        (b"a: 1\n---\nb: 2", "yaml-malformed"),
        (b"templates: &x {a: *x}", "yaml-not-allowed"),
        (b"templates: !!python/object:os.system {}", "yaml-not-allowed"),
        (b"[" * 5000, "yaml-not-allowed"),
    ],
)
def test_what_cannot_be_read_is_refused_and_no_crash(content: bytes, slug: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_templates(content, PREFIX)
    assert refused.value.slug == slug
