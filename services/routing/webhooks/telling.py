"""Kafka in: what is decided about an event, and then its deliveries, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.envelope import Envelope
from contracts.events import DossierEvent, Message
from services.kit.consumer import Handler
from services.kit.store import Ref
from services.kit.work import Decision, Work
from services.routing.webhooks.commands.deliver import DeliverToSubscribers
from services.routing.webhooks.domain.catalogue import CONSUMED


@dataclass(frozen=True)
class DecideAndTell:
    """Deliveries come second: a dossier must have its case, and what is refused is told to nobody."""

    decision: Decision[Any]
    deliveries: DeliverToSubscribers

    def needs(self) -> Iterable[Ref]:
        yield from self.decision.needs()
        yield from self.deliveries.needs()

    def decide(self, work: Work, now: datetime) -> Any:
        """Raises: what the first decision raises."""
        result = self.decision.decide(work, now)
        self.deliveries.decide(work, now)
        return result


def telling(handlers: Mapping[type[Message], Handler]) -> dict[type[Message], Handler]:
    """The same handlers; those of events that can be subscribed to also make the deliveries."""
    return {**handlers, **{event: _telling(handlers.get(event)) for event in CONSUMED}}


def _telling(handler: Handler | None) -> Handler:
    def handle(message: DossierEvent, envelope: Envelope) -> Decision[Any]:
        deliveries = DeliverToSubscribers(message, envelope)
        decision = handler(message, envelope) if handler is not None else None
        return deliveries if decision is None else DecideAndTell(decision, deliveries)

    return handle
