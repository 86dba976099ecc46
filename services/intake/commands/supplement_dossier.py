"""The citizen brought the missing papers (bổ sung hồ sơ).

To an agency's request: the limit begins anew. To the desk's: the desk must answer the filing anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.topics import DOSSIER_EVENTS
from services.intake.commands.access import dossier_of
from services.intake.commands.application import papers_of
from services.intake.commands.moments import business_time
from services.intake.domain import receiving
from services.intake.domain.checklist import Line, check
from services.intake.domain.dossier import Dossier
from services.intake.promise import THE_CALENDAR_REF, answer_due, calendar_of, calendar_of_promise, promise
from services.intake.store import DOSSIERS
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class SupplementDossier:
    """`counters` are those the caller acts for; None: all (operator, or the citizen with a second factor)."""

    code: str
    counters: frozenset[str] | None
    checklist: tuple[Line, ...] = ()
    """The papers brought now."""
    occurred_at: datetime | None = None
    said_at: datetime | None = None
    """When the command was sent, for those that came by Kafka."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(DOSSIERS, self.code)
        yield THE_CALENDAR_REF

    def decide(self, work: Work, now: datetime) -> Dossier:
        """Raises: Missing `dossier-unknown`, Conflict `supplement-not-expected`, Invalid `paper-…`, `moment-…`."""
        dossier = dossier_of(work.get(DOSSIERS, self.code), self.counters)
        asked_at = dossier.requests[-1].at if dossier.requests else dossier.received_at
        at = business_time(self.occurred_at, now, backfill=dossier.backfill, said_at=self.said_at, after=asked_at)
        brought = check(papers_of(work, dossier), self.checklist)
        if not dossier.accepted:
            answer_by = answer_due(at, dossier.channel, calendar_of(work, dossier.counter))
            changed, filed_anew = receiving.resubmit(dossier, at, answer_by, brought)
            work.put(DOSSIERS, self.code, changed, (DOSSIER_EVENTS, self.code, filed_anew))
            return changed
        calendar = calendar_of_promise(work, dossier.counter, dossier.competent_agency)
        promised = promise(at, dossier.limit_value, dossier.limit_unit, calendar)
        changed, event = receiving.supplement(dossier, at, promised.due_at, promised.explained, brought, promised.trail)
        work.put(DOSSIERS, self.code, changed, (DOSSIER_EVENTS, self.code, event))
        return changed
