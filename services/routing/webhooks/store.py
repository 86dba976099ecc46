"""Where webhooks keep their aggregates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.kit.store import Store
from services.routing.webhooks.domain.delivery import Delivery, DeliveryState, Lane
from services.routing.webhooks.domain.subscription import Roster, Subscription

THE_ROSTER = "current"
KEPT = {DeliveryState.DELIVERED: timedelta(days=7), DeliveryState.DEAD: timedelta(days=30)}
"""How long an ended delivery can be looked at; a dead one can be retried as long."""
LANE_KEPT = timedelta(days=7)
SUBSCRIPTION_KEPT = timedelta(days=30)
_TTL = IndexModel([("expires_at", ASCENDING)], name="ttl", expireAfterSeconds=0)


def _lane_times(lane: Lane) -> Mapping[str, Any]:
    """`due_at` only while something waits: the sender's index holds open work, not the past."""
    return {"due_at": lane.next_at} if lane.waiting else {"expires_at": lane.changed_at + LANE_KEPT}


def _delivery_times(delivery: Delivery) -> Mapping[str, Any]:
    kept = KEPT.get(delivery.state)
    return {} if kept is None or delivery.ended_at is None else {"expires_at": delivery.ended_at + kept}


def _subscription_times(subscription: Subscription) -> Mapping[str, Any]:
    ended_at = subscription.ended_at
    return {} if ended_at is None else {"expires_at": ended_at + SUBSCRIPTION_KEPT}


SUBSCRIPTIONS: Store[Subscription] = Store(
    "webhook_subscriptions",
    Subscription,
    indexes=(
        IndexModel([("agency", ASCENDING)], name="agency"),
        IndexModel([("state", ASCENDING), ("ended_at", ASCENDING)], name="state"),
        _TTL,
    ),
    derived=_subscription_times,
)
ROSTER: Store[Roster] = Store("webhook_roster", Roster, reference=True)
"""One document, absent until the first subscription."""
LANES: Store[Lane] = Store(
    "webhook_lanes",
    Lane,
    indexes=(
        IndexModel(
            [("subscription", ASCENDING), ("due_at", ASCENDING)],
            name="due",
            partialFilterExpression={"due_at": {"$exists": True}},
        ),
        _TTL,
    ),
    derived=_lane_times,
)
DELIVERIES: Store[Delivery] = Store(
    "webhook_deliveries",
    Delivery,
    indexes=(
        IndexModel([("subscription", ASCENDING), ("state", ASCENDING), ("created_at", DESCENDING)], name="recent"),
        _TTL,
    ),
    derived=_delivery_times,
)
STORES: tuple[Store[Any], ...] = (SUBSCRIPTIONS, ROSTER, LANES, DELIVERIES)


def lane_id(subscription: str, code: str) -> str:
    return f"{subscription}/{code}"


def delivery_id(subscription: str, event: str) -> str:
    """Follows from the event, so that an event that is read again makes no second delivery."""
    return f"{subscription}/{event}"
