"""Satisfaction (đánh giá mức độ hài lòng): one answer per returned dossier, by invitation or at the tablet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from contracts.events.intake import DossierRated
from contracts.problems import Conflict, Missing
from services.intake.domain.dossier import Dossier
from services.intake.domain.status import Status

LOW_OVERALL = 2


@dataclass(frozen=True)
class Invitation:
    """Kept by the hash of its token, which only the citizen's last message holds."""

    code: str
    invited_at: datetime


class RatingChannel(StrEnum):
    """How the answer came."""

    LINK = "link"
    """By the link in the last message."""
    TABLET = "tablet"
    """At the counter."""


@dataclass(frozen=True)
class Scores:
    """The indicators that citizens rate (TT 01/2018/TT-VPCP Arts 13, 14.3), 0 to 2 points each, and an overall word."""

    overall: int
    """1 to 5."""
    time: int | None = None
    """1: total time against the limit."""
    contacts: int | None = None
    """3: how often the desk had to be asked to complete the dossier."""
    agencies: int | None = None
    """4: how many agencies had to be asked."""
    attitude: int | None = None
    """7: attitude."""

    @property
    def low(self) -> bool:
        """Whether somebody must ask what went wrong."""
        return self.overall <= LOW_OVERALL or 0 in (self.time, self.contacts, self.agencies, self.attitude)


@dataclass(frozen=True)
class Answer:
    """What the citizen said, and how it came."""

    channel: RatingChannel
    scores: Scores
    comment: str | None = None
    """Stays in intake: people write names into comments."""
    token_hash: str | None = None
    """Of the invitation."""


class FollowUpOutcome(StrEnum):
    """What came of the look into a low score."""

    APOLOGISED = "apologised"
    """Đã xin lỗi."""
    CORRECTED = "corrected"
    """Đã khắc phục."""
    EXPLAINED = "explained"
    """Đã giải thích."""
    NOT_REACHED = "not-reached"
    """Không liên hệ được."""
    UNFOUNDED = "unfounded"
    """Không có cơ sở."""


@dataclass(frozen=True)
class FollowUp:
    """A low score is looked into (xử lý đánh giá chưa hài lòng), with a deadline of its own."""

    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None = None
    outcome: FollowUpOutcome | None = None
    note: str | None = None
    closed_by: str | None = None
    """Id of the key."""

    def overdue(self, now: datetime) -> bool:
        return (self.closed_at or now) > self.due_at


@dataclass(frozen=True)
class Rating:
    """The one answer about a dossier."""

    code: str
    counter: str
    procedure_code: str
    rated_at: datetime
    answer: Answer
    follow_up: FollowUp | None = None


def invited(invitation: Invitation | None, now: datetime, good_for: timedelta) -> Invitation:
    """Raises: Missing `invitation-unknown`: none, or no longer good; one answer for both."""
    if invitation is None or invitation.invited_at + good_for < now:
        raise Missing("invitation-unknown", "Đường dẫn đánh giá không đúng hoặc đã hết hạn.")
    return invitation


def answered_before(before: Rating | None, answer: Answer) -> bool:
    """Whether the same answer is there already. Raises: Conflict `already-rated`: another one is."""
    if before is None:
        return False
    if before.answer != answer:
        raise Conflict("already-rated", "Hồ sơ này đã được đánh giá; mỗi hồ sơ chỉ đánh giá một lần.")
    return True


def rate(dossier: Dossier, answer: Answer, at: datetime, follow_up_due: datetime) -> tuple[Rating, DossierRated]:
    """The citizen's answer, once the result is in their hands.

    Args:
        follow_up_due: when a follow-up, should the scores ask for one, would be due.

    Raises: Conflict `not-returned-yet`.
    """
    if dossier.status is not Status.RETURNED:
        words = "Chỉ đánh giá được sau khi đã trả kết quả."
        raise Conflict("not-returned-yet", words, state=dossier.status.value)
    scores = answer.scores
    event = DossierRated(
        code=dossier.code,
        occurred_at=at,
        backfill=dossier.backfill,
        overall=scores.overall,
        time_score=scores.time,
        contacts_score=scores.contacts,
        agencies_score=scores.agencies,
        attitude_score=scores.attitude,
    )
    follow_up = FollowUp(at, follow_up_due) if scores.low else None
    return Rating(dossier.code, dossier.counter, dossier.procedure_code, at, answer, follow_up), event


def close_follow_up(rating: Rating, outcome: FollowUpOutcome, note: str | None, by: str, at: datetime) -> Rating | None:
    """Say what came of it; None when the same was said before.

    Raises: Missing `follow-up-unknown`, Conflict `follow-up-closed`: something else was said.
    """
    follow_up = rating.follow_up
    if follow_up is None:
        raise Missing("follow-up-unknown", "Không có việc theo dõi sau đánh giá của hồ sơ này.")
    if follow_up.closed_at is not None:
        if (follow_up.outcome, follow_up.note) != (outcome, note):
            raise Conflict("follow-up-closed", "Việc theo dõi này đã kết thúc.")
        return None
    return replace(rating, follow_up=replace(follow_up, closed_at=at, outcome=outcome, note=note, closed_by=by))
