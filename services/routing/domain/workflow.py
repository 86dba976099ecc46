"""The workflow of a procedure version (quy trình nội bộ): who acts, after whom, with which share of the limit."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from contracts.problems import NotYet
from contracts.types import LimitUnit, Mechanism
from services.routing.domain.directory import Directory, unit_of


@dataclass(frozen=True)
class Guard:
    """When a step takes part. An empty list allows everything; a step that does not take part is left out, and what
    comes after it comes after those before it. Where any branch or a quorum is enough, no join has a guard: what comes
    after it could not say what it needs of those before it (the reader of workflow files refuses it)."""

    channels: tuple[str, ...] = ()
    """`counter`, `online`, `post`."""
    units: tuple[str, ...] = ()
    """Codes of units whose desks (they and all below) received it."""
    cases: tuple[str, ...] = ()
    """Published cases (trường hợp)."""

    def holds(self, channel: str, counter: str, case: str | None) -> bool:
        here = not self.units or any(counter == unit or counter.startswith(f"{unit}.") for unit in self.units)
        cases = {plain_case(known) for known in self.cases}
        falls_under = not cases or (case is not None and plain_case(case) in cases)
        return here and falls_under and (not self.channels or channel in self.channels)


def plain_case(case: str) -> str:
    """A case as it is compared: spelling that nobody sees or means makes no difference."""
    return " ".join(unicodedata.normalize("NFC", case).casefold().split())


@dataclass(frozen=True)
class WorkflowStep:
    """One agency's turn. Steps are numbered from 1 in the order in which the workflow lists them."""

    agency_name: str
    """As published, and the directory says which agency that is for the receiving counter; or its code."""
    share: float
    """Part of the whole limit, 0 or more; only their proportions count."""
    name: str = ""
    """Tên bước."""
    role: str = ""
    """Vai trò: văn thư, chuyên viên, lãnh đạo ..."""
    after: tuple[int, ...] = ()
    """Numbers of the steps it follows, each smaller than its own; empty: it begins at once."""
    needs: int = 0
    """How many of `after` must be granted before it begins: 0 all of them, 1 any, else the quorum."""
    guard: Guard = Guard()
    accept_hours: float | None = None
    """Working hours within which its agency accepts or declines; None: as the policy says."""
    id: str = ""
    """What a workflow file calls it; empty: its number."""


@dataclass(frozen=True)
class StatedLimit:
    """A published limit (thời hạn giải quyết)."""

    value: float
    unit: LimitUnit
    channel: str | None = None
    """None: every channel that has no limit of its own."""
    case: str | None = None
    """None: every case that has no limit of its own."""


@dataclass(frozen=True)
class Workflow:
    """A case keeps the version it began with."""

    procedure_code: str
    version: int
    """Version of the procedure it belongs to."""
    mechanism: Mechanism
    steps: tuple[WorkflowStep, ...]
    field: str = ""
    """Lĩnh vực, for statistics."""
    revision: int = 0
    """0: derived from the catalogue; from 1 on: read from a workflow file, which replaces it for dossiers to come."""
    in_hours: bool = False
    """The shares are working hours of the limit, as the file states them."""
    name: str = ""
    """Of the procedure."""
    agencies: tuple[str, ...] = ()
    """As the catalogue publishes them."""
    limits: tuple[StatedLimit, ...] = ()

    def rests_on(self, other: Workflow) -> bool:
        """Whether the other is of a procedure with the same agencies and limits: the same process fits both."""
        return (self.mechanism, self.agencies, self.limits) == (other.mechanism, other.agencies, other.limits)


def derive(
    procedure_code: str, version: int, mechanism: Mechanism, agencies: tuple[str, ...], field: str = ""
) -> Workflow:
    """The default workflow: the catalogue's agencies in turn, equal shares of the limit."""
    steps = tuple(
        WorkflowStep(name, 1.0, after=(number - 1,) if number > 1 else ()) for number, name in enumerate(agencies, 1)
    )
    return Workflow(procedure_code, version, mechanism, steps, field, agencies=agencies)


@dataclass(frozen=True)
class Turn:
    """A workflow step with its agency found."""

    agency: str
    share: float
    after: tuple[int, ...] = ()
    needs: int = 0
    name: str = ""
    role: str = ""
    accept_hours: float | None = None


@dataclass(frozen=True)
class Arrival:
    """What decides about the turns of one dossier."""

    counter: str
    channel: str = "counter"
    case: str | None = None
    competent: str | None = None
    """Takes the first turn, and its unit decides who takes the others (phi địa giới)."""
    closed: bool = False
    """Resolved already, so nobody is handed anything: a unit that the directory does not know (any more; old registers
    name abolished ones) stands for the agency."""


def turns(workflow: Workflow, directory: Directory, arrival: Arrival) -> tuple[Turn, ...]:
    """Who acts on a dossier. A turn without name and role of its own is one with that of the same agency before it.

    Raises: NotYet `agency-unknown`: neither the named agency nor the unit is in the directory.
    """
    competent, codes = arrival.competent, directory.by_code()
    if competent is not None and competent not in codes and not arrival.closed:
        raise NotYet("agency-unknown", f"Danh mục cơ quan chưa có cơ quan {competent}.")
    unit = unit_of(arrival.counter) if competent is None else directory.unit_of_agency(competent)
    found: list[Turn] = []
    for step in taking_part(workflow.steps, arrival) or workflow.steps:
        stated = step.agency_name if step.agency_name in codes else directory.find(step.agency_name, unit)
        named = competent if not found and competent is not None else stated
        agency = named or directory.authority(unit) or (unit if arrival.closed else None)
        if agency is None:
            raise NotYet("agency-unknown", f"Danh mục cơ quan chưa có đơn vị của quầy {arrival.counter}.")
        found.append(Turn(agency, step.share, step.after, step.needs, step.name, step.role, step.accept_hours))
    return _merged(found)


def positions(turns: Sequence[Turn]) -> list[Fraction]:
    """Where in the whole limit each turn ends, 0 to 1: along the longest way that leads to it."""
    ends: list[Fraction] = []
    for turn in turns:
        begin = max((ends[number - 1] for number in turn.after), default=Fraction(0))
        # Through str: a float share of 0.1 must mean one tenth.
        ends.append(begin + Fraction(str(turn.share)))
    whole = max(ends, default=Fraction(0))
    return [end / whole if whole else Fraction(1) for end in ends]


def taking_part(steps: Sequence[WorkflowStep], arrival: Arrival) -> list[WorkflowStep]:
    """The steps whose guard holds, with `after` renumbered past those left out."""
    kept: list[WorkflowStep] = []
    earlier: list[frozenset[int]] = []
    """By kept step: all that come before it."""
    now: dict[int, tuple[int, ...]] = {}
    for number, step in enumerate(steps, start=1):
        before = {new for old in step.after for new in now[old]}
        # A branch that was left out is gone: the fork before it, which other branches lead to, does not stand for it.
        # A join of any branch would otherwise begin as soon as the fork is done.
        after = tuple(sorted(before.difference(*(earlier[new - 1] for new in before))))
        if not step.guard.holds(arrival.channel, arrival.counter, arrival.case):
            now[number] = after
            continue
        # A quorum that lost members to guards asks for all that are left at the most.
        kept.append(replace(step, after=after, needs=min(step.needs, len(after))))
        earlier.append(frozenset(after).union(*(earlier[new - 1] for new in after)))
        now[number] = (len(kept),)
    return kept


def _merged(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """One turn for neighbours in a row of the same agency."""
    followers = _followers(turns)
    kept: list[Turn] = []
    now: dict[int, int] = {}
    for number, turn in enumerate(turns, start=1):
        before = turn.after[0] if len(turn.after) == 1 else None
        alone = before is not None and followers[before] == 1 and turns[before - 1].agency == turn.agency
        if before is not None and alone and not (turn.name or turn.role):
            place = now[before]
            kept[place - 1] = replace(kept[place - 1], share=kept[place - 1].share + turn.share)
            now[number] = place
        else:
            kept.append(replace(turn, after=tuple(sorted(now[old] for old in turn.after))))
            now[number] = len(kept)
    return tuple(kept)


def _followers(turns: Sequence[Turn]) -> Mapping[int, int]:
    """By number of a turn: how many come after it."""
    return {number: sum(number in turn.after for turn in turns) for number in range(1, len(turns) + 1)}
