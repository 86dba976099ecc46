"""Complaints and suggestions (phản ánh, kiến nghị), answered within a term."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from contracts.problems import Conflict


class FeedbackKind(StrEnum):
    """Which of the two."""

    COMPLAINT = "complaint"
    """Phản ánh."""
    SUGGESTION = "suggestion"
    """Kiến nghị."""


@dataclass(frozen=True)
class Writer:
    """Who wrote, as far as they say."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Feedback:
    """One of them. Personal data throughout: only the desk that answers sees it all."""

    reference: str
    kind: FeedbackKind
    text: str
    received_at: datetime
    due_at: datetime
    """The answer is due by then."""
    writer: Writer
    token_hash: str
    """Of what the writer shows to read the answer."""
    token_salt: str
    """What the token was made from, together with the writer's own key, which is not kept."""
    dossier_code: str | None = None
    """As the writer says; nobody checked it."""
    counter: str | None = None
    """What it is about: the dossier's counter, or the one named."""
    answer: str | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    """Id of the key."""

    @property
    def state(self) -> str:
        return "received" if self.answered_at is None else "answered"

    def overdue(self, now: datetime) -> bool:
        """Not answered in time, or answered late."""
        return (self.answered_at or now) > self.due_at


def answer(feedback: Feedback, text: str, by: str, at: datetime) -> Feedback | None:
    """Answer it; None when the same answer was given before. Raises: Conflict `feedback-answered`."""
    if feedback.answer == text:
        return None
    if feedback.answered_at is not None:
        raise Conflict("feedback-answered", "Phản ánh, kiến nghị này đã được trả lời.")
    return replace(feedback, answer=text, answered_at=at, answered_by=by)
