"""Open cases and a changed calendar, for tests of what operators do with routing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contracts.events import agency as said
from contracts.types import LimitUnit
from services.kit.clock import VIETNAM
from services.kit.commit import Committer
from services.kit.worktime import WorkCalendar
from services.routing.calendar import read_calendar
from services.routing.commands.act_on_step import PARTNER, ActOnStep
from services.routing.commands.publish_calendar import PublishCalendar
from services.routing.deadlines import UnitReckoning
from services.routing.domain.case import Case
from services.routing.domain.clock import Limit
from services.routing.store import CASES
from tests.component.service_fixtures import (
    DISTRICT,
    PROCEDURE,
    Service,
    dossier,
    now,
    published,
    submitted,
)

HEADER = "row,unit,date,kind,name,windows,valid_from,valid_until,legal_basis\n"
LIMIT = Limit(3.0, LimitUnit.WORKING_DAYS)


async def open_cases(routing: Service, count: int) -> list[str]:
    """Dossiers that were received just now, due in three working days."""
    await routing.take(published(PROCEDURE), topic="catalogue.procedures.v1")
    at = now()
    due = UnitReckoning(WorkCalendar()).due(at, LIMIT).at
    limit: dict[str, Any] = {"limit_value": LIMIT.value, "limit_unit": LIMIT.unit, "received_at": at, "due_at": due}
    await routing.take(*(submitted(dossier(number), **limit) for number in range(1, count + 1)))
    return [dossier(number) for number in range(1, count + 1)]


async def case(routing: Service, code: str) -> Case:
    found = await CASES.read(routing.mongo, code)
    assert found is not None
    return found


async def act(routing: Service, action: said.AgencyAction) -> Case:
    return await committer(routing).run(ActOnStep(action, PARTNER))


def committer(routing: Service) -> Committer:
    return Committer(routing.mongo, "/routing", now)


async def close(routing: Service, *days: datetime) -> None:
    """A calendar by which the district is closed on these days, and nothing else."""
    rows = [
        f"day,{DISTRICT},{day.astimezone(VIETNAM):%Y-%m-%d},emergency_closure,Nghỉ bão,,,,QĐ 10/QĐ-UBND" for day in days
    ]
    await committer(routing).run(PublishCalendar(read_calendar((HEADER + "\n".join(rows)).encode())))


async def changes_told(routing: Service, code: str) -> list[dict[str, Any]]:
    return await routing.events(code, "dossier.due-changed.v1")
