"""An event concerns agencies that have subscribed: a delivery for each, behind what waits of the same dossier."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from contracts.envelope import Envelope
from contracts.events import DossierEvent
from contracts.events.routing import AgencyTransferOpened, DossierTransferred
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.domain.case import Case
from services.routing.store import CASES
from services.routing.webhooks.domain.catalogue import concerned
from services.routing.webhooks.domain.cloud_event import data_of, event_key, opened, structured
from services.routing.webhooks.domain.delivery import Delivery, append
from services.routing.webhooks.domain.subscription import Roster
from services.routing.webhooks.store import DELIVERIES, LANES, ROSTER, THE_ROSTER, delivery_id, lane_id


@dataclass(frozen=True)
class DeliverToSubscribers:
    """From every event of `CONSUMED`, behind what else is decided about it: a dossier must have its case first."""

    message: DossierEvent
    envelope: Envelope

    def needs(self) -> Iterable[Ref]:
        """One small document; the rest is loaded only when somebody asked for the event."""
        yield Ref(ROSTER, THE_ROSTER)

    def decide(self, work: Work, now: datetime) -> None:
        roster = work.get(ROSTER, THE_ROSTER)
        if roster is None or not roster.asks_for(self._types):
            return
        wanted = list(self._wanted(roster, work.get(CASES, self.message.code), now))
        # Two look-ups for all of them together.
        known = work.get_all(DELIVERIES, [delivery_id(delivery.subscription, delivery.event) for delivery in wanted])
        work.get_all(LANES, {lane_id(delivery.subscription, delivery.code) for delivery in wanted})
        for delivery, stored in zip(wanted, known, strict=True):
            if stored is None:
                _put(work, delivery, now)

    @property
    def _types(self) -> Iterable[str]:
        yield self.message.TYPE
        if isinstance(self.message, DossierTransferred):
            yield AgencyTransferOpened.TYPE

    def _wanted(self, roster: Roster, case: Case | None, now: datetime) -> Iterator[Delivery]:
        procedure = case.procedure_code if case is not None else None
        counter = case.counter if case is not None else None
        agencies = {step.agency for step in case.steps} if case is not None else set()
        for message, envelope in self._notices(case):
            concerns, body = concerned(message, agencies), ""
            for entry in roster.listed:
                if not entry.active or entry.agency not in concerns:
                    continue
                if not entry.wants.match(message.TYPE, procedure, counter, backfill=message.backfill):
                    continue
                body = body or structured(envelope, data_of(message))
                yield Delivery(entry.id, event_key(envelope), message.TYPE, message.code, body, now)

    def _notices(self, case: Case | None) -> Iterator[tuple[DossierEvent, Envelope]]:
        yield self.message, self.envelope
        if isinstance(self.message, DossierTransferred) and case is not None:
            yield opened(self.message, self.envelope, case.procedure_code)


def _put(work: Work, delivery: Delivery, now: datetime) -> None:
    key = delivery_id(delivery.subscription, delivery.event)
    lane = lane_id(delivery.subscription, delivery.code)
    work.put(DELIVERIES, key, delivery)
    work.put(LANES, lane, append(work.get(LANES, lane), key, delivery.subscription, delivery.code, now))
