"""What changes a preference: the citizen's word at a desk, and a gateway's refusal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from services.kit.store import Ref
from services.kit.work import Work
from services.notify.preferences.preference import Preference, Wants, Why
from services.notify.preferences.store import PREFERENCES


@dataclass(frozen=True)
class AskFor:
    """Keep what a citizen wants; None: back to how everybody is told."""

    phone_key: str = field(repr=False)
    wants: Wants | None
    why: Why
    by: str
    """Id of the key."""

    def needs(self) -> Iterable[Ref]:
        return (Ref(PREFERENCES, self.phone_key),)

    def decide(self, work: Work, now: datetime) -> Preference:
        before = work.get(PREFERENCES, self.phone_key)
        if before is None and self.wants is None:
            return Preference()
        after = (before or Preference()).asked(self.wants, self.why, self.by, now)
        work.put(PREFERENCES, self.phone_key, after)
        return after


@dataclass(frozen=True)
class LearnRefusal:
    """Zalo says that its user refuses our messages: not tried again until then."""

    phone_key: str = field(repr=False)
    until: datetime

    def needs(self) -> Iterable[Ref]:
        return (Ref(PREFERENCES, self.phone_key),)

    def decide(self, work: Work, now: datetime) -> bool:
        """Returns: whether that is news."""
        before = work.get(PREFERENCES, self.phone_key) or Preference()
        after = before.learned(self.until, now)
        if after == before:
            return False
        work.put(PREFERENCES, self.phone_key, after)
        return True
