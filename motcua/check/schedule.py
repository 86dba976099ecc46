"""When the incremental check looks again at what nobody tells news of: at once while something is wrong with it or on
its way; later where time alone makes something wrong (a notice that ends, a filing that must be answered)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contracts.topics import COUNTER_INTAKE
from motcua.check.facts import Command, Facts
from motcua.check.fences import Fences
from motcua.check.findings import Report
from motcua.check.life import LONGEST_LOOK
from motcua.check.log import is_missing
from motcua.check.told import FINAL_NOTICES
from motcua.check.trails import Trail, of_record, trail_id
from services.intake.domain.numbering import parts

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
KEPT = timedelta(days=45)
"""Answers and commands, which grow without end: longer than Kafka has their records."""


def complete(trails: dict[str, Trail], facts: Facts) -> None:
    """Put into the trails what was learnt beside the journal rows."""

    def trail(id: str) -> Trail:
        return trails.setdefault(id, Trail())

    for record in facts.strays.values():
        trail(of_record(record)).strays[record.id] = record
    for place in _unreadable_journals(facts):
        trail(trail_id("outbox", place))
    for id, command in facts.commands.items():
        trail(trail_id("command", id)).command = command
    states = (about for place, (about, _) in facts.unreadable.items() if "/outbox/" not in place)
    for code in {*facts.dossiers, *facts.cases, *states, *(notice["code"] for notice in facts.notices.values())}:
        trail(trail_id("dossier", code))
    have = {unit: set(numbers) for unit, numbers in facts.numbered.items()}
    for code in facts.dossiers:
        unit, number = parts(code)
        have.setdefault(unit, set()).add(number)
    for unit in have.keys() | facts.numbers.keys():
        trail(trail_id("series", unit)).have = have.get(unit, set())


@dataclass(frozen=True)
class Schedule:
    """What decides when to look again."""

    wrong: frozenset[str]
    """What a finding is about, or of which news is on its way."""
    times: Mapping[str, datetime]
    """By dossier, when time alone may make something wrong."""
    with_states: frozenset[str] | None
    """Dossiers whose states were read; None: all."""
    unreadable: frozenset[str]
    now: datetime
    answers_began_ms: int | None
    fences: Fences
    log_read: bool
    """Whether the event log was ever read: before, nothing is missing from it."""

    @classmethod
    def of(
        cls, facts: Facts, report: Report, on_the_way: set[str], with_states: set[str] | None, now: datetime,
        grace: timedelta, log_read: bool,
    ) -> Schedule:  # fmt: skip
        return cls(
            frozenset({finding.concerns for finding in report.findings} | on_the_way),
            _times(facts, grace),
            None if with_states is None else frozenset(with_states),
            frozenset(_unreadable_journals(facts)),
            now,
            facts.answers_began_ms,
            facts.fences,
            log_read,
        )

    def apply(self, trails: Mapping[str, Trail]) -> set[str]:
        """Set each trail's time. Returns: those that need not be remembered any more."""
        over = set()
        for id, trail in trails.items():
            trail.waits = self._waits_for(trail)
            trail.look_at, ends = self._next(id, trail)
            if ends:
                over.add(id)
        return over

    def _next(self, id: str, trail: Trail) -> tuple[datetime | None, bool]:
        of, _, name = id.partition("/")
        unseen = any(row.pending or (self.log_read and is_missing(row, self.now)) for row in trail.rows.values())
        at_once = name in self.wrong or unseen or bool(trail.strays)
        if of == "dossier":
            unsure = self.with_states is not None and name not in self.with_states
            return (AT_ONCE, False) if at_once or unsure else (self.times.get(name), False)
        if of == "series":
            return (AT_ONCE if at_once else None), False
        if of == "outbox":
            return AT_ONCE, name not in self.unreadable
        if of == "command":
            last_ms = max((trail.command or Command()).sent_ms.values(), default=None)
            at_once = at_once or self._waits(trail.command or Command())
            began = self.now if last_ms is None else datetime.fromtimestamp(last_ms / 1000, UTC)
        else:
            began = max((row.created_at for row in trail.rows.values()), default=self.now)
        until = began + KEPT
        return (AT_ONCE if at_once else until), until <= self.now and not trail.strays

    def _waits(self, command: Command) -> bool:
        began = self.answers_began_ms
        asked = [s for s, ms in command.sent_ms.items() if (began is None or ms >= began) and s not in command.at]
        return len(command.answers) < len(asked)

    def _waits_for(self, trail: Trail) -> tuple[str, ...]:
        """Consumers that have not come to something of it; where all have, the place is forgotten."""
        found: set[str] = set()
        for row in trail.rows.values():
            waits = set(self.fences.waits(row.topic, row.at))
            row.at = row.at if waits else None
            found |= waits
        if trail.command is not None:
            for source, at in list(trail.command.at.items()):
                waits = set(self.fences.waits(COUNTER_INTAKE.name, at))
                found |= waits
                if not waits:
                    del trail.command.at[source]
        return tuple(sorted(found))


def _times(facts: Facts, grace: timedelta) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for code, dossier in facts.dossiers.items():
        due = dossier.get("answer_due_at")
        if dossier["status"] == "registered" and not dossier.get("overdue_told") and due is not None:
            found[code] = due + LONGEST_LOOK
    for notice in facts.notices.values():
        if notice["state"] not in FINAL_NOTICES:
            ends, code = notice["expires_at"] + grace, notice["code"]
            found[code] = min(ends, found.get(code, ends))
    return found


def _unreadable_journals(facts: Facts) -> list[str]:
    """`service/id` of each outbox document."""
    split = (place.split("/", 2) for place in facts.unreadable)
    return [f"{words[0]}/{words[2]}" for words in split if len(words) == 3 and words[1] == "outbox"]
