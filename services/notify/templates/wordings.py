"""What the sender asks for words: the templates in force, remembered for a moment."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from contracts.types import NoticeKind
from services.kit.mongo import Mongo
from services.notify.channels.base import Wording
from services.notify.domain.notice import Notice
from services.notify.domain.sms_text import parts
from services.notify.templates.defaults import default_templates
from services.notify.templates.domain.content import Content, Template
from services.notify.templates.domain.render import fill
from services.notify.templates.domain.values import Particulars, case_of, values_of
from services.notify.templates.store import TEMPLATES

FRESH_S = 3.0
"""A saved template is in force everywhere after so long."""


@dataclass(frozen=True)
class Overrides:
    """What this installation's settings say, whatever the templates do."""

    prefix: str = ""
    """`SMS_PREFIX`."""
    zalo_template_ids: Mapping[NoticeKind, str] = field(default_factory=dict)
    """`ZALO_TEMPLATE_IDS`: of the base of a kind that has a Zalo template."""
    office_names: Mapping[str, str] = field(default_factory=dict)
    """`OFFICE_NAMES`: names of counters by code."""

    def applied(self, kind: NoticeKind, content: Content) -> Content:
        """The content as it is sent here."""
        id, zalo = self.zalo_template_ids.get(kind), content.base.zalo
        if not id or zalo is None:
            return content
        return replace(content, base=replace(content.base, zalo=replace(zalo, template_id=id)))


@dataclass
class Wordings:
    """The templates of this process. `refresh` it before `word`; until then it knows only those brought along."""

    mongo: Mongo
    overrides: Overrides
    fresh_s: float = FRESH_S
    _templates: Mapping[NoticeKind, Template] = field(default_factory=default_templates)
    _until: float = 0.0

    async def refresh(self) -> None:
        """Read what was saved, if the last look is some seconds old.

        Raises: PyMongoError; what was known before stays in force.
        """
        if time.monotonic() < self._until:
            return
        self._templates = await templates_in_force(self.mongo)
        self._until = time.monotonic() + self.fresh_s

    def word(self, notice: Notice, about: Particulars) -> Wording:
        """
        Raises: WordingRefused: it cannot be said (`slug`), on no channel.
        """
        template = self._templates[notice.kind]
        content = self.overrides.applied(notice.kind, template.content)
        values = values_of(notice, about, self.overrides.office_names.get(about.counter, ""))
        said = fill(content, case_of(notice, about), values, self.overrides.prefix)
        return Wording(
            template_version=template.version,
            zalo_template_id=said.zalo_template_id,
            fields=said.fields,
            text=said.text,
            accented=not said.text.isascii(),
            parts=parts(said.text),
            vnpt_template_id=said.vnpt_template_id,
            vnpt_params=said.vnpt_params,
        )


async def templates_in_force(mongo: Mongo) -> dict[NoticeKind, Template]:
    """Of every kind the newest version, or the one brought along."""
    found = [TEMPLATES.to_state(document) async for document in mongo.collection(TEMPLATES.collection).find({})]
    return {**default_templates(), **{template.kind: template for template in found}}
