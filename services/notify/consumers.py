"""Kafka in: which event is which use case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from contracts.envelope import Envelope
from contracts.events import Message
from contracts.events.intake import DossierRegistered, DossierSubmitted
from contracts.events.routing import (
    DossierDueSoon,
    DossierEscalated,
    DossierOverdue,
    DossierSentBack,
    DossierStepCompleted,
    DossierStepRecalled,
    DossierTransferDeclined,
)
from services.kit.clock import Now
from services.kit.consumer import Consumer, Handler
from services.kit.mongo import Mongo
from services.kit.work import Decision
from services.notify.commands.make_notice import MakeNotice
from services.notify.commands.store_recipient import StoreRecipient
from services.notify.domain.rules import RULES
from services.notify.officers.make_officer_notices import EndWarnings, MakeOfficerNotices
from services.notify.retention import LIFE, NoteEnd

GROUP = "notify"
SOURCE = "/notify"
WARNINGS: tuple[type[Message], ...] = (DossierDueSoon, DossierOverdue, DossierEscalated)
"""Told to officers."""
STEP_ENDS: tuple[type[Message], ...] = (
    DossierStepCompleted, DossierStepRecalled, DossierSentBack, DossierTransferDeclined,
)  # fmt: skip
"""What waits to be told of that step is idle."""


def handlers(lifetime: timedelta) -> Mapping[type[Message], Handler]:
    """One handler for each event of the table of rules, and for those that officers are told."""

    def first(event: Any, envelope: Envelope) -> Decision[Any]:
        return StoreRecipient(event, envelope, lifetime)

    def later(event: Any, envelope: Envelope) -> Decision[Any]:
        return MakeNotice(event, envelope, lifetime)

    def last(event: Any, envelope: Envelope) -> Decision[Any]:
        return NoteEnd(event, MakeNotice(event, envelope, lifetime))

    def warning(event: Any, envelope: Envelope) -> Decision[Any]:
        return MakeOfficerNotices(event, envelope, lifetime)

    def step_end(event: Any, envelope: Envelope) -> Decision[Any]:
        return EndWarnings(event)

    made: dict[type[Message], Handler] = dict.fromkeys(RULES, later)
    made |= dict.fromkeys(LIFE, last)
    made |= dict.fromkeys((DossierRegistered, DossierSubmitted), first)
    return made | dict.fromkeys(WARNINGS, warning) | dict.fromkeys(STEP_ENDS, step_end)


def make_consumer(mongo: Mongo, now: Now, lifetime: timedelta, epoch: str) -> Consumer:
    """The consumer of `dossier.events.v1`. Fence: offset document per partition; inbox: event ids; notice ids are
    derived from event ids on top of that."""
    return Consumer(group=GROUP, mongo=mongo, source=SOURCE, now=now, handlers=handlers(lifetime), epoch=epoch)
