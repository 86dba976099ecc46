"""The citizen took the dossier back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.events.intake import DossierWithdrawn
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.commands.emit import keep
from services.routing.commands.setting import setting, setting_refs
from services.routing.domain import actions
from services.routing.store import CASES


@dataclass(frozen=True)
class WithdrawCase:
    """From `withdrawn`."""

    withdrawn: DossierWithdrawn

    def needs(self) -> Iterable[Ref]:
        yield Ref(CASES, self.withdrawn.code)
        yield from setting_refs()

    def decide(self, work: Work, now: datetime) -> None:
        case = work.get(CASES, self.withdrawn.code)
        if case is None:
            return  # a filing taken back before the desk accepted it: `submitted`, had there been one, comes first
        at = self.withdrawn.occurred_at if case.backfill else now
        keep(work, case, (actions.withdraw(case, at), ()), setting(work))
