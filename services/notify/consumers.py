"""Kafka in: which event is which use case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from contracts.envelope import Envelope
from contracts.events import Message
from contracts.events.intake import DossierRegistered, DossierSubmitted
from services.kit.clock import Now
from services.kit.consumer import Consumer, Handler
from services.kit.mongo import Mongo
from services.kit.work import Decision
from services.notify.commands.make_notice import MakeNotice
from services.notify.commands.store_recipient import StoreRecipient
from services.notify.domain.rules import RULES

GROUP = "notify"
SOURCE = "/notify"


def handlers(lifetime: timedelta) -> Mapping[type[Message], Handler]:
    """One handler for each event of the table of rules."""

    def first(event: Any, envelope: Envelope) -> Decision[Any]:
        return StoreRecipient(event, envelope, lifetime)

    def later(event: Any, envelope: Envelope) -> Decision[Any]:
        return MakeNotice(event, envelope, lifetime)

    return {event: first if event in (DossierRegistered, DossierSubmitted) else later for event in RULES}


def make_consumer(mongo: Mongo, now: Now, lifetime: timedelta, epoch: str) -> Consumer:
    """The consumer of `dossier.events.v1`. Fence: offset document per partition; inbox: event ids; notice ids are
    derived from event ids on top of that."""
    return Consumer(group=GROUP, mongo=mongo, source=SOURCE, now=now, handlers=handlers(lifetime), epoch=epoch)
