"""Personal data goes when it is of no use any more: the contact of a dossier that is over, and what is left of old
refusals. That a notice was sent, when, how and with what result stays.

Texts are never stored, secrets go with the last call. The contact goes when the dossier is over and each of its notices
has been final for the retention time; of a dossier that never ends (a result that nobody collects), when nothing was
told for the longest time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from contracts.events import DossierEvent
from contracts.events.intake import DossierRefused, DossierReturned, DossierWithdrawn
from contracts.events.routing import DossierResolved
from contracts.types import NoticeKind, Outcome
from services.kit import logs, metrics
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.due import DueWork
from services.kit.lease import Lease
from services.kit.leased_loop import LeasedLoop
from services.kit.mongo import Mongo
from services.kit.store import Ref
from services.kit.work import Decision, Work
from services.notify.domain.notice import Notice
from services.notify.domain.recipient import Recipient
from services.notify.preferences.store import forget_empty
from services.notify.store import NOTICES, RECIPIENTS

EVERY_S = 300.0
LIFE = (DossierReturned, DossierRefused, DossierWithdrawn, DossierResolved)
"""Events after which a dossier is over, or is not over after all."""
log = logs.get("notify.retention")


@dataclass(frozen=True)
class NoteEnd:
    """What an event means for the notices, and then for how long the contact is needed."""

    event: DossierEvent
    notices: Decision[Any]

    def needs(self) -> Iterable[Ref]:
        return self.notices.needs()

    def decide(self, work: Work, now: datetime) -> None:
        """Raises: what the decision about the notices raises."""
        self.notices.decide(work, now)
        recipient = work.get(RECIPIENTS, self.event.code)
        if recipient is None:
            return
        after = _after(recipient, self.event, now)
        if after != recipient:
            work.put(RECIPIENTS, after.code, after)


def _after(recipient: Recipient, event: DossierEvent, now: datetime) -> Recipient:
    if isinstance(event, DossierWithdrawn) and NoticeKind.WITHDRAWN in recipient.untrue:
        return recipient  # void: there is a result
    if not isinstance(event, DossierResolved) or event.outcome is Outcome.TERMINATED:
        return recipient.ended(now)
    # With a result a withdrawal is void, and the citizen will hear when it is handed over; unless it was already, and
    # routing's word only came later (solved on the spot).
    collected = NoticeKind.RESOLVED in recipient.untrue
    return recipient if collected else recipient.goes_on()


@dataclass(frozen=True)
class WipeContact:
    """Wipe the contact of a dossier that is over, unless something of it was under way lately; of one that is not over,
    unless anything was within the longest time. Never while a notice is not final: it still needs the contact."""

    code: str
    kept: timedelta
    longest: timedelta

    def needs(self) -> Iterable[Ref]:
        return (Ref(RECIPIENTS, self.code),)

    def decide(self, work: Work, now: datetime) -> bool:
        """Returns: whether it was wiped."""
        recipient = work.get(RECIPIENTS, self.code)
        since = None if recipient is None else recipient.quiet_since or recipient.contact_since
        if recipient is None or recipient.contact is None or since is None:
            return False
        notices = [notice for notice in work.get_all(NOTICES, recipient.notices) if notice is not None]
        quiet = max([since, *(_ended_at(notice, now) for notice in notices)])
        goes_at = quiet + (self.longest if recipient.quiet_since is None else self.kept)
        if goes_at <= now and all(notice.is_final for notice in notices):
            work.put(RECIPIENTS, self.code, recipient.wiped(now))
            return True
        if recipient.quiet_since is None:
            work.put(RECIPIENTS, self.code, replace(recipient, look_at=goes_at - self.kept))
        else:
            work.put(RECIPIENTS, self.code, recipient.ended(quiet))
        return False


def _ended_at(notice: Notice, now: datetime) -> datetime:
    """When the last thing happened to it: now, while it is not final."""
    if not notice.is_final:
        return now
    return notice.history[-1].at if notice.history else notice.created_at


@dataclass(frozen=True)
class Retention:
    """A loop of the worker: wipes now and then, where it leads. A crash leaves the rest to the next round."""

    mongo: Mongo
    committer: Committer
    lease: Lease
    now: Now
    kept: timedelta
    """How long after the last sign of life of a dossier that is over."""
    longest: timedelta
    """How long after that of one that is not; not shorter than the other."""

    async def run(self, stop: asyncio.Event) -> None:
        await LeasedLoop(self.lease, self.once, EVERY_S, look_s=5.0).run(stop)

    async def once(self) -> int:
        """One round. Returns: contacts wiped."""
        due = DueWork(
            self.mongo, self.committer, self.lease, lambda: self.now() - self.kept, RECIPIENTS.collection, "wipes",
            lambda code: WipeContact(code, self.kept, self.longest),
        )  # fmt: skip
        wiped = sum(bool(result) for _, result in await due.once())
        emptied = await forget_empty(self.mongo, self.now())
        if wiped or emptied:
            metrics.count("contacts_wiped_total", wiped)
            log.info("retention.wiped", contacts=wiped, preferences=emptied)
        return wiped
