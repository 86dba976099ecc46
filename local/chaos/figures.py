"""What a run of chaos came to, as data: what was done to the system, how long it needed, what the checker says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Strike:
    """One fault that was injected."""

    fault: str
    words: str
    detail: str
    """On what and how, for whoever repeats it by hand."""
    held_s: float
    """How long it lasted; next to nothing for a kill."""
    recovery_s: float | None
    """From its end until the road flowed again; None: not in the time that was given."""


@dataclass(frozen=True)
class Tally:
    """All strikes of one fault."""

    fault: str
    words: str
    count: int
    median_s: float | None
    worst_s: float | None
    not_recovered: int


def tallies(strikes: Iterable[Strike]) -> list[Tally]:
    """By fault, in the order of their first strike."""
    grouped: dict[str, list[Strike]] = defaultdict(list)
    for strike in strikes:
        grouped[strike.fault].append(strike)
    found = []
    for fault, all_of_it in grouped.items():
        times = [one.recovery_s for one in all_of_it if one.recovery_s is not None]
        mid, worst = (median(times), max(times)) if times else (None, None)
        found.append(Tally(fault, all_of_it[0].words, len(all_of_it), mid, worst, len(all_of_it) - len(times)))
    return found


@dataclass(frozen=True)
class Loaded:
    """What the load came to, as the drivers saw it."""

    wanted_per_s: float
    seconds: float
    answered: int
    """Registrations whose receipt a clerk has."""
    repeats: int
    """Requests that were sent again with the same key."""
    longest_line: int
    """Most citizens who waited for a free clerk at the same time; they were served when it went on."""
    refused: Mapping[str, int]
    """Answers that no repeat changes, by slug; none are expected."""

    @property
    def per_s(self) -> float:
        return self.answered / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Verdict:
    """What was promised against what is there, when everything has come to rest."""

    checked: Mapping[str, Any]
    """The checker's report."""
    answered: int
    stored: int
    not_stored: tuple[str, ...] = ()
    """Codes on receipts that the database does not have."""
    not_asked_for: int = 0
    """Dossiers that nobody has a receipt of."""
    restless: str = ""
    """What had not come to rest in the time that was given; empty: everything had."""
    unburied: tuple[str, ...] = ()
    """Unreadable records that are no dead letter of a service that reads their topic, `<service>/<key>`."""

    @property
    def lost(self) -> int:
        return int(self.checked["counts"]["lost"]) + len(self.not_stored) + len(self.unburied)

    @property
    def duplicated(self) -> int:
        return int(self.checked["counts"]["duplicated"]) + self.not_asked_for

    @property
    def stuck(self) -> int:
        return int(self.checked["counts"]["stuck"]) + bool(self.restless)

    @property
    def others(self) -> dict[str, int]:
        """Orphans, order, statistics."""
        named = {"lost", "duplicated", "stuck"}
        return {kind: number for kind, number in self.checked["counts"].items() if kind not in named}

    @property
    def good(self) -> bool:
        return not (self.lost or self.duplicated or self.stuck or any(self.others.values()))

    def as_dict(self) -> dict[str, Any]:
        counts = {"lost": self.lost, "duplicated": self.duplicated, "stuck": self.stuck, **self.others}
        return {**asdict(self), "good": self.good, "counts": counts}


@dataclass(frozen=True)
class Storm:
    """A run with many faults."""

    seed: int
    engines: str
    load: Loaded
    strikes: tuple[Strike, ...]
    skipped: Mapping[str, str]
    """Faults that these engines cannot have, and why."""
    missed: Mapping[str, int]
    """Faults that lay in wait at a point that nothing passed, and how often."""
    poison: int
    """Records that nobody can read, put among the others."""
    verdict: Verdict

    @property
    def good(self) -> bool:
        recovered = all(strike.recovery_s is not None for strike in self.strikes)
        return bool(self.strikes) and recovered and not self.load.refused and self.verdict.good

    def as_dict(self) -> dict[str, Any]:
        return {
            "good": self.good,
            "seed": self.seed,
            "engines": self.engines,
            "load": {**asdict(self.load), "per_s": self.load.per_s},
            "faults": [asdict(tally) for tally in tallies(self.strikes)],
            "strikes": [asdict(strike) for strike in self.strikes],
            "skipped": dict(self.skipped),
            "missed": dict(self.missed),
            "poison": self.poison,
            "verdict": self.verdict.as_dict(),
        }


@dataclass(frozen=True)
class Rung:
    """One outage of one engine under load."""

    engine: str
    how: str
    """`kill` or `cut`."""
    outage_s: float
    """From the strike until the engine answered again, measured."""
    wanted_s: float
    load: Loaded
    during: int
    """Registrations answered while it was away."""
    recovery_s: float | None
    """From the engine's first answer until nothing waited anywhere; None: not in the time that was given."""
    verdict: Verdict

    @property
    def good(self) -> bool:
        return self.recovery_s is not None and not self.load.refused and self.verdict.good

    def as_dict(self) -> dict[str, Any]:
        load = {**asdict(self.load), "per_s": self.load.per_s}
        return {**asdict(self), "good": self.good, "load": load, "verdict": self.verdict.as_dict()}


@dataclass(frozen=True)
class Ladder:
    """Outages, each on a fresh installation."""

    engines: str
    rungs: tuple[Rung, ...] = field(default=())

    @property
    def good(self) -> bool:
        return bool(self.rungs) and all(rung.good for rung in self.rungs)

    def as_dict(self) -> dict[str, Any]:
        return {"good": self.good, "engines": self.engines, "rungs": [rung.as_dict() for rung in self.rungs]}
