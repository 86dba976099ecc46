"""Zalo, then SMS, then the call list: what to do after a call, and when the time of waiting is over.

Zalo cannot be asked by `tracking_id` and does not de-duplicate, so a call without an answer is never repeated there:
the notice waits for its receipt, then goes to SMS. eSMS refuses a `RequestId` it has seen for 24 hours, so the same
call is simply made again (Zalo ZBS: send a template message; eSMS: RequestId).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from contracts.events import DossierEvent
from contracts.events.notify import NoticeDelivered, NoticeEnded, NoticeSent
from contracts.types import NoticeChannel, NoticeEnd
from services.notify.domain.notice import Attempt, Notice
from services.notify.domain.results import Result, Verdict
from services.notify.domain.transitions import Move, State

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
MORNING = time(6, 5)
"""Zalo's night ends at 06:00; five minutes keep clear of clocks apart."""
REQUEST_ID_HOLDS = timedelta(hours=23)
"""eSMS blocks a repeated RequestId for 24 hours; after that a repeat would be a second message."""

ZALO, SMS = NoticeChannel.ZALO, NoticeChannel.SMS


@dataclass(frozen=True)
class Policy:
    """Times of the ladder."""

    call_limit: timedelta
    """A call that began longer ago is not running any more: time limit of a call and a margin."""
    zalo_receipt: timedelta
    """Accepted by Zalo: how long to wait for the receipt before SMS."""
    zalo_unknown: timedelta
    """No answer from Zalo: how long to wait for a receipt before SMS."""
    sms_receipt: timedelta
    pause_after_stop: timedelta
    """How long a channel or template rests after the gateway said that it is not in order."""
    zalo_tries: int
    first_pause: timedelta
    longest_pause: timedelta

    def pause(self, tries: int, jitter: float) -> timedelta:
        """Growing pause: doubled each time, half of it random.

        Args:
            jitter: 0 to 1, drawn outside.
        """
        doubled: timedelta = self.first_pause * (2 ** min(tries, 16))
        return min(self.longest_pause, doubled) * (0.5 + jitter / 2)


@dataclass(frozen=True)
class Step:
    """A new state and the events that tell of it."""

    notice: Notice
    events: tuple[DossierEvent, ...] = ()


def decide_after(
    notice: Notice, attempt_id: str, result: Result, policy: Policy, now: datetime, jitter: float = 0.5
) -> Step:
    """The notice after a call came back. A result that comes too late is written down and changes nothing else."""
    attempt = notice.attempt(attempt_id)
    if attempt is None:
        return Step(notice)
    attempt = replace(
        attempt,
        result=result.verdict,
        gateway_code=result.gateway_code,
        provider_id=result.provider_id or attempt.provider_id,
    )
    awaited = notice.current is not None and notice.current.id == attempt_id
    notice = notice.with_attempt(attempt)
    if not awaited or notice.state not in (State.SENDING, State.UNKNOWN):
        return Step(notice)
    if result.verdict in (Verdict.TAKEN, Verdict.ALREADY_TAKEN):
        return _taken(notice, attempt, policy, now)
    if notice.state is State.UNKNOWN:
        return Step(notice)  # others took over; they decide when the time comes
    if attempt.channel is ZALO:
        return _after_zalo(notice, result, policy, now, jitter)
    return _after_sms(notice, attempt, result, policy, now, jitter)


def _taken(notice: Notice, attempt: Attempt, policy: Policy, now: datetime) -> Step:
    if attempt.channel is ZALO:
        moved = notice.move(Move.TAKEN, now, next_at=now + policy.zalo_receipt, tries=0)
    else:
        moved = notice.move(Move.TAKEN, now, next_at=now + policy.sms_receipt, tries=0, secret="")
    sent = NoticeSent(
        code=notice.code,
        occurred_at=now,
        notice_id=notice.id,
        kind=notice.kind,
        channel=attempt.channel,
        attempt=attempt.number,
    )
    return Step(moved, (sent,))


def _after_zalo(notice: Notice, result: Result, policy: Policy, now: datetime, jitter: float) -> Step:
    verdict = result.verdict
    if verdict is Verdict.NO_ANSWER:
        return Step(notice.move(Move.NO_ANSWER, now, "zalo-no-answer", next_at=now + policy.zalo_unknown))
    if verdict is Verdict.TRANSIENT and notice.tries + 1 < policy.zalo_tries:
        return later(notice, now, now + policy.pause(notice.tries, jitter), "zalo-transient", tries=notice.tries + 1)
    if verdict is Verdict.NIGHT and morning(now, jitter) < notice.expires_at:
        return later(notice, now, morning(now, jitter), "zalo-night")
    return fall_back(notice, now, f"zalo-{verdict}")


def _after_sms(notice: Notice, attempt: Attempt, result: Result, policy: Policy, now: datetime, jitter: float) -> Step:
    verdict, tries = result.verdict, notice.tries + 1
    pause = policy.pause(notice.tries, jitter)
    if attempt.calls > 1 and verdict not in (Verdict.RECIPIENT, Verdict.PAYLOAD):
        # An earlier call under this id got no answer: a new id could make a second text. Ask again under the old one.
        verdict = Verdict.NO_ANSWER
    match verdict:
        case Verdict.NO_ANSWER:
            if now + pause - attempt.at > REQUEST_ID_HOLDS:
                return give_up(notice, now, "sms-no-answer")
            return Step(notice.move(Move.NO_ANSWER, now, "sms-no-answer", next_at=now + pause, tries=tries))
        case Verdict.TRANSIENT:
            return later(notice, now, now + pause, "sms-transient", tries=tries)
        case Verdict.RECIPIENT:
            return give_up(notice, now, "sms-recipient")
        case Verdict.PAYLOAD:
            return fail(notice, now, "sms-payload")
        case Verdict.NIGHT:
            return later(notice, now, morning(now, jitter), "sms-night")
        case _:
            # Account, template, money, quota: a person puts it right; what waits then goes by itself.
            return later(notice, now, now + policy.pause_after_stop * (1 + jitter / 2), f"sms-{verdict}", tries=tries)


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


def arrive(notice: Notice, now: datetime, reason: str = "") -> Step:
    """The phone has it, on the channel whose receipt says so."""
    attempt = notice.arrived
    channel = attempt.channel if attempt is not None else notice.channel
    moved = notice.move(Move.ARRIVED, now, reason, channel=channel)
    happened = attempt.delivered_at if attempt is not None and attempt.delivered_at is not None else now
    delivered = NoticeDelivered(
        code=notice.code, occurred_at=happened, notice_id=notice.id, kind=notice.kind, channel=channel
    )
    return Step(moved, (delivered,))


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
    return Step(notice.move(move, now, reason), (ended,))


def morning(now: datetime, jitter: float) -> datetime:
    """06:05 in Viet Nam, the next one, spread over ten minutes."""
    local = now.astimezone(VIETNAM)
    day = local.date() if local.time() < MORNING else local.date() + timedelta(days=1)
    return datetime.combine(day, MORNING, VIETNAM).astimezone(now.tzinfo) + timedelta(minutes=10 * jitter)
