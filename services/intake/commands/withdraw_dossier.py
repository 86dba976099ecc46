"""The citizen takes the dossier back (rút hồ sơ, dừng thực hiện thủ tục hành chính)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.topics import DOSSIER_EVENTS
from services.intake.commands.access import dossier_of
from services.intake.commands.moments import business_time
from services.intake.domain import ending
from services.intake.domain.dossier import Dossier
from services.intake.store import DOSSIERS
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class WithdrawDossier:
    """`counters` are those the caller acts for; None: all (operator, or the citizen with a second factor)."""

    code: str
    counters: frozenset[str] | None
    reason: str | None = None
    occurred_at: datetime | None = None
    said_at: datetime | None = None

    def needs(self) -> Iterable[Ref]:
        yield Ref(DOSSIERS, self.code)

    def decide(self, work: Work, now: datetime) -> Dossier:
        """Raises: Missing `dossier-unknown`, Conflict `withdrawal-not-possible`, Invalid `moment-…`."""
        dossier = dossier_of(work.get(DOSSIERS, self.code), self.counters)
        after = dossier.received_at
        at = business_time(self.occurred_at, now, backfill=dossier.backfill, said_at=self.said_at, after=after)
        changed, event = ending.withdraw(dossier, at, self.reason)
        work.put(DOSSIERS, self.code, changed, (DOSSIER_EVENTS, self.code, event))
        return changed
