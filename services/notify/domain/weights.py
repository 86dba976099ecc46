"""Which SMS gateway takes how many of the texts: points that sum to a hundred, and how they move.

As GOV.UK Notify does it: a gateway in trouble loses ten points at a time to those that work, and gets them back slowly
when nothing happened for a while. One with nothing left is still the last choice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.notify.domain.results import Verdict

ALL = 100
STEP = 10
ALMOST = 1 - 1e-9
ERRORS = frozenset(
    {Verdict.NO_ANSWER, Verdict.TRANSIENT, Verdict.THROTTLED, Verdict.CONFIGURATION, Verdict.BILLING},
)
"""Answers that speak against the gateway, not against the phone or the message."""
ERRORS_AT_LEAST = 5
ERRORS_SHARE = 0.25
SLOW_AT_LEAST = 5
SLOW_SHARE = 0.15
SLOW_AFTER = timedelta(minutes=5)
"""A receipt that takes longer, or has not come by then, is slow."""
REST_AFTER_ERRORS = timedelta(minutes=1)
REST_AFTER_SLOW = timedelta(minutes=5)
"""How long points stay as they are after they moved: what was moved must first show."""
UNTOUCHED = timedelta(minutes=15)
BACK_EVERY = timedelta(minutes=5)


class Why(StrEnum):
    """Why the points of a gateway moved."""

    ERRORS = "errors"
    SLOW = "slow"
    RELIEF = "relief"
    """It took over what another one lost."""
    BACK = "back"
    """Nothing happened for a while."""


@dataclass(frozen=True)
class Shift:
    """The last time that points of a gateway moved."""

    at: datetime
    why: Why


@dataclass(frozen=True)
class Weights:
    """Points by gateway. Their sum never changes, so at least one keeps a chance."""

    points: Mapping[str, int]
    resting: Mapping[str, int]
    """Where they go when nothing happens."""
    shifts: Mapping[str, Shift] = field(default_factory=dict)

    def away(self, sick: Collection[str], now: datetime, why: Why) -> Weights:
        """Those in trouble lose points to the others; when all are in trouble nobody is better."""
        rest = REST_AFTER_SLOW if why is Why.SLOW else REST_AFTER_ERRORS
        well = [name for name in self.points if name not in sick]
        losing = {name: min(STEP, self.points[name]) for name in sick if self._may_lose(name, now, rest)}
        if not well or not losing:
            return self
        gained = _even(sum(losing.values()), sorted(well, key=lambda name: (-self.resting[name], name)))
        moved = {name: -lost for name, lost in losing.items()} | {name: n for name, n in gained.items() if n}
        marks = {name: Shift(now, why if name in losing else Why.RELIEF) for name in moved}
        return self._moved(moved, marks)

    def back(self, now: datetime) -> Weights:
        """A step towards the resting points, unless something happened lately."""
        touched = [shift.at for shift in self.shifts.values() if shift.why is not Why.BACK]
        stepped = [shift.at for shift in self.shifts.values()]
        if any(now - at < UNTOUCHED for at in touched) or any(now - at < BACK_EVERY for at in stepped):
            return self
        missing = {name: self.resting[name] - self.points[name] for name in sorted(self.points)}
        moved = {name: min(STEP, lacks) for name, lacks in missing.items() if lacks > 0}
        owed = sum(moved.values())
        for name in sorted(missing, key=lambda name: (missing[name], name)):
            given = min(owed, max(0, -missing[name]))
            if given:
                moved[name], owed = -given, owed - given
        return self._moved(moved, {name: Shift(now, Why.BACK) for name in moved})

    def order(self, dice: float) -> list[str]:
        """All gateways for one message, drawn by points; those without any come last.

        Args:
            dice: 0 to 1 (not included), drawn outside.
        """
        left = {name: self.points[name] for name in sorted(self.points, key=lambda n: (-self.resting[n], n))}
        drawn: list[str] = []
        while total := sum(left.values()):
            winner, dice = _drawn(left, dice * total)
            drawn.append(winner)
            del left[winner]
        return [*drawn, *left]

    def _may_lose(self, name: str, now: datetime, rest: timedelta) -> bool:
        shift = self.shifts.get(name)
        return self.points.get(name, 0) > 0 and (shift is None or now - shift.at >= rest)

    def _moved(self, moved: Mapping[str, int], marks: Mapping[str, Shift]) -> Weights:
        points = {name: points + moved.get(name, 0) for name, points in self.points.items()}
        return Weights(points, self.resting, {**self.shifts, **marks}) if moved else self


def at_rest(resting: Mapping[str, int]) -> Weights:
    """As it begins."""
    return Weights(dict(resting), dict(resting))


def resting_points(wanted: Mapping[str, int], providers: Iterable[str]) -> dict[str, int]:
    """What each gateway that is set up has at rest: the wanted shares, to a hundred; those not named only stand by.

    When none of them is named all are alike.
    """
    names = sorted(set(providers))
    shares = {name: max(0, wanted.get(name, 0)) for name in names}
    if not sum(shares.values()):
        shares = dict.fromkeys(names, 1)
    total = sum(shares.values())
    points = {name: ALL * share // total for name, share in shares.items()}
    by_rest = sorted(names, key=lambda name: (-(ALL * shares[name] % total), name))
    for name in by_rest[: ALL - sum(points.values())]:
        points[name] += 1
    return points


def is_failing(calls: int, errors: int, in_a_row: int) -> bool:
    """Whether a gateway is in trouble, by its calls of the last minute; or by the last calls of all, where few are
    made: a commune sends less than one a minute."""
    return in_a_row >= ERRORS_AT_LEAST or (errors >= ERRORS_AT_LEAST and errors >= ERRORS_SHARE * calls)


def is_slow(taken: int, slow: int) -> bool:
    """Whether a gateway brings too many texts too late, by those it took in the last quarter of an hour."""
    return slow >= SLOW_AT_LEAST and slow >= SLOW_SHARE * taken


def _drawn(points: Mapping[str, int], place: float) -> tuple[str, float]:
    """Whose share the place lies in, and where in it: as even a draw as the place itself was."""
    for name, share in points.items():
        if place < share:
            return name, min(place / share, ALMOST)
        place -= share
    return max(points, key=lambda name: points[name]), ALMOST  # rounding went over the edge


def _even(amount: int, names: Collection[str]) -> dict[str, int]:
    """Shares that differ by one at most; the first names get more."""
    each, more = divmod(amount, len(names))
    return {name: each + (place < more) for place, name in enumerate(names)}
