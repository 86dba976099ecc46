"""What is due by the clock happens to a case, once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.kit.store import Ref
from services.kit.work import Work
from services.routing.commands.emit import keep
from services.routing.commands.setting import setting, setting_refs
from services.routing.domain.timers import fire
from services.routing.store import CASES


@dataclass(frozen=True)
class FireTimers:
    """Of one case."""

    code: str

    def needs(self) -> Iterable[Ref]:
        yield Ref(CASES, self.code)
        yield from setting_refs()

    def decide(self, work: Work, now: datetime) -> tuple[tuple[str, str], ...]:
        """Returns: timers that failed, with the name of the error; they count as fired."""
        case = work.get(CASES, self.code)
        if case is None:
            return ()
        here = setting(work)
        fired = fire(case, now, here)
        keep(work, case, (fired.case, fired.events), here)
        return fired.failures
