"""The templates that the software brings along, used while nothing was saved."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from contracts.types import NoticeKind
from services.notify.templates.domain.content import Template
from services.notify.templates.yaml_file import read_templates

FILE = Path(__file__).with_name("defaults.yaml")


@cache
def default_templates() -> Mapping[NoticeKind, Template]:
    """Version 0 of every kind, in the order of the file."""
    file = read_templates(FILE.read_bytes(), prefix="")
    if file.faults:
        raise RuntimeError(f"{FILE.name}: {file.faults[0]}")
    return {kind: Template(kind, 0, content) for kind, content in file.contents.items()}


@cache
def default_template_ids() -> Mapping[NoticeKind, str]:
    """Ids of the Zalo templates by kind; a kind that never goes by Zalo has none."""
    zalo = {kind: template.content.base.zalo for kind, template in default_templates().items()}
    return {kind: part.template_id for kind, part in zalo.items() if part is not None}
