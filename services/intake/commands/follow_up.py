"""Close the follow-up of a low score (kết thúc việc theo dõi sau đánh giá)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.problems import Missing
from services.intake.domain import rating as domain
from services.intake.domain.rating import FollowUpOutcome, Rating
from services.intake.store import RATINGS
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class CloseFollowUp:
    """`counters`: those the caller acts for; None: all (operator)."""

    code: str
    counters: frozenset[str] | None
    outcome: FollowUpOutcome
    note: str | None
    by: str
    """Id of the caller's key."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(RATINGS, self.code)

    def decide(self, work: Work, now: datetime) -> Rating:
        """Raises: Missing `follow-up-unknown`, Conflict `follow-up-closed`."""
        rating = work.get(RATINGS, self.code)
        if rating is None or (self.counters is not None and rating.counter not in self.counters):
            raise Missing("follow-up-unknown", "Không có việc theo dõi sau đánh giá của hồ sơ này.")
        closed = domain.close_follow_up(rating, self.outcome, self.note, self.by, now)
        if closed is None:
            return rating
        work.put(RATINGS, self.code, closed)
        return closed
