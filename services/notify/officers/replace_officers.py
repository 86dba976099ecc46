"""A unit's list of contacts is put in place of the one before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.kit.store import Ref
from services.kit.work import Work
from services.notify.officers.officer import UnitOfficers
from services.notify.officers.store import OFFICERS


@dataclass(frozen=True)
class ReplaceOfficers:
    """The whole list of one unit. Notices on their way follow: to a role's new phone, or to nobody where it is gone."""

    officers: UnitOfficers
    dry_run: bool = False

    def needs(self) -> Iterable[Ref]:
        return (Ref(OFFICERS, self.officers.unit),)

    def decide(self, work: Work, now: datetime) -> UnitOfficers:
        """Returns: the list before."""
        before = work.get(OFFICERS, self.officers.unit)
        if not self.dry_run:
            work.put(OFFICERS, self.officers.unit, self.officers)
        return before or UnitOfficers(self.officers.unit)
