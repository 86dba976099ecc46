"""A template (mẫu tin): what is said on each channel about one kind of notice, in one version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contracts.types import NoticeKind

BASE = ""
"""What is said unless a case of the kind applies."""


@dataclass(frozen=True)
class ZaloParam:
    """A parameter of the registered Zalo template (`listParams`)."""

    name: str
    """As it is registered there."""
    type: int
    """Zalo's type of parameter, 1 to 15."""
    max_length: int | None = None
    """As registered; None: the type's own."""
    required: bool = True
    """Not required: left out where there is nothing to say."""
    value: str = ""
    """Which value fills it; empty: the one of its name."""

    @property
    def source(self) -> str:
        """The value that fills it."""
        return self.value or self.name


@dataclass(frozen=True)
class ZaloPart:
    """A registered Zalo template."""

    template_id: str
    params: tuple[ZaloParam, ...]


@dataclass(frozen=True)
class SmsPart:
    """The text message, with values in braces: `{dossier_code}`."""

    text: str
    """Without accents."""
    accented: str = ""
    flexible: str = ""
    """The value that is cut so that the text costs as few parts as it can."""
    send_accented: bool = False


@dataclass(frozen=True)
class VnptPart:
    """A template registered with VNPT, which takes parameters by number, never a text."""

    template_id: str
    params: tuple[str, ...]
    """Values, in order."""


@dataclass(frozen=True)
class Said:
    """What is said in one case. Of a case that is no base, what is None is said as in the base."""

    sms: SmsPart | None = None
    zalo: ZaloPart | None = None
    vnpt: VnptPart | None = None


@dataclass(frozen=True)
class Content:
    """Everything that is said about one kind of notice."""

    base: Said
    cases: Mapping[str, Said] = field(default_factory=dict)

    def said_in(self, case: str) -> Said:
        """The base with what the case says instead."""
        own = self.cases.get(case, self.base)
        return Said(own.sms or self.base.sms, own.zalo or self.base.zalo, own.vnpt or self.base.vnpt)

    def all(self) -> Iterator[tuple[str, Said]]:
        """Every case with what is said in it, the base first."""
        for case in (BASE, *self.cases):
            yield case, self.said_in(case)


@dataclass(frozen=True)
class Template:
    """One version of a kind's content. Version 0 is the one that the software brings along."""

    kind: NoticeKind
    version: int
    content: Content
    saved_by: str = ""
    """Id of the key."""
    saved_at: datetime | None = None
    note: str = ""
