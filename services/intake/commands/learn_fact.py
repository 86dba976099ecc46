"""Take over what routing tells of a dossier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.events.base import DossierEvent
from contracts.problems import NotYet
from services.intake.domain import dossier as domain
from services.intake.store import DOSSIERS
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class LearnFact:
    """A fact of routing about a dossier of ours."""

    fact: DossierEvent

    def needs(self) -> Iterable[Ref]:
        yield Ref(DOSSIERS, self.fact.code)

    def decide(self, work: Work, now: datetime) -> None:
        """Raises: NotYet `dossier-unknown`: a fact about a dossier that is not here (yet)."""
        dossier = work.get(DOSSIERS, self.fact.code)
        if dossier is None:
            raise NotYet("dossier-unknown", "Chưa có hồ sơ với mã này.")
        changed = domain.learn(dossier, self.fact)
        if changed != dossier:
            work.put(DOSSIERS, self.fact.code, changed)
