"""Cases on the real calendar, for tests of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from contracts.types import LimitUnit, Mechanism
from services.kit.worktime import WorkCalendar
from services.routing.deadlines import UnitReckoning
from services.routing.domain import actions
from services.routing.domain.case import Case, plan
from services.routing.domain.clock import Limit
from services.routing.domain.directory import Agency, Directory
from services.routing.domain.flow import Decided
from services.routing.domain.policy import Policy
from services.routing.domain.setting import Setting
from services.routing.domain.workflow import Turn

RECKONING = UnitReckoning(WorkCalendar())
DIRECTORY = Directory(
    (
        Agency("H12", "Ủy ban nhân dân tỉnh Thử", "tỉnh", None, "people_committee"),
        Agency("H12.970", "Ủy ban nhân dân huyện Thử", "huyện", "H12", "people_committee"),
        Agency("H12.970.02", "Phòng Thử Một", "huyện", "H12.970", "department"),
        Agency("H12.970.03", "Phòng Thử Hai", "huyện", "H12.970", "department"),
        Agency("H12.970.04", "Phòng Thử Ba", "huyện", "H12.970", "department"),
    )
)
SETTING = Setting(lambda unit: RECKONING, Policy(), DIRECTORY)
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""09:00 on a Monday in Viet Nam; 24 November is a day off."""
FIRST, SECOND, THIRD, ABOVE = "H12.970.02", "H12.970.03", "H12.970.04", "H12.970"
AGENCIES = (FIRST, SECOND, THIRD, ABOVE, "H12")
CODE = "H12.970.00-261123-0001"
LIMIT = Limit(8.0, LimitUnit.WORKING_DAYS)
CHAIN = (Turn(FIRST, 1.0), Turn(SECOND, 1.0, (1,)))
"""Two agencies in turn."""


def branches(needs: int = 0) -> tuple[Turn, ...]:
    """Three agencies at once, then one that waits for as many of them as it needs (0: all)."""
    return (Turn(FIRST, 1.0), Turn(SECOND, 1.0), Turn(THIRD, 1.0), Turn(ABOVE, 1.0, (1, 2, 3), needs))


def planned(turns: Sequence[Turn] = CHAIN, limit: Limit = LIMIT, at: datetime = AT) -> Case:
    """A case before it is opened."""
    due = RECKONING.due(at, limit).at
    return Case(
        code=CODE, procedure_code="1.014466", procedure_version=1,
        mechanism=Mechanism.INTERLINKED if len(turns) > 1 else Mechanism.ONE_STOP, channel="counter",
        counter="H12.970.00", unit="H12.970", counted_on="H12.970", field="Hộ tịch", received_at=at,
        due_at=due, first_due_at=due,
        steps=plan(turns, [due] * len(turns)), limit=limit,
    )  # fmt: skip


def opened(turns: Sequence[Turn] = CHAIN, setting: Setting = SETTING, **changes: object) -> Decided:
    """An open case and what was told of it."""
    case = replace(planned(turns), **changes)  # type: ignore[arg-type]
    return actions.open_case(case, RECKONING.due(AT, LIMIT).lines, AT, setting)


def case(turns: Sequence[Turn] = CHAIN, *accepted: int, setting: Setting = SETTING) -> Case:
    """An open case, some of whose first steps are accepted."""
    found, _ = opened(turns, setting)
    for number in accepted:
        found, _ = actions.accept(found, found.step(number).agency, number, AT, setting)
    return found
