"""An agency's system subscribes, once its address has answered a probe."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.problems import Conflict, Missing
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.domain.directory import Directory
from services.routing.store import DIRECTORY, THE_DIRECTORY
from services.routing.webhooks.domain.subscription import Roster, Subscription
from services.routing.webhooks.store import ROSTER, SUBSCRIPTIONS, THE_ROSTER

MOST_OF_AN_AGENCY = 10


@dataclass(frozen=True)
class CheckRoom:
    """Asked before the probe, so that nobody is called for nothing; changes nothing."""

    agency: str
    url: str

    def needs(self) -> Iterable[Ref]:
        yield Ref(ROSTER, THE_ROSTER)
        yield Ref(DIRECTORY, THE_DIRECTORY)

    def decide(self, work: Work, now: datetime) -> Roster:
        """Raises: Missing `agency-unknown`; Conflict `subscription-exists`, `subscriptions-too-many`."""
        if self.agency not in (work.get(DIRECTORY, THE_DIRECTORY) or Directory()).by_code():
            raise Missing("agency-unknown", f"Danh mục cơ quan chưa có cơ quan {self.agency}.")
        roster = work.get(ROSTER, THE_ROSTER) or Roster()
        own = roster.of(self.agency)
        same = [entry.id for entry in own if entry.url == self.url]
        if same:
            raise Conflict("subscription-exists", "Cơ quan đã đăng ký địa chỉ này.", subscription=same[0])
        if len(own) >= MOST_OF_AN_AGENCY:
            words = f"Mỗi cơ quan đăng ký được nhiều nhất {MOST_OF_AN_AGENCY} địa chỉ."
            raise Conflict("subscriptions-too-many", words, most=MOST_OF_AN_AGENCY)
        return roster


@dataclass(frozen=True)
class Subscribe:
    """Keep a subscription."""

    subscription: Subscription

    @property
    def _room(self) -> CheckRoom:
        return CheckRoom(self.subscription.agency, self.subscription.url)

    def needs(self) -> Iterable[Ref]:
        return self._room.needs()

    def decide(self, work: Work, now: datetime) -> Subscription:
        """Raises: as `CheckRoom`."""
        roster = self._room.decide(work, now)
        work.put(SUBSCRIPTIONS, self.subscription.id, self.subscription)
        work.put(ROSTER, THE_ROSTER, roster.kept(self.subscription))
        return self.subscription
