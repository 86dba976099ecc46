"""What the sender asks of every gateway."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from contracts.types import NoticeKind
from services.notify.contact import Contact
from services.notify.domain.results import Result


@dataclass(frozen=True)
class Letter:
    """One message, ready for any gateway. Lives in memory only for the time of the call."""

    attempt_id: str
    kind: NoticeKind
    contact: Contact = field(repr=False)
    fields: dict[str, str] = field(repr=False)
    text: str = field(repr=False)


class Channel(Protocol):
    """A gateway. Never raises for anything the gateway or the network does: the verdict says it."""

    async def send(self, letter: Letter) -> Result: ...
