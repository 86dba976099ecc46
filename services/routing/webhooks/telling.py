"""Kafka in: what is decided about an event, and then its deliveries, in one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.envelope import Envelope
from contracts.events import DossierEvent, Message
from services.kit import references
from services.kit.consumer import Handler
from services.kit.mongo import Mongo
from services.kit.store import Ref
from services.kit.work import Decision, Work
from services.routing.webhooks.commands.deliver import DeliverToSubscribers
from services.routing.webhooks.domain.catalogue import CONSUMED
from services.routing.webhooks.store import ROSTER, THE_ROSTER


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


@dataclass
class Subscribers:
    """Whether anybody subscribed at all: while nobody has, an event that only partners would hear of costs nothing."""

    mongo: Mongo
    _any: bool = True
    _fresh_until: float = 0.0

    async def look(self) -> None:
        """Ask again when the last answer is `FRESH_S` old; a new subscription is confirmed only after that time."""
        if time.monotonic() < self._fresh_until:
            return
        asked_at = time.monotonic()
        roster = await ROSTER.read(self.mongo, THE_ROSTER)
        self._any = roster is not None and bool(roster.listed)
        self._fresh_until = asked_at + references.FRESH_S

    def heard(self, handlers: Mapping[type[Message], Handler]) -> dict[type[Message], Handler]:
        """The handlers, with deliveries; those that would only deliver are silent while nobody subscribed."""
        silent = set(CONSUMED) - handlers.keys()
        return {**telling(handlers), **{event: self._when_any(event) for event in silent}}

    def _when_any(self, event: type[Message]) -> Handler:
        tell = _telling(None)
        return lambda message, envelope: tell(message, envelope) if self._any else None


def _telling(handler: Handler | None) -> Handler:
    def handle(message: DossierEvent, envelope: Envelope) -> Decision[Any]:
        deliveries = DeliverToSubscribers(message, envelope)
        decision = handler(message, envelope) if handler is not None else None
        return deliveries if decision is None else DecideAndTell(decision, deliveries)

    return handle
