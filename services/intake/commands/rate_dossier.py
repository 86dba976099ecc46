"""The citizen's answer: how satisfied they are (đánh giá)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.problems import Missing
from contracts.topics import DOSSIER_EVENTS
from contracts.types import LimitUnit
from services.intake.commands.access import dossier_of
from services.intake.commands.moments import business_time
from services.intake.domain import rating as domain
from services.intake.domain.dossier import Dossier
from services.intake.domain.rating import Answer, Rating, RatingChannel, Scores
from services.intake.promise import THE_CALENDAR_REF, calendar_of, promise
from services.intake.store import DOSSIERS, INVITATIONS, RATINGS
from services.kit.store import Ref
from services.kit.tokens import token_hash
from services.kit.work import Work


@dataclass(frozen=True)
class Rated:
    """The answer as it is kept, and whether it was there before."""

    rating: Rating
    repeated: bool


@dataclass(frozen=True)
class RatingPolicy:
    """Periods that settings state."""

    invitation_good_for: timedelta
    follow_up_working_days: int


@dataclass(frozen=True)
class RateDossier:
    """At the counter's tablet. `counters`: those the caller acts for; None: all (operator)."""

    code: str
    counters: frozenset[str] | None
    scores: Scores
    comment: str | None
    policy: RatingPolicy
    occurred_at: datetime | None = None
    said_at: datetime | None = None
    """When the command was sent, for those that came by Kafka."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(DOSSIERS, self.code)
        yield Ref(RATINGS, self.code)
        yield THE_CALENDAR_REF

    def decide(self, work: Work, now: datetime) -> Rated:
        """Raises: Missing `dossier-unknown`, Conflict `not-returned-yet`, `already-rated`, Invalid `moment-…`."""
        dossier = dossier_of(work.get(DOSSIERS, self.code), self.counters)
        at = business_time(
            self.occurred_at, now, backfill=dossier.backfill, said_at=self.said_at, after=dossier.returned_at
        )
        return _keep(work, dossier, Answer(RatingChannel.TABLET, self.scores, self.comment), at, self.policy)


@dataclass(frozen=True)
class RateByInvitation:
    """By the link in the last message; whoever has its token may answer, once."""

    token: str
    scores: Scores
    comment: str | None
    policy: RatingPolicy

    def needs(self) -> Iterable[Ref]:
        yield Ref(INVITATIONS, token_hash(self.token))
        yield THE_CALENDAR_REF

    def decide(self, work: Work, now: datetime) -> Rated:
        """Raises: Missing `invitation-unknown`, Conflict `already-rated`."""
        hash = token_hash(self.token)
        invitation = domain.invited(work.get(INVITATIONS, hash), now, self.policy.invitation_good_for)
        dossier = work.get(DOSSIERS, invitation.code)
        if dossier is None:
            raise Missing("invitation-unknown", "Đường dẫn đánh giá không đúng hoặc đã hết hạn.")
        return _keep(work, dossier, Answer(RatingChannel.LINK, self.scores, self.comment, hash), now, self.policy)


def _keep(work: Work, dossier: Dossier, answer: Answer, at: datetime, policy: RatingPolicy) -> Rated:
    before = work.get(RATINGS, dossier.code)
    if before is not None and domain.answered_before(before, answer):
        return Rated(before, True)
    calendar = calendar_of(work, dossier.counter)
    follow_up_due = promise(at, policy.follow_up_working_days, LimitUnit.WORKING_DAYS, calendar).due_at
    rating, event = domain.rate(dossier, answer, at, follow_up_due)
    work.put(RATINGS, dossier.code, rating, (DOSSIER_EVENTS, dossier.code, event))
    return Rated(rating, False)
