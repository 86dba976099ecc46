"""A template filled with the values of one notice, within every channel's limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.notify.domain.sms_text import composed, cut, one_line, parts, unaccented
from services.notify.templates.domain.content import Content, ZaloPart
from services.notify.templates.domain.text import filled, names_in
from services.notify.templates.domain.values import PREFIX, VALUES
from services.notify.templates.domain.zalo_types import ZALO_TYPES

SHORTEST_FIELD = 12
"""A cut value keeps at least so many characters: one more part costs less than a name nobody recognises."""


class WordingRefused(Exception):
    """It cannot be said: a value that the template needs is not there. No gateway is asked."""

    def __init__(self, slug: str, value: str = "") -> None:
        super().__init__(slug)
        self.slug = slug
        self.value = value
        """Name of the value, never what it is."""


@dataclass(frozen=True)
class Filled:
    """What is said on each channel."""

    plain: str = field(repr=False)
    accented: str = field(default="", repr=False)
    """Empty: the template has none."""
    send_accented: bool = False
    zalo_template_id: str = ""
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    too_long_for_zalo: str = ""
    """Name of a value that cannot be said in half and is longer than its parameter: Zalo is left out."""
    vnpt_template_id: str = ""
    vnpt_params: tuple[str, ...] = field(default=(), repr=False)

    @property
    def text(self) -> str:
        """The text message that is sent."""
        return self.accented if self.send_accented and self.accented else self.plain


@dataclass(frozen=True)
class _Spelling:
    """Values as a text message says them."""

    values: Mapping[str, str]
    prefix: str
    accents: bool

    def of(self, name: str) -> str:
        """Raises: WordingRefused."""
        if name == PREFIX:
            return composed(self.prefix) if self.accents else unaccented(self.prefix)
        raw = _value(self.values, name)
        value = VALUES[name]
        said = one_line(raw) if self.accents else " ".join(unaccented(one_line(raw)).split())
        if not said:
            raise WordingRefused("template-value-missing", name)
        return said if value.whole or len(said) <= value.longest else self.shortened(said, value.longest - 1)

    def shortened(self, said: str, keep: int) -> str:
        """The beginning, and a sign that there is more."""
        return said[:keep].rstrip() + "…" if self.accents else said[: keep - 2].rstrip() + "..."

    def fitted(self, text: str, flexible: str) -> dict[str, str]:
        """What the text names, its flexible value cut until the text costs as few parts as it can."""
        said = {name: self.of(name) for name in names_in(text)}
        long = said.get(flexible, "")
        least = SHORTEST_FIELD if self.accents else SHORTEST_FIELD + 2
        if len(self.shortened(long, least)) >= len(long):
            return said

        def cost(value: str) -> int:
            return parts(filled(text, {**said, flexible: value}))

        fewest = cost(self.shortened(long, least))
        if cost(long) <= fewest:
            return said
        most = len(long)
        while most - least > 1:
            middle = (least + most) // 2
            fits = cost(self.shortened(long, middle)) <= fewest
            least, most = (middle, most) if fits else (least, middle)
        return {**said, flexible: self.shortened(long, least)}


def fill(content: Content, case: str, values: Mapping[str, str], prefix: str) -> Filled:
    """
    Raises: WordingRefused `template-value-missing`, `template-parameter-unknown`, `template-text-missing`.
    """
    said = content.said_in(case)
    if said.sms is None:  # none is stored without a text; a document changed by hand may be
        raise WordingRefused("template-text-missing")
    sms, zalo, vnpt = said.sms, said.zalo, said.vnpt
    plainly, richly = (_Spelling(values, prefix, accents) for accents in (False, True))
    plain = plainly.fitted(sms.text, sms.flexible)
    rich = richly.fitted(sms.accented, sms.flexible) if sms.accented else {}
    accented = bool(rich) and sms.send_accented
    spelling, spoken = (richly, rich) if accented else (plainly, plain)
    fields, too_long = _fields(zalo, values) if zalo is not None else ({}, "")
    return Filled(
        plain=filled(sms.text, plain),
        accented=composed(filled(sms.accented, rich)),
        send_accented=accented,
        zalo_template_id=zalo.template_id if zalo is not None and not too_long else "",
        fields=fields,
        too_long_for_zalo=too_long,
        vnpt_template_id=vnpt.template_id if vnpt is not None else "",
        vnpt_params=tuple(spoken.get(name) or spelling.of(name) for name in vnpt.params) if vnpt is not None else (),
    )


def _fields(zalo: ZaloPart, values: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Values of the Zalo template; or none, and the name of the one that is too long.

    Raises: WordingRefused.
    """
    fields: dict[str, str] = {}
    for param in zalo.params:
        said = one_line(_value(values, param.source))
        if not said and param.required:
            raise WordingRefused("template-value-missing", param.source)
        if param.type not in ZALO_TYPES:
            raise WordingRefused("template-type-unknown", param.source)
        length = param.max_length or ZALO_TYPES[param.type].max_length
        if VALUES[param.source].whole and len(said) > length:
            return {}, param.source
        if said:
            fields[param.name] = cut(said, length)
    return fields, ""


def _value(values: Mapping[str, str], name: str) -> str:
    """Raises: WordingRefused `template-parameter-unknown`: rules of an older release let it pass."""
    if name not in values or name not in VALUES:
        raise WordingRefused("template-parameter-unknown", name)
    return values[name]
