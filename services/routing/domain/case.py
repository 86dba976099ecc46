"""The case: a dossier's way through the agencies, and the one table of what its agency may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.types import Mechanism, Outcome, Timeliness
from services.routing.domain.workflow import Turn


class CaseState(StrEnum):
    """Where the case as a whole is."""

    OPEN = "open"
    SUPPLEMENT = "supplement"
    """Waiting for the citizen; the clock stands still."""
    UNPLACED = "unplaced"
    """Declined, and no agency above to take it: an operator must place it."""
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


class StepState(StrEnum):
    """Where one agency's turn is."""

    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DONE = "done"


class Action(StrEnum):
    """What an agency can do with the current step."""

    ACCEPT = "accept"
    DECLINE = "decline"
    COMPLETE = "complete"
    REQUEST_SUPPLEMENT = "request-supplement"
    EXTEND = "extend"


ALLOWED: Mapping[tuple[CaseState, StepState], frozenset[Action]] = {
    (CaseState.OPEN, StepState.OFFERED): frozenset({Action.ACCEPT, Action.DECLINE, Action.EXTEND}),
    (CaseState.OPEN, StepState.ACCEPTED): frozenset({Action.COMPLETE, Action.REQUEST_SUPPLEMENT, Action.EXTEND}),
}
"""The transition table: every pair that is not named allows nothing."""


@dataclass(frozen=True)
class Step:
    """One agency's turn in a case."""

    agency: str
    due_at: datetime
    state: StepState = StepState.WAITING
    offered_at: datetime | None = None
    accepted_at: datetime | None = None
    done_at: datetime | None = None
    declined_by: tuple[str, ...] = ()
    share: float = 1.0


@dataclass(frozen=True)
class Case:
    """Everything routing knows of one dossier; nothing personal."""

    code: str
    procedure_code: str
    procedure_version: int
    mechanism: Mechanism
    channel: str
    counter: str
    received_at: datetime
    due_at: datetime
    first_due_at: datetime
    steps: tuple[Step, ...]
    state: CaseState = CaseState.OPEN
    current: int = 1
    """Number of the step whose turn it is, from 1."""
    supplements: int = 0
    extended: bool = False
    late_notice: bool = False
    """The new date was announced less than a day before the old one (NĐ 61/2018 Art 19.9)."""
    outcome: Outcome | None = None
    timeliness: Timeliness | None = None
    resolved_at: datetime | None = None
    backfill: bool = False

    @property
    def step(self) -> Step:
        return self.steps[self.current - 1]

    def allowed(self, *, supervisor: bool = False) -> frozenset[Action]:
        """What the agency of the current step may do now.

        Args:
            supervisor: may ask for papers a second time, with a legal basis.
        """
        actions = ALLOWED.get((self.state, self.step.state), frozenset())
        if self.extended:
            actions -= {Action.EXTEND}
        if self.supplements and not supervisor:
            actions -= {Action.REQUEST_SUPPLEMENT}
        return actions


def plan(turns: Sequence[Turn], dues: Sequence[datetime]) -> tuple[Step, ...]:
    """Steps of a new case: each turn with its own due time."""
    return tuple(Step(turn.agency, due, share=turn.share) for turn, due in zip(turns, dues, strict=True))


@dataclass(frozen=True)
class Wanted:
    """What a request for papers says."""

    reason: str
    items: tuple[str, ...]
    legal_basis: str | None = None
