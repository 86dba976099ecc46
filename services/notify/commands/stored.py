"""How a notice's new state, its events and its figures go into the unit of work."""

from __future__ import annotations

from contracts.topics import NOTICE_EVENTS
from services.kit.work import Work
from services.notify.domain.hand_over import HandOver
from services.notify.domain.steps import Step
from services.notify.figures import add_figures
from services.notify.spending import add_spending
from services.notify.store import NOTICES


def keep(work: Work, step: Step | HandOver) -> None:
    """Put the state and its events, under the dossier code as record key; count what the change means."""
    notice = step.notice
    before = work.get(NOTICES, notice.id)
    work.put(NOTICES, notice.id, notice, *((NOTICE_EVENTS, notice.code, event) for event in step.events))
    add_figures(work, before, notice)
    add_spending(work, before, notice)
