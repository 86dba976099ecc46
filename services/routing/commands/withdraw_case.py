"""The citizen took the dossier back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.events.intake import DossierWithdrawn
from contracts.problems import NotYet
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.domain import case as domain
from services.routing.store import CASES


@dataclass(frozen=True)
class WithdrawCase:
    """From `withdrawn`."""

    withdrawn: DossierWithdrawn

    def needs(self) -> Iterable[Ref]:
        yield Ref(CASES, self.withdrawn.code)

    def decide(self, work: Work, now: datetime) -> None:
        """Raises: NotYet `case-unknown`."""
        case = work.get(CASES, self.withdrawn.code)
        if case is None:
            raise NotYet("case-unknown", "Không tìm thấy hồ sơ với mã này.")
        work.put(CASES, case.code, domain.withdraw(case))
