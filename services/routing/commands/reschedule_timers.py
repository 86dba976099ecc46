"""Set the pending timers of a case by the policy and calendar as they are now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.kit.store import Ref
from services.kit.work import Work
from services.routing.commands.setting import setting, setting_refs
from services.routing.domain.timers import schedule
from services.routing.store import CASES


@dataclass(frozen=True)
class RescheduleTimers:
    """Of one case. What it has told stays told; its revision stays too: for agencies nothing has changed."""

    code: str

    def needs(self) -> Iterable[Ref]:
        yield Ref(CASES, self.code)
        yield from setting_refs()

    def decide(self, work: Work, now: datetime) -> bool:
        """Returns: whether a timer moved."""
        case = work.get(CASES, self.code)
        if case is None:
            return False
        scheduled = schedule(case, setting(work))
        if scheduled == case:
            return False
        work.put(CASES, self.code, scheduled)
        return True
