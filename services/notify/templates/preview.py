"""What a template says with given values, channel by channel, before anybody is sent anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.types import NoticeKind
from services.notify.domain.sms_text import encoding, parts, units
from services.notify.templates.commands.save_templates import told_fault
from services.notify.templates.domain.content import BASE, Content
from services.notify.templates.domain.render import Filled, WordingRefused, fill
from services.notify.templates.domain.rules import Fault, faults
from services.notify.templates.domain.values import CASES, VALUES, available, samples

_MISSING: Mapping[str, str] = {
    "template-value-missing": "Không có giá trị “{value}” mà mẫu cần.",
    "template-parameter-unknown": "Loại tin này không có giá trị “{value}”.",
    "template-type-unknown": "Kiểu tham số của “{value}” không có.",
    "template-text-missing": "Mẫu tin chưa có văn bản.",
}


def preview(
    kind: NoticeKind, content: Content, as_sent: Content, prefix: str, given: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """JSON values: every case of the template, and everything that is wrong.

    Args:
        as_sent: the content with the installation's own template ids.
        given: values instead of the samples; an empty one shows what happens when it is not there.
    """
    given = given or {}
    found = [*faults(kind, content, prefix), *_strangers(kind, given)]
    cases = [BASE, *(case for case in content.cases if case in CASES.get(kind, {}))]
    shown = []
    for case in cases:
        values = {**samples(kind, case), **{name: said for name, said in given.items() if name in VALUES}}
        try:
            shown.append({"case": case, **_shown(fill(as_sent, case, values, prefix))})
        except WordingRefused as error:
            reason = _MISSING[error.slug].format(value=error.value[:64])
            shown.append({"case": case, "refused": {"slug": error.slug, "value": error.value, "reason": reason}})
    return {"kind": kind, "messages": shown, "faults": [told_fault(fault) for fault in found]}


def _strangers(kind: NoticeKind, given: Mapping[str, str]) -> list[Fault]:
    known = available(kind)
    words = "Loại tin này không có giá trị đó; có: " + ", ".join(sorted(known)) + "."
    return [Fault("template-parameter-unknown", f"values.{name[:64]}", words) for name in given if name not in known]


def _shown(said: Filled) -> dict[str, Any]:
    zalo = {"template_id": said.zalo_template_id, "fields": dict(said.fields)} if said.zalo_template_id else None
    return {
        "zalo": zalo,
        "zalo_left_out": said.too_long_for_zalo or None,
        "sms": {
            "plain": text_facts(said.plain),
            "accented": text_facts(said.accented) if said.accented else None,
            "sent": "accented" if said.send_accented else "plain",
        },
        "vnpt": {"template_id": said.vnpt_template_id, "params": list(said.vnpt_params)}
        if said.vnpt_template_id
        else None,
    }


def text_facts(text: str) -> dict[str, Any]:
    """A text and what it costs."""
    return {
        "text": text,
        "encoding": encoding(text),
        "characters": len(text),
        "units": units(text),
        "parts": parts(text),
    }
