"""Count the due date of an open dossier anew, on the calendar as it is now: a step of the audited job."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.kit.store import Ref
from services.kit.work import Work
from services.routing.commands.emit import keep
from services.routing.commands.setting import setting, setting_refs
from services.routing.domain.case import AuditEntry
from services.routing.domain.clock import Line
from services.routing.domain.promises import recompute
from services.routing.store import CASES


@dataclass(frozen=True)
class Recomputed:
    """What a recount did to a due date."""

    before: datetime
    after: datetime
    trail: tuple[Line, ...]
    """How the new one comes about."""


@dataclass(frozen=True)
class RecomputeDue:
    """Of one case."""

    code: str
    by: str
    job: str
    """Id of the job, for the audit."""
    dry_run: bool = False

    def needs(self) -> Iterable[Ref]:
        yield Ref(CASES, self.code)
        yield from setting_refs()

    def decide(self, work: Work, now: datetime) -> Recomputed | None:
        """Returns: None where the date stays; said again changes nothing."""
        case = work.get(CASES, self.code)
        if case is None:
            return None
        here = setting(work)
        changed, events = recompute(case, now, here)
        if changed == case:
            return None
        if not self.dry_run:
            entry = AuditEntry(now, "recomputed", self.by, detail=self.job)
            keep(work, case, (replace(changed, audit=(*changed.audit, entry)), events), here)
        return Recomputed(case.due_at, changed.due_at, changed.promises[-1].trail)
