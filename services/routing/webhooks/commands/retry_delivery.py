"""A person has a delivery tried again: a dead letter, or one that waits for its next attempt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.problems import Conflict, Missing
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.webhooks.commands.change_subscription import running
from services.routing.webhooks.domain.delivery import Delivery, DeliveryState, first, hurry, take_up
from services.routing.webhooks.domain.subscription import SubscriptionState
from services.routing.webhooks.store import DELIVERIES, LANES, SUBSCRIPTIONS, delivery_id, lane_id


@dataclass(frozen=True)
class RetryDelivery:
    """Gửi lại. It goes before what waits of its dossier, because it is older."""

    subscription: str
    agency: str
    event: str

    @property
    def _key(self) -> str:
        return delivery_id(self.subscription, self.event)

    def needs(self) -> Iterable[Ref]:
        yield Ref(SUBSCRIPTIONS, self.subscription)
        yield Ref(DELIVERIES, self._key)

    def decide(self, work: Work, now: datetime) -> Delivery:
        """
        Raises:
            Missing `subscription-unknown`, `delivery-unknown`.
            Conflict `subscription-ended`, `subscription-paused`, `delivery-delivered`.
        """
        subscription = running(work.get(SUBSCRIPTIONS, self.subscription), self.agency)
        if subscription.state is SubscriptionState.PAUSED:
            words = "Đăng ký đang tạm dừng vì địa chỉ không trả lời. Hãy gửi thử (test) trước."
            raise Conflict("subscription-paused", words)
        delivery = work.get(DELIVERIES, self._key)
        if delivery is None:
            raise Missing("delivery-unknown", "Không tìm thấy lượt gửi này.")
        if delivery.state is DeliveryState.DELIVERED:
            raise Conflict("delivery-delivered", "Tin này đã được nhận.")
        place = lane_id(self.subscription, delivery.code)
        lane = work.get(LANES, place)
        if delivery.state is DeliveryState.DEAD:
            delivery = take_up(delivery)
            work.put(DELIVERIES, self._key, delivery)
            work.put(LANES, place, first(lane, self._key, self.subscription, delivery.code, now))
        elif lane is not None:
            work.put(LANES, place, hurry(lane, now))
        if subscription.rests(now):
            work.put(SUBSCRIPTIONS, subscription.id, replace(subscription, rest_until=None))
        return delivery
