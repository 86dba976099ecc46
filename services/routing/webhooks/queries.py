"""Subscriptions and deliveries as their agency sees them. No secret is ever among it."""

from __future__ import annotations

from typing import Any

from services.kit.mongo import Mongo
from services.routing.webhooks.domain.delivery import Delivery, DeliveryState
from services.routing.webhooks.domain.subscription import Subscription, SubscriptionState
from services.routing.webhooks.store import DELIVERIES, SUBSCRIPTIONS

MOST_COUNTED = 1000


async def subscriptions_of(mongo: Mongo, agency: str) -> list[Subscription]:
    """Those that have not ended, the oldest first."""
    query = {"agency": agency, "state": {"$ne": SubscriptionState.ENDED.value}}
    found = mongo.collection(SUBSCRIPTIONS.collection).find(query)
    return sorted([SUBSCRIPTIONS.to_state(document) async for document in found], key=lambda one: one.created_at)


async def recent_deliveries(
    mongo: Mongo, subscription: str, states: tuple[DeliveryState, ...], limit: int
) -> list[Delivery]:
    """The latest first."""
    query = {"subscription": subscription, "state": {"$in": [state.value for state in states]}}
    found = mongo.collection(DELIVERIES.collection).find(query).sort("created_at", -1).limit(limit)
    return [DELIVERIES.to_state(document) async for document in found]


async def delivery_counts(mongo: Mongo, subscription: str) -> dict[str, int]:
    """How many wait and how many were given up; counted as far as a thousand."""
    deliveries = mongo.collection(DELIVERIES.collection)
    return {
        state.value: await deliveries.count_documents(
            {"subscription": subscription, "state": state.value}, limit=MOST_COUNTED
        )
        for state in (DeliveryState.WAITING, DeliveryState.DEAD)
    }


def shown(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "agency": subscription.agency,
        "url": subscription.url,
        "types": list(subscription.wants.types),
        "procedures": list(subscription.wants.procedures),
        "counters": list(subscription.wants.counters),
        "backfill": subscription.wants.backfill,
        "description": subscription.description,
        "state": subscription.state.value,
        "reason": subscription.reason,
        "created_at": subscription.created_at,
        "failures": subscription.failures,
        "failing_since": subscription.failing_since,
        "rest_until": subscription.rest_until,
        "paused_at": subscription.paused_at,
        "resumed_at": subscription.resumed_at,
        "ended_at": subscription.ended_at,
        "previous_secret_until": subscription.previous_until,
    }


def shown_delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.event,
        "type": delivery.type,
        "code": delivery.code,
        "state": delivery.state.value,
        "reason": delivery.reason,
        "created_at": delivery.created_at,
        "attempts": delivery.attempts,
        "last_attempt_at": delivery.last_attempt_at,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "last_milliseconds": delivery.last_ms,
        "ended_at": delivery.ended_at,
    }
