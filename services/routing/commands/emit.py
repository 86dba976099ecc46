"""Keeping a decided case: its revision, its timers, its transfers for the inboxes, its events."""

from __future__ import annotations

from dataclasses import replace

from contracts.events import Message
from contracts.events.base import DossierEvent
from contracts.events.routing import AgencyTransferOpened
from contracts.topics import AGENCY_TRANSFERS, DOSSIER_EVENTS, Topic
from services.kit.work import Work
from services.routing.domain.case import Case
from services.routing.domain.flow import Decided
from services.routing.domain.setting import Setting
from services.routing.domain.timers import schedule
from services.routing.store import CASES, TRANSFERS
from services.routing.transfers import documents


def place(event: DossierEvent) -> tuple[Topic, str, Message]:
    """Which topic and key an event of a case goes to."""
    if isinstance(event, AgencyTransferOpened):
        return AGENCY_TRANSFERS, event.agency, event
    return DOSSIER_EVENTS, event.code, event


def keep(work: Work, before: Case | None, decided: Decided, setting: Setting) -> Case:
    """Put the decided case and its events into the unit of work; nothing when nothing changed."""
    case, events = decided
    if before is not None and case == before and not events:
        return before
    case = schedule(replace(case, revision=case.revision + 1), setting)
    work.put(CASES, case.code, case, *map(place, events))
    known = {} if before is None else documents(before)
    for id, document in documents(case).items():
        if known.get(id) != document:
            work.mirror(TRANSFERS, id, document | {"revision": case.revision, "changed_at": work.now})
    return case
