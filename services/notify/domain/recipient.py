"""Who hears of a dossier: one per dossier code, with the contact as sealed as it came."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from contracts.types import NoticeKind


@dataclass(frozen=True)
class Recipient:
    """The aggregate."""

    code: str
    contact: str | None
    """Sealed box for notify's key; None: the citizen wants no notices."""
    procedure_name: str
    counter: str
    due_at: datetime
    notices: tuple[str, ...] = ()
    """Ids of the notices made for this dossier."""
    untrue: tuple[NoticeKind, ...] = ()
    """Kinds that must not be handed over any more."""
    sweep: bool = False
    """Waiting notices of an untrue kind have to be cancelled."""

    def with_notice(self, id: str) -> Recipient:
        return self if id in self.notices else replace(self, notices=(*self.notices, id))

    def without(self, kinds: frozenset[NoticeKind]) -> Recipient:
        """From now on these kinds are no longer true."""
        untrue = tuple(sorted({*self.untrue, *kinds}))
        return replace(self, untrue=untrue, sweep=bool(self.notices))
