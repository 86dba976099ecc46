"""Who hears of a dossier: one per dossier code, with the contact as sealed as it came."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from contracts.types import NoticeKind
from services.notify.domain.notice import Notice
from services.notify.domain.rules import Rule


@dataclass(frozen=True)
class Recipient:
    """The aggregate."""

    code: str
    contact: str | None
    """Sealed box for notify's key; None: the citizen wants no notices."""
    procedure_name: str
    counter: str
    due_at: datetime | None
    """None: filed, and not accepted yet."""
    notices: tuple[str, ...] = ()
    """Ids of the notices made for this dossier."""
    kinds: tuple[NoticeKind, ...] = ()
    """Their kinds, in the same order."""
    overtaken: tuple[str, ...] = ()
    """Ids of those that later events made untrue."""
    untrue: tuple[NoticeKind, ...] = ()
    """Kinds that must not be handed over any more, whenever they were made."""
    sweep: bool = False
    """Waiting notices that are not true any more have to be cancelled."""

    def with_notice(self, notice: Notice) -> Recipient:
        if notice.id in self.notices:
            return self
        return replace(self, notices=(*self.notices, notice.id), kinds=(*self.kinds, notice.kind))

    def heard(self, rule: Rule) -> Recipient:
        """From now on what the rule ends or overtakes is no longer true."""
        overtaken = {id for id, kind in zip(self.notices, self.kinds, strict=True) if kind in rule.overtakes}
        return replace(
            self,
            overtaken=tuple(sorted({*self.overtaken, *overtaken})),
            untrue=tuple(sorted({*self.untrue, *rule.ends})),
            sweep=self.sweep or bool(overtaken) or not rule.ends.isdisjoint(self.kinds),
        )

    def is_untrue(self, notice: Notice) -> bool:
        """Whether later events have made it so."""
        return notice.kind in self.untrue or notice.id in self.overtaken
