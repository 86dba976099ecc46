"""What is counted of notices: handed over in time or not, how they ended, how long the phone waited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notify.domain.costs import was_taken
from services.notify.domain.notice import Attempt, Notice
from services.notify.domain.transitions import State

PROMISE = timedelta(seconds=10)
"""From the event until a gateway has the message."""
HELD = frozenset({"quiet-hours", "zalo-night", "sms-night"})
"""Reasons for which a notice was kept back on purpose: it is not late, nobody's phone may ring at night."""
BUCKETS: Mapping[str, timedelta] = {
    "s10": timedelta(seconds=10),
    "s30": timedelta(seconds=30),
    "m1": timedelta(minutes=1),
    "m5": timedelta(minutes=5),
    "m15": timedelta(minutes=15),
    "h1": timedelta(hours=1),
    "h24": timedelta(hours=24),
}
LONGER = "longer"
ENDS = (State.DELIVERED, State.UNDELIVERABLE, State.FAILED, State.EXPIRED, State.CANCELLED)
NOT_HANDED = frozenset({State.UNDELIVERABLE, State.FAILED, State.EXPIRED})
"""Ends of notices that should have been handed over; a cancelled one should not."""
NO_PHONE = "phone-not-mobile"
"""Reason of those that no gateway could take: the number is wrong."""
_HANDED = frozenset({State.SENT, State.DELIVERED})


@dataclass(frozen=True)
class Count:
    """Amounts for one channel and gateway."""

    channel: str
    provider: str
    """Empty: no gateway was called."""
    amounts: Mapping[str, int]
    """By path."""


def counts(before: Notice | None, after: Notice, now: datetime) -> Iterator[Count]:
    """What one change of a notice adds; each notice is handed over once, and ends once. One that ends without any
    gateway having had it was not handed over in time, and stays so whatever is reported later."""
    held = any(entry.reason in HELD for entry in after.history)
    missed = before is not None and _missed(before)
    if _handed(after) and not missed and (before is None or not _handed(before)):
        attempt = _taker(before, after)
        moment = now if after.state is State.SENT or attempt is None else attempt.called_at
        word = "held" if held else "within" if moment - _since(after) <= PROMISE else "over"
        yield _count(after, attempt, {f"handed.{word}": 1})
    if after.is_final and (before is None or not before.is_final):
        attempt = after.arrived or after.current
        amounts = {f"ended.{after.state.value}": 1}
        if after.state is State.DELIVERED and attempt is not None and attempt.delivered_at is not None and not held:
            amounts[f"waited.{bucket(attempt.delivered_at - _since(after))}"] = 1
        if _missed(after):
            amounts[f"handed.{'held' if _held_to_its_end(after) else 'over'}"] = 1
        yield _count(after, attempt, amounts)
    elif before is not None and before.is_final and before.arrived is None and after.arrived is not None:
        # It was given up, and the phone has it after all.
        yield _count(after, after.arrived, {"ended.late": 1})


def bucket(waited: timedelta) -> str:
    """The first one that is long enough."""
    return next((name for name, longest in BUCKETS.items() if waited <= longest), LONGER)


def _since(notice: Notice) -> datetime:
    return notice.event_at or notice.created_at


def _handed(notice: Notice) -> bool:
    """Whether any gateway ever had it. The oldest lines of a very long history are gone, such attempts are not."""
    return any(map(was_taken, notice.attempts)) or any(entry.state in _HANDED for entry in notice.history)


def _missed(notice: Notice) -> bool:
    """Whether it came to its end, and no gateway had it although one could have."""
    return notice.state in NOT_HANDED and notice.reason != NO_PHONE and not _handed(notice)


def _held_to_its_end(notice: Notice) -> bool:
    """Of no use any more when the night was over."""
    return any(entry.reason in HELD for entry in notice.history[-2:-1])


def _taker(before: Notice | None, after: Notice) -> Attempt | None:
    known = {attempt.id for attempt in before.attempts if was_taken(attempt)} if before is not None else set()
    return next((a for a in after.attempts if was_taken(a) and a.id not in known), after.current)


def _count(notice: Notice, attempt: Attempt | None, amounts: Mapping[str, int]) -> Count:
    channel = attempt.channel if attempt is not None else notice.channel
    return Count(channel.value, attempt.provider if attempt is not None else "", amounts)
