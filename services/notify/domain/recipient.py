"""Who hears of a dossier: one per dossier code, with the contact as sealed as it came."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from contracts.types import NoticeKind
from services.notify.domain.notice import Notice
from services.notify.domain.rules import Rule


@dataclass(frozen=True)
class WarningOf:
    """Which step a warning to officers is about."""

    notice: str
    step: int | None
    """None: the whole dossier."""


@dataclass(frozen=True)
class Recipient:
    """The aggregate."""

    code: str
    contact: str | None
    """Sealed box for notify's key; None: the citizen wants no notices, or it was wiped (`wiped_at`)."""
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
    warnings: tuple[WarningOf, ...] = ()
    """Of the notices those that went to officers."""
    quiet_since: datetime | None = None
    """The dossier is over, and as far as is known nothing of it was under way since then; None: it is not over."""
    contact_since: datetime | None = None
    """When the contact came."""
    look_at: datetime | None = None
    """When the wiper looks next at the contact of a dossier that is not over, less the usual time of keeping; None: it
    has not looked yet."""
    wiped_at: datetime | None = None
    """When the contact was wiped: nobody can be told anything any more."""

    @property
    def wants_notices(self) -> bool:
        """Whether a contact was given, whatever became of it."""
        return self.contact is not None or self.contact_wiped

    @property
    def contact_wiped(self) -> bool:
        return self.wiped_at is not None

    def with_notice(self, notice: Notice) -> Recipient:
        if notice.id in self.notices:
            return self
        since = self.contact_since or notice.created_at  # those stored before this was written down
        notices, kinds = (*self.notices, notice.id), (*self.kinds, notice.kind)
        return replace(self, notices=notices, kinds=kinds, contact_since=since)

    def with_warning(self, notice: Notice, step: int | None) -> Recipient:
        """A notice to an officer, about one step or the whole dossier."""
        return replace(self.with_notice(notice), warnings=(*self.warnings, WarningOf(notice.id, step)))

    def without_warnings(self, kinds: frozenset[NoticeKind], step: int | None) -> Recipient:
        """From now on warnings of these kinds about this step (None: about the dossier) are idle."""
        kind_of = dict(zip(self.notices, self.kinds, strict=True))
        idle = {w.notice for w in self.warnings if w.step == step and kind_of[w.notice] in kinds}
        idle -= set(self.overtaken)
        if not idle:
            return self
        return replace(self, overtaken=tuple(sorted({*self.overtaken, *idle})), sweep=True)

    def ended(self, now: datetime) -> Recipient:
        """The dossier is over: its contact goes when nothing of it has been under way for long enough."""
        return self if self.contact is None else replace(self, quiet_since=now)

    def goes_on(self) -> Recipient:
        """It was not over after all (a result after a withdrawal)."""
        return replace(self, quiet_since=None)

    def wiped(self, now: datetime) -> Recipient:
        """Without the contact; all else stays."""
        return replace(self, contact=None, wiped_at=now, quiet_since=None, look_at=None)

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
