"""How a notice is shown: states, channels and times, never the contact."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from contracts.types import NoticeChannel, NoticeKind
from services.notify.domain.notice import Notice
from services.notify.domain.transitions import State


class AttemptView(BaseModel):
    """One message handed to one gateway."""

    number: int
    channel: NoticeChannel
    at: datetime
    calls: int
    result: str
    gateway_code: str
    delivered_at: datetime | None
    failed_at: datetime | None


class HistoryView(BaseModel):
    """One state a notice came into, and why."""

    state: State
    at: datetime
    channel: NoticeChannel
    reason: str


class NoticeView(BaseModel):
    """A notice as clerks and operators see it."""

    id: str
    code: str
    kind: NoticeKind
    state: State
    channel: NoticeChannel
    reason: str
    created_at: datetime
    next_at: datetime | None
    expires_at: datetime
    delivered_at: datetime | None
    attempts: list[AttemptView]
    history: list[HistoryView]


def view(notice: Notice) -> NoticeView:
    """The notice without anything personal."""
    arrived = notice.arrived
    return NoticeView(
        id=notice.id,
        code=notice.code,
        kind=notice.kind,
        state=notice.state,
        channel=notice.channel,
        reason=notice.reason,
        created_at=notice.created_at,
        next_at=notice.next_at,
        expires_at=notice.expires_at,
        delivered_at=arrived.delivered_at if arrived is not None else None,
        attempts=[
            AttemptView(
                number=a.number,
                channel=a.channel,
                at=a.at,
                calls=a.calls,
                result=a.result,
                gateway_code=a.gateway_code,
                delivered_at=a.delivered_at,
                failed_at=a.failed_at,
            )
            for a in notice.attempts
        ],
        history=[HistoryView(state=e.state, at=e.at, channel=e.channel, reason=e.reason) for e in notice.history],
    )
