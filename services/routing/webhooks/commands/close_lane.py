"""What still waits for a subscription that has ended becomes dead letters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.kit.store import Ref
from services.kit.work import Work
from services.routing.webhooks.domain.delivery import DeliveryState, emptied, give_up
from services.routing.webhooks.store import DELIVERIES, LANES


@dataclass(frozen=True)
class CloseLane:
    """Empties one lane."""

    lane: str

    def needs(self) -> Iterable[Ref]:
        yield Ref(LANES, self.lane)

    def decide(self, work: Work, now: datetime) -> int:
        """Returns: how many were given up."""
        lane = work.get(LANES, self.lane)
        if lane is None or not lane.waiting:
            return 0
        closed, waiting = 0, work.get_all(DELIVERIES, lane.waiting)
        for key, delivery in zip(lane.waiting, waiting, strict=True):
            if delivery is not None and delivery.state is DeliveryState.WAITING:
                work.put(DELIVERIES, key, give_up(delivery, "subscription-ended", now))
                closed += 1
        work.put(LANES, self.lane, emptied(lane, now))
        return closed
