"""What a case waited for has come: the citizen's papers, or the payment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.events.intake import DossierPaid, DossierSupplemented
from contracts.problems import NotYet
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.commands.emit import keep
from services.routing.commands.setting import setting, setting_refs
from services.routing.domain import stops
from services.routing.domain.clock import kept
from services.routing.store import CASES


@dataclass(frozen=True)
class ResumeCase:
    """From `supplemented` or `paid`."""

    news: DossierSupplemented | DossierPaid

    def needs(self) -> Iterable[Ref]:
        yield Ref(CASES, self.news.code)
        yield from setting_refs()

    def decide(self, work: Work, now: datetime) -> None:
        """Raises: NotYet `case-unknown`."""
        news, case = self.news, work.get(CASES, self.news.code)
        if case is None:
            raise NotYet("case-unknown", "Không tìm thấy hồ sơ với mã này.")
        here, at = setting(work), news.occurred_at if case.backfill else now
        if isinstance(news, DossierPaid):
            decided = stops.paid(case, at, here, since=news.occurred_at)
        else:
            lines = kept(news.due_trail)
            decided = stops.supplemented(case, news.due_at, lines, at, here, since=news.occurred_at)
        keep(work, case, decided, here)
