"""An event that a unit must hear of becomes one notice for each of its officers who wants it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.envelope import Envelope
from services.kit.store import Ref
from services.kit.work import Work
from services.notify.domain.recipient import Recipient
from services.notify.officers.officer import OFFICER_KINDS, UnitOfficers
from services.notify.officers.store import OFFICERS
from services.notify.officers.warnings import StepEnd, WarningEvent, warning_notice, warning_of
from services.notify.store import NOTICES, RECIPIENTS


@dataclass(frozen=True)
class MakeOfficerNotices:
    """Apply one warning. Nothing of it is told to citizens, so no events are published.

    Without a recipient nothing is made. There is nobody to wait for: routing warns of what it heard of by `registered`
    or `submitted`, which lies before the warning in the same partition, and a dossier of which these could not be
    applied is parked already, the warning behind it. What is left are dossiers whose beginning was never told here;
    parked, they would stand still because somebody entered an officer.
    """

    event: WarningEvent
    envelope: Envelope
    lifetime: timedelta

    def needs(self) -> Iterable[Ref]:
        return Ref(RECIPIENTS, self.event.code), Ref(OFFICERS, warning_of(self.event).unit)

    def decide(self, work: Work, now: datetime) -> int:
        """Returns: how many notices were made."""
        warned = warning_of(self.event)
        recipient = work.get(RECIPIENTS, self.event.code)
        if recipient is None:
            return 0
        unit = work.get(OFFICERS, warned.unit) or UnitOfficers(warned.unit)
        wanting = () if self.event.backfill else unit.wanting(warned.kind)
        after = recipient.without_warnings(warned.overtakes, warned.step)
        if warned.kind in after.untrue:
            wanting = ()  # the dossier is over
        for officer in wanting:
            notice = warning_notice(
                self.event, self.envelope, warned, officer.id, recipient.counter, now, self.lifetime
            )
            if notice.id not in after.notices:  # the list of the dossier is kept for ever, so once means once
                after = after.with_warning(notice, warned.step)
                work.put(NOTICES, notice.id, notice)
        return _kept(work, recipient, after)


@dataclass(frozen=True)
class EndWarnings:
    """A step is not with its agency any more: what waits to be told of it is idle."""

    event: StepEnd

    def needs(self) -> Iterable[Ref]:
        return (Ref(RECIPIENTS, self.event.code),)

    def decide(self, work: Work, now: datetime) -> None:
        recipient = work.get(RECIPIENTS, self.event.code)
        if recipient is not None:
            _kept(work, recipient, recipient.without_warnings(OFFICER_KINDS, self.event.step))


def _kept(work: Work, before: Recipient, after: Recipient) -> int:
    if after != before:
        work.put(RECIPIENTS, after.code, after)
    return len(after.notices) - len(before.notices)
