"""File a dossier that a clerk must look at first: online, by post, or left at the desk (mới đăng ký)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.topics import DOSSIER_EVENTS
from services.intake.commands.application import Application, procedure_in_use
from services.intake.commands.hand_in_draft import hand_in
from services.intake.commands.moments import business_time
from services.intake.commands.new_dossier import NewDossier
from services.intake.commands.register_dossier import Registered
from services.intake.domain import receiving
from services.intake.domain.draft import Draft
from services.intake.promise import answer_due, calendar_of
from services.intake.store import DOSSIERS, DRAFTS
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class FileDossier:
    """The command. A filing may be incomplete: finding out is the clerk's work."""

    request_id: str
    fingerprint: str
    application: Application
    filed_at: datetime
    code: str | None = None
    """The national portal's own code, which the dossier keeps for life (NĐ 309/2026 Art 17.3)."""
    draft: tuple[str, Draft] | None = None
    """Id and content of the draft it was made from; its files go over to the dossier."""
    said_at: datetime | None = None

    @property
    def _new(self) -> NewDossier:
        return NewDossier(self.request_id, self.fingerprint, self.application, self.filed_at, self.code)

    def needs(self) -> Iterable[Ref]:
        yield from self._new.needs()
        if self.draft is not None:
            yield Ref(DRAFTS, self.draft[0])

    def decide(self, work: Work, now: datetime) -> Registered:
        """
        Raises:
            Conflict `idempotency-key-reused`, `external-ref-reused`, `code-taken`, `draft-filed`, `stale-version`.
            Missing `procedure-unknown`, Invalid `case-not-published`, `moment-…`, `paper-…`, `return-address-missing`.
        """
        new = self._new
        known = new.once.answered(work)
        if known is not None:
            return Registered(known, True, None)
        procedure = procedure_in_use(work, self.application.procedure_code)
        at = business_time(self.filed_at, now, backfill=False, said_at=self.said_at)
        state = self.application.dossier("", procedure, at)
        code = new.code(work)
        answer_by = answer_due(at, self.application.channel, calendar_of(work, self.application.counter))
        state = replace(state, code=code, answer_due_at=answer_by)
        dossier, event = receiving.file(state)
        new.remember(work, code, now)
        work.put(DOSSIERS, code, dossier, (DOSSIER_EVENTS, code, event))
        if self.draft is not None:
            hand_in(work, *self.draft, code, len(procedure.papers), now)
        return Registered(code, False, dossier)
