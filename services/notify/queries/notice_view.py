"""How a notice is shown: states, channels and times, beside the codes in words, never the contact."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from contracts.types import NoticeChannel, NoticeKind
from services.notify.domain.costs import cost_of
from services.notify.domain.notice import Attempt, Notice
from services.notify.domain.state_words import (
    CHANNEL_WORDS,
    KIND_WORDS,
    PROVIDER_WORDS,
    STATE_WORDS,
    reason_words,
    resend_words,
)
from services.notify.domain.transitions import State


class AttemptView(BaseModel):
    """One message handed to one gateway."""

    number: int
    channel: NoticeChannel
    provider: str
    provider_words: str
    at: datetime
    calls: int
    result: str
    gateway_code: str
    template_version: int
    parts: int
    cost_vnd: int | None
    delivered_at: datetime | None
    failed_at: datetime | None


class HistoryView(BaseModel):
    """One state a notice came into, and why."""

    state: State
    state_words: str
    at: datetime
    channel: NoticeChannel
    reason: str
    reason_words: str


class ResendView(BaseModel):
    """On whose word it was sent once more."""

    resend_of: str
    by: str
    """Id of the key."""
    reason: str
    reason_words: str


class NoticeView(BaseModel):
    """A notice as clerks and operators see it."""

    id: str
    code: str
    kind: NoticeKind
    kind_words: str
    counter: str
    state: State
    state_words: str
    channel: NoticeChannel
    channel_words: str
    provider: str
    """Of the latest message, or of the one that arrived; empty: none was made."""
    reason: str
    reason_words: str
    created_at: datetime
    next_at: datetime | None
    expires_at: datetime
    delivered_at: datetime | None
    parts: int
    """Of everything that gateways took."""
    cost_vnd: int | None
    """The same; None: nobody says."""
    resend: ResendView | None
    attempts: list[AttemptView]
    history: list[HistoryView]


def view(notice: Notice) -> NoticeView:
    """The notice without anything personal."""
    arrived = notice.arrived
    shown = arrived or notice.current
    costs = [cost for attempt in notice.attempts if (cost := cost_of(attempt)) is not None]
    return NoticeView(
        id=notice.id,
        code=notice.code,
        kind=notice.kind,
        kind_words=KIND_WORDS[notice.kind],
        counter=notice.counter,
        state=notice.state,
        state_words=STATE_WORDS[notice.state],
        channel=notice.channel,
        channel_words=CHANNEL_WORDS[notice.channel],
        provider=shown.provider if shown is not None else "",
        reason=notice.reason,
        reason_words=reason_words(notice.reason),
        created_at=notice.created_at,
        next_at=notice.next_at,
        expires_at=notice.expires_at,
        delivered_at=arrived.delivered_at if arrived is not None else None,
        parts=sum(attempt.parts for attempt in notice.attempts if attempt.provider_id),
        cost_vnd=sum(costs) if costs else None,
        resend=_resend(notice),
        attempts=[_attempt(attempt) for attempt in notice.attempts],
        history=[
            HistoryView(
                state=entry.state,
                state_words=STATE_WORDS[entry.state],
                at=entry.at,
                channel=entry.channel,
                reason=entry.reason,
                reason_words=reason_words(entry.reason),
            )
            for entry in notice.history
        ],
    )


def _attempt(attempt: Attempt) -> AttemptView:
    return AttemptView(
        number=attempt.number,
        channel=attempt.channel,
        provider=attempt.provider,
        provider_words=PROVIDER_WORDS.get(attempt.provider, attempt.provider),
        at=attempt.at,
        calls=attempt.calls,
        result=attempt.result,
        gateway_code=attempt.gateway_code,
        template_version=attempt.template_version,
        parts=attempt.parts,
        cost_vnd=cost_of(attempt),
        delivered_at=attempt.delivered_at,
        failed_at=attempt.failed_at,
    )


def _resend(notice: Notice) -> ResendView | None:
    if not notice.resend_of:
        return None
    why = notice.resent_why
    return ResendView(resend_of=notice.resend_of, by=notice.resent_by, reason=why, reason_words=resend_words(why))
