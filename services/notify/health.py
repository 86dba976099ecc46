"""How each gateway does: calls and errors of the last minutes, receipts that come late or not at all, quota left.

Counted in this process only. After a restart a few minutes are unknown, which costs nothing but those minutes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.kit.clock import Now
from services.notify.domain.costs import TAKEN
from services.notify.domain.results import Result
from services.notify.domain.weights import ERRORS, SLOW_AFTER, is_failing, is_slow

JUDGED_FOR = timedelta(hours=1)
"""A gateway that has brought no receipt for so long brings none (no callback is set up): it is not called slow."""
RUN_HOLDS = timedelta(minutes=15)
"""Errors in a row that lie further apart say nothing."""


@dataclass
class Window:
    """Sums of the last while, in slices that are forgotten one by one."""

    slice_s: int
    slices: int
    _sums: dict[int, Counter[str]] = field(default_factory=dict)

    def add(self, at: datetime, amounts: Mapping[str, int]) -> None:
        place = self._place(at)
        self._sums.setdefault(place, Counter()).update(amounts)
        for old in [known for known in self._sums if known <= place - self.slices]:
            del self._sums[old]

    def total(self, name: str, now: datetime, older: timedelta = timedelta(0)) -> int:
        """Args: older: leave out what is younger."""
        newest, first = self._place(now - older), self._place(now) - self.slices + 1
        return sum(sums[name] for place, sums in self._sums.items() if first <= place <= newest)

    def _place(self, at: datetime) -> int:
        return int(at.timestamp()) // self.slice_s


@dataclass
class Provider:
    """One gateway."""

    calls: Window = field(default_factory=lambda: Window(5, 12))
    """Of the last minute."""
    texts: Window = field(default_factory=lambda: Window(60, 16))
    """Of the last quarter of an hour."""
    in_a_row: int = 0
    """Errors, and nothing else, since the last other answer."""
    error_at: datetime | None = None
    quota_left: int | None = None
    receipt_at: datetime | None = None


@dataclass
class Health:
    """All gateways, by name."""

    now: Now
    providers: dict[str, Provider] = field(default_factory=lambda: defaultdict(Provider))

    def heed(self, provider: str, result: Result, seconds: float) -> None:
        """Take note of a call's outcome."""
        now, known = self.now(), self.providers[provider]
        error, taken = result.verdict in ERRORS, result.verdict in TAKEN
        if not error or (known.error_at is not None and now - known.error_at > RUN_HOLDS):
            known.in_a_row = 0
        if error:
            known.in_a_row, known.error_at = known.in_a_row + 1, now
        known.calls.add(now, {"calls": 1, "errors": int(error), "ms": round(seconds * 1000)})
        known.texts.add(now, {"calls": 1, "errors": int(error), "taken": int(taken)})
        if result.quota_left is not None:
            known.quota_left = result.quota_left

    def arrived(self, provider: str, waited: timedelta) -> None:
        """A receipt came, good or bad, so long after the text was handed over. It may come before the call's answer."""
        now, known = self.now(), self.providers[provider]
        known.receipt_at = now
        if waited <= SLOW_AFTER:
            known.texts.add(now - max(waited, timedelta(0)), {"in_time": 1})

    def quota(self, provider: str, left: int) -> None:
        """The gateway says how many it still takes today."""
        self.providers[provider].quota_left = left

    def forgive(self, provider: str) -> None:
        """What was so far has been acted upon."""
        self.providers[provider].in_a_row = 0

    def failing(self, provider: str) -> bool:
        now, known = self.now(), self.providers[provider]
        return is_failing(known.calls.total("calls", now), known.calls.total("errors", now), known.in_a_row)

    def slow(self, provider: str) -> bool:
        now, known = self.now(), self.providers[provider]
        if known.receipt_at is None or now - known.receipt_at > JUDGED_FOR:
            return False
        return is_slow(known.texts.total("taken", now), self.late(provider))

    def late(self, provider: str) -> int:
        """Texts of the last quarter of an hour whose receipt took more than five minutes, or is out for longer."""
        now, texts = self.now(), self.providers[provider].texts
        older = SLOW_AFTER + timedelta(seconds=texts.slice_s)
        return max(0, texts.total("taken", now, older) - texts.total("in_time", now, older))
