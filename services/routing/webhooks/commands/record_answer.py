"""What a partner's system answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.kit.store import Ref
from services.kit.work import Work
from services.routing.webhooks.commands.change_subscription import keep
from services.routing.webhooks.commands.claim_delivery import Call
from services.routing.webhooks.domain.attempts import Answer, Policy
from services.routing.webhooks.domain.delivery import Delivery, settle
from services.routing.webhooks.domain.subscription import Subscription, heed
from services.routing.webhooks.store import DELIVERIES, LANES, SUBSCRIPTIONS


@dataclass(frozen=True)
class Recorded:
    """How things stand after an answer."""

    delivery: Delivery
    before: Subscription
    subscription: Subscription
    more: bool
    """Whether the lane's next delivery can go at once."""


@dataclass(frozen=True)
class RecordAnswer:
    """The delivery, its lane and the subscription move together."""

    call: Call
    answer: Answer
    policy: Policy
    jitter: float

    def needs(self) -> Iterable[Ref]:
        yield Ref(LANES, self.call.lane)
        yield Ref(DELIVERIES, self.call.key)
        yield Ref(SUBSCRIPTIONS, self.call.subscription.id)

    def decide(self, work: Work, now: datetime) -> Recorded | None:
        lane, delivery = work.get(LANES, self.call.lane), work.get(DELIVERIES, self.call.key)
        subscription = work.get(SUBSCRIPTIONS, self.call.subscription.id)
        if lane is None or delivery is None or subscription is None:
            return None  # a month has passed since
        after = settle(lane, delivery, self.call.key, self.call.number, self.answer, self.policy, now, self.jitter)
        heeded = heed(subscription, self.answer, self.policy, now, self.jitter)
        if heeded.state is not subscription.state:
            keep(work, heeded)
        elif heeded != subscription:
            work.put(SUBSCRIPTIONS, subscription.id, heeded)
        if after.delivery != delivery:
            work.put(DELIVERIES, self.call.key, after.delivery)
        if after.lane != lane:
            work.put(LANES, self.call.lane, after.lane)
        more = bool(after.lane.waiting) and after.lane.next_at <= now
        return Recorded(after.delivery, subscription, heeded, more)
