"""An operator places a case that every agency declined."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.problems import Missing
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.commands.emit import keep
from services.routing.domain import actions
from services.routing.domain.case import Case
from services.routing.domain.directory import Directory
from services.routing.store import CASES, DIRECTORY, THE_DIRECTORY


@dataclass(frozen=True)
class PlaceCase:
    """Hand the current step to `agency`."""

    code: str
    agency: str

    def needs(self) -> Iterable[Ref]:
        yield Ref(CASES, self.code)
        yield Ref(DIRECTORY, THE_DIRECTORY)

    def decide(self, work: Work, now: datetime) -> Case:
        """Raises: Missing `case-unknown`, `agency-unknown`; Conflict `case-not-unplaced`."""
        case = work.get(CASES, self.code)
        if case is None:
            raise Missing("case-unknown", "Không tìm thấy hồ sơ với mã này.")
        directory = work.get(DIRECTORY, THE_DIRECTORY) or Directory()
        if self.agency not in directory.by_code():
            raise Missing("agency-unknown", "Danh mục cơ quan không có mã này.")
        return keep(work, actions.place(case, self.agency, now))
