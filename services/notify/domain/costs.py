"""What a message costs, and when the money of a day is spent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from contracts.types import NoticeKind
from services.notify.domain.notice import Attempt, Notice
from services.notify.domain.policy import VIETNAM
from services.notify.domain.results import Result, Verdict

TAKEN = frozenset({Verdict.TAKEN, Verdict.ALREADY_TAKEN})
NOT_CAPPED = frozenset({NoticeKind.ONE_TIME_CODE})
"""Somebody waits in front of a screen; they are limited where they are asked for."""
_PRICED = TAKEN | {Verdict.NO_ANSWER}


@dataclass(frozen=True)
class Prices:
    """What the contracts with the gateways say, in đồng; a gateway that names the price itself is believed."""

    zalo: int | None = None
    """A message."""
    sms: Mapping[str, int] = field(default_factory=dict)
    """A part of a text, by gateway."""

    def priced(self, result: Result, provider: str, parts: int) -> Result:
        """The result with what it costs, where anybody knows; also where no answer came: a receipt or a question may
        still prove the message, and then nobody knows its parts any more."""
        if result.verdict not in _PRICED or result.cost_vnd is not None:
            return result
        return replace(result, cost_vnd=self.of(provider, parts))

    def of(self, provider: str, parts: int) -> int | None:
        """By the price list; None: nobody knows."""
        if provider == "zalo":
            return self.zalo
        part = self.sms.get(provider)
        return None if part is None else part * max(1, parts)


@dataclass(frozen=True)
class Spending:
    """What messages of one gateway cost."""

    provider: str
    messages: int = 0
    parts: int = 0
    vnd: int = 0
    unpriced: int = 0
    """Messages whose price nobody knows."""

    def less(self, other: Spending) -> Spending:
        """What was added since the other."""
        return Spending(
            self.provider,
            self.messages - other.messages,
            self.parts - other.parts,
            self.vnd - other.vnd,
            self.unpriced - other.unpriced,
        )


def spendings(before: Notice | None, after: Notice) -> Iterator[Spending]:
    """What one change of a notice added to its cost. A message costs once, however often its gateway was called; its
    price may become known later than that it was taken."""
    for attempt in after.attempts:
        known = before.attempt(attempt.id) if before is not None else None
        earlier = Spending(attempt.provider) if known is None else _cost_of(known)
        added = _cost_of(attempt).less(earlier)
        if added != Spending(attempt.provider):
            yield added


def was_taken(attempt: Attempt) -> bool:
    """Whether its gateway has or had the message for sure."""
    reported = attempt.delivered_at is not None or attempt.failed_at is not None
    return attempt.result in TAKEN or attempt.provider_id != "" or reported


def cost_of(attempt: Attempt) -> int | None:
    """What it cost; None: nobody knows, or it was perhaps never taken."""
    return attempt.cost_vnd if was_taken(attempt) else None


def _cost_of(attempt: Attempt) -> Spending:
    if not was_taken(attempt):
        return Spending(attempt.provider)
    vnd = attempt.cost_vnd
    return Spending(attempt.provider, 1, attempt.parts, vnd or 0, int(vnd is None))


@dataclass(frozen=True)
class Caps:
    """Most that may be spent in a day, in đồng."""

    day: int | None = None
    counter: int | None = None

    @property
    def any(self) -> bool:
        return self.day is not None or self.counter is not None


@dataclass(frozen=True)
class Spent:
    """What a day has cost so far."""

    day: date
    by_counter: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.by_counter.values())


def cap_reached(spent: Spent, caps: Caps, counter: str, kind: NoticeKind | None, now: datetime) -> str | None:
    """Which cap holds a notice back: `day` or `counter`. Yesterday's sums hold nothing back."""
    if kind in NOT_CAPPED or day_of(now) != spent.day:
        return None
    if caps.day is not None and spent.total >= caps.day:
        return "day"
    return "counter" if caps.counter is not None and spent.by_counter.get(counter, 0) >= caps.counter else None


def day_of(moment: datetime) -> date:
    """The day in Viet Nam."""
    return moment.astimezone(VIETNAM).date()
