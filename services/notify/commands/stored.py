"""How a notice's new state and its events go into the unit of work."""

from __future__ import annotations

from contracts.topics import NOTICE_EVENTS
from services.kit.work import Work
from services.notify.domain.hand_over import HandOver
from services.notify.domain.ladder import Step
from services.notify.store import NOTICES


def keep(work: Work, step: Step | HandOver) -> None:
    """Put the state and its events, under the dossier code as record key."""
    notice = step.notice
    work.put(NOTICES, notice.id, notice, *((NOTICE_EVENTS, notice.code, event) for event in step.events))
