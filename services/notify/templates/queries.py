"""Reading templates: in force, by version, and who saved what."""

from __future__ import annotations

from typing import Any

from contracts.problems import Missing
from contracts.types import NoticeKind
from services.kit.mongo import Mongo
from services.notify.domain.kinds import KINDS
from services.notify.templates.defaults import default_templates
from services.notify.templates.domain.content import Template
from services.notify.templates.domain.values import CASES, VALUES, available
from services.notify.templates.reading import as_data
from services.notify.templates.store import TEMPLATE_VERSIONS, TEMPLATES, version_id
from services.notify.templates.wordings import Overrides, templates_in_force

MOST_SHOWN = 200


async def template_in_version(mongo: Mongo, kind: NoticeKind, version: int | None) -> Template:
    """None: the one in force.

    Raises: Missing `template-version-unknown`.
    """
    if version is None:
        return await TEMPLATES.read(mongo, kind.value) or default_templates()[kind]
    if version == 0:
        return default_templates()[kind]
    found = await TEMPLATE_VERSIONS.read(mongo, version_id(kind, version))
    if found is None:
        raise Missing("template-version-unknown", "Mẫu tin này không có phiên bản đó.")
    return found


async def listed(mongo: Mongo, overrides: Overrides) -> list[dict[str, Any]]:
    """Every kind with what is in force."""
    found = await templates_in_force(mongo)
    return [
        {
            **_head(template),
            "audience": KINDS[kind].audience,
            "zalo_template_id": _zalo_id(template, overrides),
            "vnpt_template_id": template.content.base.vnpt.template_id if template.content.base.vnpt else "",
        }
        for kind, template in found.items()
    ]


async def versions_of(mongo: Mongo, kind: NoticeKind) -> list[dict[str, Any]]:
    """Newest first; the last one is what the software brought along."""
    query = {"_id": {"$gt": version_id(kind, 0), "$lt": f"{kind}."}}  # `.` sorts after `-`
    cursor = mongo.collection(TEMPLATE_VERSIONS.collection).find(query).sort("_id", -1).limit(MOST_SHOWN)
    found = [TEMPLATE_VERSIONS.to_state(document) async for document in cursor]
    return [_head(template) for template in (*found, default_templates()[kind])]


def shown(template: Template, overrides: Overrides) -> dict[str, Any]:
    """One version, with the values and cases that its kind has."""
    kind = template.kind
    return {
        **_head(template),
        "content": as_data(template.content),
        "zalo_template_id_sent": _zalo_id(template, overrides),
        "prefix": overrides.prefix,
        "values": [
            {"name": name, "words": value.words, "longest": value.longest, "whole": value.whole, "sample": value.sample}
            for name, value in VALUES.items()
            if name in available(kind)
        ],
        "cases": {name: case.words for name, case in CASES.get(kind, {}).items()},
    }


def _head(template: Template) -> dict[str, Any]:
    return {
        "kind": template.kind,
        "version": template.version,
        "saved_by": template.saved_by,
        "saved_at": template.saved_at,
        "note": template.note,
    }


def _zalo_id(template: Template, overrides: Overrides) -> str:
    zalo = overrides.applied(template.kind, template.content).base.zalo
    return zalo.template_id if zalo is not None else ""
