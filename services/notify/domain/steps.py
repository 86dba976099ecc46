"""Single steps of the ladder: wait, go to the next channel, or end, with the events that tell of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from contracts.events import DossierEvent
from contracts.events.notify import NoticeDelivered, NoticeEnded, NoticeSent
from contracts.types import NoticeEnd
from services.notify.domain.kinds import KINDS, Audience
from services.notify.domain.notice import Attempt, Notice
from services.notify.domain.routes import SMS
from services.notify.domain.transitions import Move


@dataclass(frozen=True)
class Step:
    """A new state and the events that tell of it."""

    notice: Notice
    events: tuple[DossierEvent, ...] = ()


def sent(notice: Notice, attempt: Attempt, now: datetime) -> tuple[DossierEvent, ...]:
    """That a gateway took it over."""
    return _told(
        notice,
        NoticeSent(
            code=notice.code,
            occurred_at=now,
            notice_id=notice.id,
            kind=notice.kind,
            channel=attempt.channel,
            attempt=attempt.number,
        ),
    )


def later(notice: Notice, now: datetime, at: datetime, reason: str, tries: int = 0) -> Step:
    """Wait on the same channel, and no longer than it is of use; not when a receipt has meanwhile said that the phone
    has it."""
    if notice.arrived is not None:
        return arrive(notice, now)
    return Step(notice.move(Move.WAIT, now, reason, next_at=min(at, max(now, notice.expires_at)), tries=tries))


def fall_back(notice: Notice, now: datetime, reason: str) -> Step:
    """To SMS, at once."""
    if notice.arrived is not None:
        return arrive(notice, now)
    return Step(notice.move(Move.WAIT, now, reason, channel=SMS, next_at=now, tries=0))


def without(notice: Notice, provider: str) -> Notice:
    """This gateway is not tried again for this notice."""
    return replace(notice, excluded=(*notice.excluded, provider))


def arrive(notice: Notice, now: datetime, reason: str = "") -> Step:
    """The phone has it, on the channel whose receipt says so."""
    attempt = notice.arrived
    channel = attempt.channel if attempt is not None else notice.channel
    moved = notice.move(Move.ARRIVED, now, reason, channel=channel)
    happened = attempt.delivered_at if attempt is not None and attempt.delivered_at is not None else now
    delivered = NoticeDelivered(
        code=notice.code, occurred_at=happened, notice_id=notice.id, kind=notice.kind, channel=channel
    )
    return Step(moved, _told(notice, delivered))


def give_up(notice: Notice, now: datetime, reason: str) -> Step:
    """Onto the counter's call list, unless an earlier channel did reach the phone."""
    if notice.arrived is not None:
        return arrive(notice, now)
    return _end(notice, Move.GIVE_UP, NoticeEnd.UNDELIVERABLE, now, reason)


def fail(notice: Notice, now: datetime, reason: str) -> Step:
    """Ours to cure, not the citizen's phone; unless an earlier channel did reach it."""
    if notice.arrived is not None:
        return arrive(notice, now)
    return _end(notice, Move.FAIL, NoticeEnd.FAILED, now, reason)


def expire(notice: Notice, now: datetime) -> Step:
    """Too late to be of use. Something that a gateway did take, without a receipt, is rather undeliverable."""
    if any(attempt.provider_id for attempt in notice.attempts):
        return give_up(notice, now, "no-receipt")
    return _end(notice, Move.EXPIRE, NoticeEnd.EXPIRED, now, "expired")


def cancel(notice: Notice, now: datetime, reason: str = "no-longer-true") -> Step:
    """Nothing to tell any more."""
    return _end(notice, Move.CANCEL, NoticeEnd.CANCELLED, now, reason)


def _end(notice: Notice, move: Move, state: NoticeEnd, now: datetime, reason: str) -> Step:
    ended = NoticeEnded(
        code=notice.code, occurred_at=now, notice_id=notice.id, kind=notice.kind, state=state, reason=reason
    )
    return Step(notice.move(move, now, reason), _told(notice, ended))


def _told(notice: Notice, event: DossierEvent) -> tuple[DossierEvent, ...]:
    """What officers are told is no part of the citizen's story."""
    return (event,) if KINDS[notice.kind].audience is Audience.CITIZEN else ()
