"""The citizen did what an agency asked for (đã thực hiện nghĩa vụ tài chính); the desk records the receipt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.topics import DOSSIER_EVENTS
from services.intake.commands.access import dossier_of
from services.intake.commands.moments import business_time
from services.intake.domain import paying
from services.intake.domain.dossier import Dossier
from services.intake.store import DOSSIERS
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class RecordPayment:
    """`counters` are those the caller acts for; None: all (operator)."""

    code: str
    counters: frozenset[str] | None
    amount_vnd: int
    reference: str
    """Số biên lai, mã giao dịch: the same again is the same payment."""
    occurred_at: datetime | None = None

    def needs(self) -> Iterable[Ref]:
        yield Ref(DOSSIERS, self.code)

    def decide(self, work: Work, now: datetime) -> Dossier:
        """Raises: Missing `dossier-unknown`, Conflict `payment-…`, Invalid `moment-…`."""
        dossier = dossier_of(work.get(DOSSIERS, self.code), self.counters)
        if paying.recorded(dossier, self.amount_vnd, self.reference):
            return dossier
        asked_at = dossier.payments[-1].asked_at if dossier.payments else dossier.received_at
        at = business_time(self.occurred_at, now, backfill=dossier.backfill, after=asked_at)
        changed, event = paying.record(dossier, at, self.amount_vnd, self.reference)
        work.put(DOSSIERS, self.code, changed, (DOSSIER_EVENTS, self.code, event))
        return changed
