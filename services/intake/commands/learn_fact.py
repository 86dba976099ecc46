"""Take over what routing tells of a dossier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.events.base import DossierEvent
from contracts.problems import NotYet
from services.intake.commands.invite import Invite
from services.intake.commands.returning import hand_over
from services.intake.domain import ending
from services.intake.store import DOSSIERS
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class LearnFact:
    """A fact of routing about a dossier of ours."""

    fact: DossierEvent
    invite: Invite | None = None
    """For a dossier that was handed over at registration: it counts as returned once it is resolved."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(DOSSIERS, self.fact.code)

    def decide(self, work: Work, now: datetime) -> None:
        """Raises: NotYet `dossier-unknown`: a fact about a dossier that is not here (yet)."""
        code = self.fact.code
        dossier = work.get(DOSSIERS, code)
        if dossier is None:
            raise NotYet("dossier-unknown", "Chưa có hồ sơ với mã này.")
        changed = ending.learn(dossier, self.fact)
        if changed == dossier:
            return
        how = ending.handed_over_already(changed)
        if how is None:
            work.put(DOSSIERS, code, changed)
            return
        hand_over(work, changed, how, self.invite)
