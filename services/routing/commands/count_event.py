"""Events into the statistics: each is counted once, in the transaction that takes it off the log.

What is routing's own comes back over Kafka, and the case may have moved on since: of the case only what never changes
is read here. A receipt and a withdrawal are counted where they are decided: only there is known whether it changed
anything, for a repeated one does not, nor does a withdrawal once there is a result.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from contracts.events.intake import DossierRefused
from contracts.events.routing import DossierResolved, DossierStepCompleted
from contracts.problems import NotYet
from contracts.types import Channel
from services.kit.batch import INBOX_DAYS
from services.kit.store import Ref
from services.kit.work import Decision, Work
from services.routing.domain import statistics
from services.routing.domain.case import Case, CaseState
from services.routing.domain.statistics import Entry, Place, StopRequested
from services.routing.store import CASES, PLACES, CasePlace
from services.routing.tallies import count

REMEMBERED = timedelta(days=INBOX_DAYS)
CountedEvent = DossierRefused | DossierResolved | DossierStepCompleted | StopRequested
COUNTED: tuple[type[CountedEvent], ...] = get_args(CountedEvent)
"""The message types that `CountEvent` takes."""


@dataclass(frozen=True)
class Counting:
    """A decision that opens a case or takes it back, and counts it when it did."""

    decision: Decision[None]
    code: str

    def needs(self) -> Iterable[Ref]:
        yield Ref(CASES, self.code)
        yield from self.decision.needs()

    def decide(self, work: Work, now: datetime) -> None:
        """Raises: as the decision does."""
        before = work.get(CASES, self.code)
        self.decision.decide(work, now)
        after = work.get(CASES, self.code)
        if after is None:
            return
        place = place_of(after)
        if before is None:
            count(work, statistics.receipt(place, Channel(after.channel), after.counter, after.received_at))
        elif before.open and after.state is CaseState.WITHDRAWN:
            count(work, [statistics.withdrawal(place, after.withdrawn_at or now)])


@dataclass(frozen=True)
class CountEvent:
    """From `refused`, `resolved`, `step-completed`, and the requests that stop the clock."""

    event: CountedEvent
    sent_at: datetime | None
    """Time of the envelope."""

    def needs(self) -> Iterable[Ref]:
        if not isinstance(self.event, DossierRefused):
            yield Ref(PLACES, self.event.code)

    def decide(self, work: Work, now: datetime) -> None:
        """Raises: NotYet `case-unknown`."""
        if self.sent_at is not None and now - self.sent_at >= REMEMBERED:
            return  # a journal that is sent again: nobody remembers whether it was counted; a recount would tell
        count(work, [self._entry(work)])

    def _entry(self, work: Work) -> Entry:
        if isinstance(self.event, DossierRefused):
            return statistics.refusal(self.event)
        case = work.get(PLACES, self.event.code)
        if case is None:
            raise NotYet("case-unknown", "Không tìm thấy hồ sơ với mã này.")
        place = place_of(case)
        match self.event:
            case DossierResolved(outcome=outcome, timeliness=timeliness, occurred_at=at) as event:
                # Events of earlier releases do not say it; the case does, and for good.
                first = event.first_timeliness or case.first_timeliness or timeliness
                return statistics.result(place, outcome, timeliness, first, at)
            case DossierStepCompleted() as event:
                return statistics.step(place, event)
            case event:
                return statistics.stop(place, event)


def place_of(case: Case | CasePlace) -> Place:
    return Place(case.unit, case.field, case.procedure_code, case.mechanism.value)
