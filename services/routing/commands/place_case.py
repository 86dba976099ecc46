"""An operator places a step that every agency declined."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.problems import Missing
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.commands.emit import keep
from services.routing.commands.setting import known_case, setting, setting_refs
from services.routing.domain import actions
from services.routing.domain.case import Case
from services.routing.store import CASES


@dataclass(frozen=True)
class PlaceCase:
    """Hand a step to `agency`."""

    code: str
    agency: str
    by: str
    step: int | None = None
    """Absent: the first that waits to be placed."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(CASES, self.code)
        yield from setting_refs()

    def decide(self, work: Work, now: datetime) -> Case:
        """Raises: Missing `case-unknown`, `agency-unknown`; Conflict `case-not-unplaced`."""
        case = known_case(work, self.code)
        here = setting(work)
        if self.agency not in here.directory.by_code():
            raise Missing("agency-unknown", "Danh mục cơ quan không có mã này.")
        return keep(work, case, actions.place(case, self.agency, self.step, now, here, self.by), here)
