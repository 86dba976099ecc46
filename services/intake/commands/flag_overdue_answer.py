"""A filing was not answered in time (quá hạn tiếp nhận; NQ 66.7/2025/NQ-CP Art 8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.topics import DOSSIER_EVENTS
from services.intake.domain import receiving
from services.intake.store import DOSSIERS
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class FlagOverdueAnswer:
    """Look at one filing whose time has come."""

    code: str

    def needs(self) -> Iterable[Ref]:
        yield Ref(DOSSIERS, self.code)

    def decide(self, work: Work, now: datetime) -> bool:
        """Returns: whether it was flagged now."""
        dossier = work.get(DOSSIERS, self.code)
        flagged = None if dossier is None else receiving.flag_overdue(dossier, now)
        if flagged is None:
            return False
        changed, event = flagged
        work.put(DOSSIERS, self.code, changed, (DOSSIER_EVENTS, self.code, event))
        return True
