"""Changes of one subscription, by its agency or an operator: end it, go on, another secret."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.problems import Conflict, Missing
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.webhooks.domain.attempts import Policy
from services.routing.webhooks.domain.subscription import (
    Roster,
    Subscription,
    SubscriptionState,
    end,
    resume,
    rotate,
)
from services.routing.webhooks.store import ROSTER, SUBSCRIPTIONS, THE_ROSTER


@dataclass(frozen=True)
class _Change:
    id: str
    agency: str

    def needs(self) -> Iterable[Ref]:
        yield Ref(SUBSCRIPTIONS, self.id)
        yield Ref(ROSTER, THE_ROSTER)

    def _running(self, work: Work) -> Subscription:
        return running(work.get(SUBSCRIPTIONS, self.id), self.agency)


class EndSubscription(_Change):
    """Hủy đăng ký. What still waits becomes dead letters."""

    def decide(self, work: Work, now: datetime) -> Subscription:
        """Once more changes nothing. Raises: Missing `subscription-unknown`."""
        found = owned(work.get(SUBSCRIPTIONS, self.id), self.agency)
        if found.state is SubscriptionState.ENDED:
            return found
        return keep(work, end(found, "deleted", now))


class ResumeSubscription(_Change):
    """A probe was answered: go on, at once."""

    def decide(self, work: Work, now: datetime) -> Subscription:
        """Raises: Missing `subscription-unknown`; Conflict `subscription-ended`."""
        found = self._running(work)
        after = resume(found, now)
        return found if after == found else keep(work, after)


@dataclass(frozen=True)
class RotateSecret(_Change):
    """Another secret; the present one stays good for a while."""

    sealed: str
    policy: Policy

    def decide(self, work: Work, now: datetime) -> Subscription:
        """Raises: Missing `subscription-unknown`; Conflict `subscription-ended`."""
        return keep(work, rotate(self._running(work), self.sealed, now, self.policy))


def owned(subscription: Subscription | None, agency: str) -> Subscription:
    """Raises: Missing `subscription-unknown`: none, or another agency's."""
    if subscription is None or subscription.agency != agency:
        raise Missing("subscription-unknown", "Không tìm thấy đăng ký nhận tin này.")
    return subscription


def running(subscription: Subscription | None, agency: str) -> Subscription:
    """Raises: Missing `subscription-unknown`; Conflict `subscription-ended`."""
    found = owned(subscription, agency)
    if found.state is SubscriptionState.ENDED:
        raise Conflict("subscription-ended", "Đăng ký nhận tin này đã kết thúc.", reason=found.reason)
    return found


def keep(work: Work, subscription: Subscription) -> Subscription:
    """The subscription, and what the roster says of it."""
    work.put(SUBSCRIPTIONS, subscription.id, subscription)
    roster = work.get(ROSTER, THE_ROSTER) or Roster()
    after = roster.kept(subscription)
    if set(after.listed) != set(roster.listed):
        work.put(ROSTER, THE_ROSTER, after)
    return subscription
