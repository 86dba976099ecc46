"""Notices that wait but are no longer true are cancelled (withdrawn dossiers, results already collected)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.kit.store import Ref
from services.kit.work import Work
from services.notify.commands.stored import keep
from services.notify.domain.steps import arrive, cancel
from services.notify.domain.transitions import State
from services.notify.store import NOTICES, RECIPIENTS


@dataclass(frozen=True)
class CancelWaiting:
    """Sweep the notices of one dossier."""

    code: str
    notices: tuple[str, ...]
    """As the recipient listed them when it was read."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(RECIPIENTS, self.code)
        for id in self.notices:
            yield Ref(NOTICES, id)

    def decide(self, work: Work, now: datetime) -> int:
        """Returns: how many were cancelled."""
        recipient = work.get(RECIPIENTS, self.code)
        if recipient is None or not recipient.sweep or recipient.notices != self.notices:
            return 0  # changed meanwhile: the next round sees the new list
        cancelled = 0
        for id in self.notices:
            notice = work.get(NOTICES, id)
            if notice is None or notice.state is not State.CREATED or not recipient.is_untrue(notice):
                continue
            keep(work, arrive(notice, now) if notice.arrived is not None else cancel(notice, now))
            cancelled += 1
        work.put(RECIPIENTS, self.code, replace(recipient, sweep=False))
        return cancelled
