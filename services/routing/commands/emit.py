"""Which topic and key an event of a case goes to."""

from __future__ import annotations

from contracts.events import Message
from contracts.events.base import DossierEvent
from contracts.events.routing import AgencyTransferOpened
from contracts.topics import AGENCY_TRANSFERS, DOSSIER_EVENTS, Topic
from services.kit.work import Work
from services.routing.domain.actions import Decided
from services.routing.domain.case import Case
from services.routing.store import CASES


def place(event: DossierEvent) -> tuple[Topic, str, Message]:
    if isinstance(event, AgencyTransferOpened):
        return AGENCY_TRANSFERS, event.agency, event
    return DOSSIER_EVENTS, event.code, event


def keep(work: Work, decided: Decided) -> Case:
    """Put the decided case and its events into the unit of work."""
    case, events = decided
    work.put(CASES, case.code, case, *map(place, events))
    return case
