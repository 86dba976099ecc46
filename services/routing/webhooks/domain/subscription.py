"""A subscription (đăng ký nhận tin) of an agency's own system, and how well its address answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.routing.webhooks.domain.attempts import Answer, Policy, Verdict, pause_before

PATIENCE = 3
"""Failures in a row, with no success between, after which the whole address rests: one dossier that its server cannot
digest must not hold up the others."""


class SubscriptionState(StrEnum):
    """Whether it is told anything."""

    ACTIVE = "active"
    PAUSED = "paused"
    """It has failed for too long: nothing new is kept for it until a probe is answered."""
    ENDED = "ended"


@dataclass(frozen=True)
class Wants:
    """What it asks for. An empty filter lets everything through."""

    types: tuple[str, ...]
    procedures: tuple[str, ...] = ()
    counters: tuple[str, ...] = ()
    """Counters, or units with all counters below them."""
    backfill: bool = False
    """Also dossiers migrated from registers: many thousands at once, and nothing to do about them."""

    def match(self, type: str, procedure: str | None, counter: str | None, *, backfill: bool) -> bool:
        """
        Args:
            procedure, counter: of the dossier; None where they are not known, which fits no filter.
        """
        if type not in self.types or (backfill and not self.backfill):
            return False
        if self.procedures and procedure not in self.procedures:
            return False
        return not self.counters or (counter is not None and any(_below(counter, unit) for unit in self.counters))


@dataclass(frozen=True)
class Subscription:
    """Whom to tell what. Secrets are sealed for routing's own key and never shown again."""

    id: str
    agency: str
    url: str
    wants: Wants
    created_at: datetime
    secret: str = field(repr=False)
    description: str | None = None
    previous_secret: str | None = field(default=None, repr=False)
    previous_until: datetime | None = None
    state: SubscriptionState = SubscriptionState.ACTIVE
    failures: int = 0
    """In a row."""
    failing_since: datetime | None = None
    rest_until: datetime | None = None
    paused_at: datetime | None = None
    """Also after it goes on: from then to `resumed_at` nothing was kept for it."""
    resumed_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    """Why it is paused or ended."""

    @property
    def exhausted(self) -> bool:
        """Its address seems to be down: one call at a time finds out when it is back."""
        return self.failures >= PATIENCE

    def rests(self, now: datetime) -> bool:
        return self.rest_until is not None and self.rest_until > now

    def sealed_secrets(self, now: datetime) -> tuple[str, ...]:
        """What its deliveries are signed with now."""
        if self.previous_secret is None or self.previous_until is None or self.previous_until <= now:
            return (self.secret,)
        return self.secret, self.previous_secret


def heed(subscription: Subscription, answer: Answer, policy: Policy, now: datetime, jitter: float) -> Subscription:
    """What one answer says about the address."""
    if subscription.state is not SubscriptionState.ACTIVE:
        return subscription
    if answer.verdict is Verdict.DELIVERED:
        return recovered(subscription)
    if answer.verdict is Verdict.GONE:
        return end(subscription, "gone", now)
    failures = subscription.failures + 1
    since = subscription.failing_since or now
    failing = replace(subscription, failures=failures, failing_since=since)
    if now - since >= policy.give_up:
        return replace(
            failing, state=SubscriptionState.PAUSED, paused_at=now, resumed_at=None, rest_until=None, reason="failing"
        )
    pause = answer.retry_after or timedelta(0)
    if failures >= PATIENCE:
        pause = max(pause, pause_before(failures - PATIENCE + 1, policy, jitter))
    return replace(failing, rest_until=now + min(pause, policy.give_up)) if pause else failing


def recovered(subscription: Subscription) -> Subscription:
    """Its address answers."""
    return replace(subscription, failures=0, failing_since=None, rest_until=None)


def resume(subscription: Subscription, now: datetime) -> Subscription:
    """Go on after a probe was answered."""
    fresh = recovered(subscription)
    if fresh.state is not SubscriptionState.PAUSED:
        return fresh
    return replace(fresh, state=SubscriptionState.ACTIVE, resumed_at=now, reason=None)


def rotate(subscription: Subscription, sealed: str, now: datetime, policy: Policy) -> Subscription:
    """A new secret; the present one signs beside it for a while, so that the receiver can change over in peace."""
    until = now + policy.secret_overlap
    return replace(subscription, secret=sealed, previous_secret=subscription.secret, previous_until=until)


def end(subscription: Subscription, reason: str, now: datetime) -> Subscription:
    return replace(
        subscription, state=SubscriptionState.ENDED, ended_at=now, reason=reason, rest_until=None,
        previous_secret=None, previous_until=None,
    )  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """What must be known of a subscription to find out whether an event is for it."""

    id: str
    agency: str
    url: str
    wants: Wants
    active: bool = True


@dataclass(frozen=True)
class Roster:
    """All subscriptions that have not ended: one small document that every batch of events reads."""

    listed: tuple[Listed, ...] = ()

    def of(self, agency: str) -> tuple[Listed, ...]:
        return tuple(entry for entry in self.listed if entry.agency == agency)

    def asks_for(self, types: Iterable[str]) -> bool:
        wanted = set(types)
        return any(entry.active and wanted.intersection(entry.wants.types) for entry in self.listed)

    def kept(self, subscription: Subscription) -> Roster:
        """With a subscription as it is now; an ended one is left out."""
        others = tuple(entry for entry in self.listed if entry.id != subscription.id)
        if subscription.state is SubscriptionState.ENDED:
            return Roster(others)
        active = subscription.state is SubscriptionState.ACTIVE
        entry = Listed(subscription.id, subscription.agency, subscription.url, subscription.wants, active)
        return Roster((*others, entry))


def _below(counter: str, unit: str) -> bool:
    return counter == unit or counter.startswith(f"{unit}.")
