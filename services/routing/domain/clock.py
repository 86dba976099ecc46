"""The clock of a dossier: what started, stopped and moved it, and every promise that came of it.

A due date is derived, never typed over. Each change is a tick; each due date that a citizen was given is a promise
with the reasons for it. The first promise stays for ever beside the current one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Protocol

from contracts.events.base import TrailLine
from contracts.types import DueCause, LimitUnit, StopKind, Timeliness

MOST_LINES = 120
"""Of one promise, as the contract has it."""


@dataclass(frozen=True)
class Limit:
    """Thời hạn giải quyết as promised."""

    value: float
    unit: LimitUnit


@dataclass(frozen=True)
class Line:
    """One step of how a due date came about."""

    kind: str
    at: datetime
    text: str
    legal_basis: str | None = None


@dataclass(frozen=True)
class Due:
    """A due date with its reasons."""

    at: datetime
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Promise:
    """A due date that was given to the citizen."""

    cause: DueCause
    at: datetime
    """When it was given."""
    due_at: datetime
    trail: tuple[Line, ...] = ()


class TickKind(StrEnum):
    """What happened to the clock."""

    STARTED = "started"
    """Counted from here, from zero."""
    STOPPED = "stopped"
    RESUMED = "resumed"
    EXTENDED = "extended"


@dataclass(frozen=True)
class Tick:
    """One change of the clock."""

    kind: TickKind
    at: datetime
    due_at: datetime | None = None
    """Of an extension: the new date."""
    stop: StopKind | None = None
    legal_basis: str | None = None


@dataclass(frozen=True)
class Stop:
    """The clock stands still."""

    kind: StopKind
    since: datetime
    step: int
    """Whose agency stopped it."""
    legal_basis: str | None = None


class Reckoning(Protocol):
    """Counting on the calendar of one unit."""

    def due(self, since: datetime, limit: Limit) -> Due:
        """When a limit that is counted from `since` ends."""

    def resumed(
        self, due_at: datetime, stopped_at: datetime, resumed_at: datetime, limit: Limit, basis: str | None
    ) -> Due:
        """The due date after a stop whose time does not count; never earlier than before."""

    def extended(self, due_at: datetime, at: datetime) -> Due:
        """A new date that a head of agency signed for; on a day off it moves on (BLDS 2015 Art 148.5)."""

    def parts(self, start: datetime, due_at: datetime, parts: Sequence[Fraction]) -> list[datetime]:
        """Moments at which these parts (0 to 1) of the working time between are over."""

    def later(self, at: datetime, hours: float) -> datetime:
        """Working hours after a moment."""

    def earlier(self, at: datetime, hours: float) -> datetime:
        """Working hours before a moment."""

    def minutes(self, start: datetime, end: datetime) -> int:
        """Working minutes between two moments."""

    def timeliness(self, finished_at: datetime, due_at: datetime) -> Timeliness:
        """By date in Viet Nam."""


def derive(clock: Sequence[Tick], limit: Limit, reckoning: Reckoning) -> Due:
    """The due date that these ticks lead to: the one method, for new promises and for counting anew.

    Time from a `stopped` without its `resumed` is not counted yet: the due date is the one before the stop.
    """
    found = Due(clock[0].at)
    stopped: Tick | None = None
    for tick in clock:
        match tick.kind:
            case TickKind.STARTED:
                found, stopped = reckoning.due(tick.at, limit), None
            case TickKind.STOPPED:
                stopped = tick
            case TickKind.RESUMED if stopped is not None:
                after = reckoning.resumed(found.at, stopped.at, tick.at, limit, stopped.legal_basis)
                found, stopped = Due(after.at, (*without_end(found.lines), *after.lines)), None
            case TickKind.EXTENDED if tick.due_at is not None:
                after = reckoning.extended(tick.due_at, tick.at)
                found = Due(after.at, (*without_end(found.lines), *after.lines))
    return found


def without_end(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines that led to a due date which did not stay."""
    return tuple(line for line in lines if line.kind != "due")


def told(lines: Sequence[Line]) -> tuple[TrailLine, ...]:
    """The lines as they travel; of a long story the beginning and the end."""
    if len(lines) > MOST_LINES:
        lines = (*lines[: MOST_LINES - 20], *lines[-20:])
    return tuple(TrailLine(kind=line.kind, at=line.at, text=line.text, legal_basis=line.legal_basis) for line in lines)


def kept(lines: Sequence[TrailLine]) -> tuple[Line, ...]:
    """The lines of an event as they are stored."""
    return tuple(Line(line.kind, line.at, line.text, line.legal_basis) for line in lines)
