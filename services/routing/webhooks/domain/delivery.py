"""A delivery (lượt gửi) and its lane: what one subscription is told of one dossier, in order, one at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.routing.webhooks.domain.attempts import Answer, Policy, Verdict, pause_before


class DeliveryState(StrEnum):
    """How far one event came."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up; can be retried by hand."""


@dataclass(frozen=True)
class Delivery:
    """One event for one subscription."""

    subscription: str
    event: str
    """What stands for the event; also the `webhook-id`, the same at every attempt."""
    type: str
    code: str
    body: str
    created_at: datetime
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    """Since it last began to wait, like the next."""
    first_attempt_at: datetime | None = None
    last_attempt_at: datetime | None = None
    last_status: int | None = None
    last_error: str | None = None
    last_ms: int | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    """Why it was given up: `gave-up`, `gone`, `subscription-ended`."""


@dataclass(frozen=True)
class Lane:
    """What waits for one subscription of one dossier: a later event waits behind an earlier one."""

    subscription: str
    code: str
    next_at: datetime
    """When the head may be tried; while a claim is held, when the claim is over."""
    changed_at: datetime
    waiting: tuple[str, ...] = ()
    """Keys of deliveries, the head first."""
    claim: int = 0
    """Grows with every claim: an answer that comes after its claim was over is known by it."""
    claimed: str | None = None


def append(lane: Lane | None, delivery: str, subscription: str, code: str, now: datetime) -> Lane:
    """Behind what waits already."""
    lane = lane or Lane(subscription, code, now, now)
    next_at = lane.next_at if lane.waiting or lane.claimed else now
    return replace(lane, waiting=(*lane.waiting, delivery), next_at=next_at, changed_at=now)


def claim(lane: Lane, policy: Policy, now: datetime) -> Lane | None:
    """Take the head for one call; None: there is none, or its time has not come."""
    if not lane.waiting or lane.next_at > now:
        return None
    return replace(
        lane, claim=lane.claim + 1, claimed=lane.waiting[0], next_at=now + policy.claim_limit, changed_at=now
    )


@dataclass(frozen=True)
class Settled:
    """A lane and a delivery after a call."""

    lane: Lane
    delivery: Delivery


def settle(
    lane: Lane, delivery: Delivery, key: str, number: int, answer: Answer, policy: Policy, now: datetime, jitter: float
) -> Settled:
    """Take in what a call came to.

    Args:
        key: of the delivery.
        number: of the claim under which the call was made.
        jitter: 0 to 1.
    """
    ours = lane.claim == number and lane.claimed == key
    free = replace(lane, claimed=None, next_at=now, changed_at=now) if ours else lane
    if delivery.state is not DeliveryState.WAITING:
        return Settled(free, delivery)
    tried = _tried(delivery, answer, now)
    if answer.verdict is Verdict.DELIVERED:
        return Settled(_without(free, key), replace(tried, state=DeliveryState.DELIVERED, ended_at=now))
    if not ours:
        return Settled(lane, tried)  # another process has it in hand; its answer counts
    if answer.verdict is Verdict.GONE:
        return Settled(_without(free, key), give_up(tried, "gone", now))
    assert tried.first_attempt_at is not None
    last_chance = tried.first_attempt_at + policy.give_up
    if now >= last_chance:
        return Settled(_without(free, key), give_up(tried, "gave-up", now))
    pause = pause_before(tried.attempts, policy, jitter)
    if answer.retry_after is not None:
        pause = max(pause, answer.retry_after)
    return Settled(replace(free, next_at=min(now + pause, last_chance)), tried)


def give_up(delivery: Delivery, reason: str, now: datetime) -> Delivery:
    return replace(delivery, state=DeliveryState.DEAD, ended_at=now, reason=reason)


def take_up(delivery: Delivery) -> Delivery:
    """A dead one waits again, with all its time before it."""
    return replace(delivery, state=DeliveryState.WAITING, attempts=0, first_attempt_at=None, ended_at=None, reason=None)


def first(lane: Lane | None, key: str, subscription: str, code: str, now: datetime) -> Lane:
    """Before what waits: it is older."""
    lane = lane or Lane(subscription, code, now, now)
    return hurry(replace(lane, waiting=(key, *(other for other in lane.waiting if other != key))), now)


def hurry(lane: Lane, now: datetime) -> Lane:
    """Try the head at once, unless it is being tried."""
    return lane if lane.claimed else replace(lane, next_at=now, changed_at=now)


def emptied(lane: Lane, now: datetime) -> Lane:
    return replace(lane, waiting=(), claimed=None, changed_at=now)


def _tried(delivery: Delivery, answer: Answer, now: datetime) -> Delivery:
    return replace(
        delivery,
        attempts=delivery.attempts + 1,
        first_attempt_at=delivery.first_attempt_at or now,
        last_attempt_at=now,
        last_status=answer.status,
        last_error=answer.error,
        last_ms=answer.milliseconds,
    )


def _without(lane: Lane, key: str) -> Lane:
    return replace(lane, waiting=tuple(other for other in lane.waiting if other != key))
