"""The hand-over as it is kept and told, by whichever way the result reaches the citizen."""

from __future__ import annotations

from contracts.topics import DOSSIER_EVENTS
from services.intake.commands.invite import Invite
from services.intake.domain import ending
from services.intake.domain.dossier import Dossier, HandOver
from services.intake.store import DOSSIERS
from services.kit.work import Work


def hand_over(work: Work, dossier: Dossier, how: HandOver, invite: Invite | None) -> Dossier:
    """Keep the hand-over, and with it the invitation to rate; of what an old register tells nobody is asked.

    Raises: Conflict `result-not-ready`.
    """
    invited = None if dossier.backfill else invite
    changed, event = ending.hand_over(dossier, how, None if invited is None else invited.sealed)
    if invited is not None:
        invited.keep(work, dossier.code, how.at)
    work.put(DOSSIERS, dossier.code, changed, (DOSSIER_EVENTS, dossier.code, event))
    return changed
