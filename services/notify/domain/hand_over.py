"""When a notice's time has come: hand it over, or draw the conclusion from what has not come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.events import DossierEvent
from contracts.types import NoticeChannel
from services.notify.domain.ladder import (
    REQUEST_ID_HOLDS,
    SMS,
    ZALO,
    Policy,
    Step,
    expire,
    fall_back,
    give_up,
    later,
)
from services.notify.domain.notice import Attempt, Notice, attempt_id
from services.notify.domain.transitions import Move, State


@dataclass(frozen=True)
class HandOver:
    """What came of looking at a due notice."""

    notice: Notice
    events: tuple[DossierEvent, ...] = ()
    attempt: Attempt | None = None
    """The call to make now, after this state is committed."""


def is_due(notice: Notice, now: datetime) -> bool:
    """Whether the notice waits for something and the time for it has come."""
    return notice.next_at is not None and notice.next_at <= now


def hand_over(
    notice: Notice, policy: Policy, now: datetime, closed: Mapping[NoticeChannel, datetime], *, sms_only: bool = False
) -> HandOver:
    """Look at a due notice.

    Args:
        closed: channels that rest, and until when.
        sms_only: the citizen asked for SMS.
    """
    attempt = notice.current
    if notice.state is State.CREATED or attempt is None:
        return _hand_over_waiting(notice, policy, now, closed, sms_only)
    if attempt.channel is SMS:
        return _overdue_sms(notice, attempt, policy, now)
    if notice.state is State.SENDING:
        # The process that called died, or its result could not be stored: the message may be on its way. The wait
        # begins now: through an outage nobody may have listened, and the gateway reports again.
        return HandOver(notice.move(Move.NO_ANSWER, now, "zalo-interrupted", next_at=now + policy.zalo_unknown))
    reason = "zalo-no-answer" if notice.state is State.UNKNOWN else "zalo-no-receipt"
    step = fall_back(notice, now, reason)
    if step.notice.is_final:
        return HandOver(step.notice, step.events)
    return _hand_over_waiting(step.notice, policy, now, closed, sms_only)


def _hand_over_waiting(
    notice: Notice, policy: Policy, now: datetime, closed: Mapping[NoticeChannel, datetime], sms_only: bool
) -> HandOver:
    if now >= notice.expires_at:
        return _stepped(expire(notice, now))
    channel = SMS if sms_only else notice.channel
    if channel is ZALO and ZALO in closed:
        channel = SMS
    if channel in closed:
        return _stepped(later(replace(notice, channel=channel), now, closed[channel], f"{channel}-closed"))
    number = notice.made + 1
    attempt = Attempt(attempt_id(notice.id, number), number, channel, at=now, called_at=now)
    tries = notice.tries if channel is notice.channel else 0
    moved = notice.with_attempt(attempt).move(
        Move.HAND_OVER, now, channel=channel, next_at=now + policy.call_limit, tries=tries
    )
    return HandOver(moved, (), attempt)


def _overdue_sms(notice: Notice, attempt: Attempt, policy: Policy, now: datetime) -> HandOver:
    if notice.state is State.SENT:
        return _stepped(give_up(notice, now, "sms-no-receipt"))
    if now - attempt.at > REQUEST_ID_HOLDS or now >= notice.expires_at:
        return _stepped(give_up(notice, now, "sms-no-answer"))
    again = replace(attempt, called_at=now, calls=attempt.calls + 1, result="")
    moved = notice.with_attempt(again).move(Move.HAND_OVER, now, next_at=now + policy.call_limit)
    return HandOver(moved, (), again)


def _stepped(step: Step) -> HandOver:
    return HandOver(step.notice, step.events)
