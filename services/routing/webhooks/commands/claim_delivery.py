"""The head of a lane is claimed for one call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.kit.store import Ref
from services.kit.work import Work
from services.routing.webhooks.domain.attempts import Policy
from services.routing.webhooks.domain.delivery import Delivery, claim
from services.routing.webhooks.domain.subscription import Subscription, SubscriptionState
from services.routing.webhooks.store import DELIVERIES, LANES, SUBSCRIPTIONS


@dataclass(frozen=True)
class Call:
    """A call to make once the claim is committed."""

    lane: str
    key: str
    number: int
    """Of the claim."""
    subscription: Subscription
    delivery: Delivery


@dataclass(frozen=True)
class ClaimDelivery:
    """A crash after it leaves a claim whose time runs out; then the same delivery is sent again."""

    lane: str
    subscription: str
    policy: Policy

    def needs(self) -> Iterable[Ref]:
        yield Ref(LANES, self.lane)
        yield Ref(SUBSCRIPTIONS, self.subscription)

    def decide(self, work: Work, now: datetime) -> Call | None:
        lane, subscription = work.get(LANES, self.lane), work.get(SUBSCRIPTIONS, self.subscription)
        if lane is None or subscription is None:
            return None
        if subscription.state is not SubscriptionState.ACTIVE or subscription.rests(now):
            return None
        taken = claim(lane, self.policy, now)
        if taken is None or taken.claimed is None:
            return None
        delivery = work.get(DELIVERIES, taken.claimed)
        assert delivery is not None, "a waiting delivery is never removed"
        work.put(LANES, self.lane, taken)
        return Call(self.lane, taken.claimed, taken.claim, subscription, delivery)
