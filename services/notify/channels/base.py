"""What the sender asks of every gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from contracts.types import NoticeKind
from services.notify.contact import Contact
from services.notify.domain.results import Answer, Result
from services.notify.domain.routes import Trait


@dataclass(frozen=True)
class Wording:
    """What a message says, ready for each kind of gateway. Lives in memory only for the time of the call."""

    template_version: int
    zalo_template_id: str = ""
    """Empty: this kind has no template, it never goes by Zalo."""
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Values of the Zalo template's parameters, each within its length."""
    text: str = field(default="", repr=False)
    """The SMS."""
    accented: bool = False
    """Whether `text` has Vietnamese letters (UCS-2, where the route takes them)."""
    parts: int = 1
    """How many messages a network bills for `text`."""
    vnpt_template_id: str = ""
    vnpt_params: tuple[str, ...] = field(default=(), repr=False)
    """VNPT takes a template and its parameters, never a text."""


@dataclass(frozen=True)
class Letter:
    """One message, ready for any gateway. Lives in memory only for the time of the call."""

    attempt_id: str
    """The id a gateway knows it by: `tracking_id`, `RequestId`, `REQID`; at most 48 characters."""
    kind: NoticeKind
    contact: Contact = field(repr=False)
    wording: Wording = field(repr=False)


@dataclass(frozen=True)
class Question:
    """Which message a gateway is asked about. No phone number: every gateway that can be asked knows it by an id."""

    attempt_id: str
    provider_id: str
    """Empty: the call got no answer."""
    at: datetime
    """When the first call was made."""


class Gateway(Protocol):
    """A gateway. Never raises for anything the gateway or the network does: the verdict says it."""

    @property
    def trait(self) -> Trait: ...

    async def send(self, letter: Letter) -> Result: ...

    async def ask(self, question: Question) -> Answer:
        """What became of a message. Only asked what `trait` says it can be."""
        ...

    async def open(self) -> None:
        """Get ready, where something must be: called when this process begins to send. Never raises, never waits."""
        ...

    async def close(self) -> None:
        """Let go of connections; nothing is sent afterwards."""
        ...


__all__ = ["Gateway", "Letter", "Question", "Trait", "Wording"]
