"""Put an officer in charge of a step (phân công), or another one (đổi người)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.kit.clock import VIETNAM
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.commands.emit import keep
from services.routing.commands.setting import known_case, setting, setting_refs
from services.routing.domain import actions
from services.routing.domain.case import Case
from services.routing.domain.checks import check_seen, turn_of
from services.routing.store import CASES


@dataclass(frozen=True)
class AssignOfficer:
    """The officer, or who stands in for him today."""

    code: str
    agency: str
    step: int
    officer: str
    by: str
    revision: int | None = None

    def needs(self) -> Iterable[Ref]:
        yield Ref(CASES, self.code)
        yield from setting_refs()

    def decide(self, work: Work, now: datetime) -> Case:
        """Raises: Missing `case-unknown`; Denied `wrong-agency`; Conflict as `ActOnStep`."""
        case = known_case(work, self.code)
        turn_of(case, self.agency, self.step)  # first: others learn nothing of the case's state
        check_seen(case, self.revision, self.step)
        here = setting(work)
        officer = here.policy.officer_on(self.agency, self.officer, now.astimezone(VIETNAM).date())
        return keep(work, case, (actions.assign(case, self.agency, self.step, officer, now, self.by), ()), here)
