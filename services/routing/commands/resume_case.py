"""The citizen's missing papers arrived: go on under the new promise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.events.intake import DossierSupplemented
from contracts.problems import NotYet
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.commands.emit import keep
from services.routing.deadlines import budgets
from services.routing.domain import actions
from services.routing.store import CASES


@dataclass(frozen=True)
class ResumeCase:
    """From `supplemented`."""

    supplemented: DossierSupplemented

    def needs(self) -> Iterable[Ref]:
        yield Ref(CASES, self.supplemented.code)

    def decide(self, work: Work, now: datetime) -> None:
        """Raises: NotYet `case-unknown`."""
        case = work.get(CASES, self.supplemented.code)
        if case is None:
            raise NotYet("case-unknown", "Không tìm thấy hồ sơ với mã này.")
        shares = [step.share for step in case.steps[case.current - 1 :]]
        dues = budgets(self.supplemented.occurred_at, self.supplemented.due_at, shares)
        at = self.supplemented.occurred_at if case.backfill else now
        decided = actions.resume(case, self.supplemented.due_at, dues, at)
        if decided[1]:
            keep(work, decided)
