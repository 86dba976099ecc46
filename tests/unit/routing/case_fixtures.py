"""Cases in any state, for tests of the rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from contracts.types import Mechanism
from services.routing.domain.case import Case, CaseState, Step, StepState

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DUE = AT + timedelta(days=10)
FIRST, SECOND, PARENT = "H12.970.02", "H12.970", "H12"
CODE = "H12.970.00-261123-0001"


def case(state: CaseState = CaseState.OPEN, step: StepState = StepState.OFFERED, *, current: int = 1) -> Case:
    """A case of two steps whose current step is in a given state."""
    steps = [
        Step(FIRST, AT + timedelta(days=5), StepState.DONE if current == 2 else StepState.WAITING),
        Step(SECOND, DUE, StepState.WAITING),
    ]
    steps[current - 1] = replace(steps[current - 1], state=step, offered_at=AT)
    return Case(
        code=CODE, procedure_code="1.014466", procedure_version=1, mechanism=Mechanism.INTERLINKED, channel="counter",
        counter="H12.970.00", received_at=AT, due_at=DUE, first_due_at=DUE, steps=tuple(steps), state=state,
        current=current,
    )  # fmt: skip
