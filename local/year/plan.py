"""What happened in the year, made from a seed: 33,109 one-stop and 3,519 interlinked dossiers at 17 counters.

The same seed gives the same year, dossier by dossier, so a replay that was broken off goes on where it was.
"""

from __future__ import annotations

import itertools
import random
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from contracts.types import Timeliness
from local.samples.load import read_samples
from local.year.catalogue import COMMUNE, DISTRICT, Kind, kinds
from services.kit import worktime
from services.kit.clock import VIETNAM

YEAR = 2018
ONE_STOP, INTERLINKED = 33_109, 3_519
EARLY, OPEN = 4_641, 7
"""So many before their date, so many not resolved when the year ended; all others on their date, none late."""
SEED = 2018
_DISTRICT_SHARE = 0.45
_SOON = timedelta(minutes=20)
"""So long the least takes."""
_LONGEST_UNCOLLECTED = 6
"""Working days until the citizen comes for the result."""


@dataclass(frozen=True)
class Life:
    """One dossier from its receipt to its end."""

    number: int
    """From 1, in the order of receipt."""
    code: str
    counter: str
    procedure: Kind
    received_at: datetime
    due_at: datetime
    resolved_at: datetime | None = None
    returned_at: datetime | None = None
    """None: nobody had come for it when the year ended."""

    @property
    def reference(self) -> str:
        return f"so-{YEAR}-{self.number:06d}"

    @property
    def timeliness(self) -> Timeliness | None:
        return None if self.resolved_at is None else Timeliness(worktime.outcome(self.resolved_at, self.due_at).value)

    def moment(self, part: float) -> datetime:
        """A moment of work on it, 0 to 1 of the way to its result."""
        assert self.resolved_at is not None
        moment = self.received_at + (self.resolved_at - self.received_at) * part
        return CALENDAR.next_working_moment(moment.replace(microsecond=0)) if part < 1 else self.resolved_at


CALENDAR = worktime.calendar_for(worktime.NATIONAL_TABLE, "")
"""As nobody has published rows of their own."""


@dataclass(frozen=True)
class Year:
    """The year, or a part of it."""

    procedures: tuple[Kind, ...]
    lives: tuple[Life, ...]

    @cached_property
    def by_code(self) -> dict[str, Life]:
        return {life.code: life for life in self.lives}

    @cached_property
    def expected(self) -> Counter[Timeliness | None]:
        """By timeliness; None: still open."""
        return Counter(life.timeliness for life in self.lives)


def plan_year(days: int | None = None, scale: float = 1.0, seed: int = SEED) -> Year:
    """Make the year.

    Args:
        days: only what was received on the first so many working days.
        scale: only this part of it, at most 1.
    """
    chance = random.Random(seed)
    procedures = kinds(chance)
    working = _working_days()
    lives = _fates(chance, _numbered(_received(chance, procedures, working)), working)
    last = working[min(days or len(working), len(working)) - 1]
    kept = [life for life in lives if _day(life.received_at) <= last]
    return Year(procedures, tuple(life for life in kept if int(life.number * scale) > int((life.number - 1) * scale)))


def _working_days() -> list[date]:
    every = (date(YEAR, 1, 1) + timedelta(days=n) for n in range(365))
    return [day for day in every if CALENDAR.is_working_day(day)]


def _day(moment: datetime) -> date:
    return moment.astimezone(VIETNAM).date()


def _moment_on(chance: random.Random, day: date) -> datetime:
    """A moment within the hours of work, to the second, some time before they end."""
    windows = CALENDAR.working_windows(day)
    begin, end = chance.choices(windows, [(end - begin).total_seconds() for begin, end in windows])[0]
    return begin + timedelta(seconds=chance.randrange(int((end - begin - _SOON).total_seconds())))


def _received(chance: random.Random, procedures: Sequence[Kind], working: Sequence[date]) -> Iterator[Life]:
    """In the order of receipt, without numbers and codes."""
    counters = read_samples().counter_codes
    desk, communes = counters[0], counters[1:]
    wanted = {(kind, level): _often(procedures, interlinked=kind, level=level)
              for kind in (False, True) for level in (DISTRICT, COMMUNE)}  # fmt: skip
    busy = [chance.uniform(0.6, 1.4) * (1.25 if day.weekday() == 0 else 1.0) for day in working]
    sorts = [False] * ONE_STOP + [True] * INTERLINKED
    moments = sorted(_moment_on(chance, day) for day in chance.choices(working, busy, k=len(sorts)))
    chance.shuffle(sorts)
    crowds = [chance.uniform(0.5, 1.5) for _ in communes]
    for interlinked, at in zip(sorts, moments, strict=True):
        level = DISTRICT if chance.random() < _DISTRICT_SHARE else COMMUNE
        counter = desk if level == DISTRICT else chance.choices(communes, crowds)[0]
        found, weights = wanted[interlinked, level]
        kind = chance.choices(found, cum_weights=weights)[0]
        yield Life(0, "", counter, kind, at, worktime.due(at, kind.limit, CALENDAR).due_at)


def _often(procedures: Sequence[Kind], *, interlinked: bool, level: str) -> tuple[list[Kind], list[float]]:
    """The procedures of a sort with how often each is wanted, added up: some very often, most hardly ever."""
    found = [kind for kind in procedures if kind.interlinked == interlinked and kind.level == level]
    return found, list(itertools.accumulate(1 / (place + 2) for place in range(len(found))))


def _numbered(lives: Iterator[Life]) -> list[Life]:
    series: defaultdict[str, int] = defaultdict(int)
    found = []
    for number, life in enumerate(lives, start=1):
        day = f"{life.counter}-{_day(life.received_at):%y%m%d}"
        series[day] += 1
        found.append(replace(life, number=number, code=f"{day}-{series[day]:04d}"))
    return found


def _fates(chance: random.Random, lives: list[Life], working: Sequence[date]) -> list[Life]:
    """When each was resolved and collected."""
    end = working[-1]
    beyond = [place for place, life in enumerate(lives) if _day(life.due_at) > end]
    left_open = set(beyond[-OPEN:])
    hurried = {place for place in beyond if place not in left_open}
    at_leisure = [n for n, life in enumerate(lives) if n not in hurried and n not in left_open and _can_be_early(life)]
    early = hurried | set(chance.sample(at_leisure, EARLY - len(hurried)))
    return [
        life if place in left_open else _ended(chance, life, working, early=place in early)
        for place, life in enumerate(lives)
    ]


def _can_be_early(life: Life) -> bool:
    return _day(life.due_at) > _day(life.received_at)


def _ended(chance: random.Random, life: Life, working: Sequence[date], *, early: bool) -> Life:
    if early:
        first = bisect_right(working, _day(life.received_at)) - 1
        last = min(bisect_right(working, _day(life.due_at) - timedelta(days=1)), len(working)) - 1
        day = working[chance.randint(first, last)]
    else:
        day = _day(life.due_at)
    resolved = _after(life.received_at, _moment_on(chance, day))
    if not early:
        resolved = min(resolved, life.due_at)
    place = bisect_right(working, day) - 1 + chance.randrange(_LONGEST_UNCOLLECTED)
    if place >= len(working):
        return replace(life, resolved_at=resolved)
    return replace(life, resolved_at=resolved, returned_at=_after(resolved, _moment_on(chance, working[place])))


def _after(before: datetime, moment: datetime) -> datetime:
    """Not before the other; on the same day soon after it."""
    return max(moment, before + _SOON / 2)
