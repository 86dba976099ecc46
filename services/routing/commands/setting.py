"""What every decision of routing is made against, loaded with it: calendar, policy, directory."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.problems import Missing
from services.kit.store import Ref
from services.kit.work import Work
from services.kit.worktime.edition import table_of
from services.kit.worktime.table import calendar_for
from services.routing.deadlines import UnitReckoning
from services.routing.domain.case import Case
from services.routing.domain.clock import Reckoning
from services.routing.domain.directory import Directory
from services.routing.domain.policy import PolicyRevision
from services.routing.domain.setting import Setting
from services.routing.store import CALENDARS, CASES, DIRECTORY, POLICIES, THE_CALENDAR, THE_DIRECTORY, THE_POLICY


def known_case(work: Work, code: str) -> Case:
    """Raises: Missing `case-unknown`."""
    case = work.get(CASES, code)
    if case is None:
        raise Missing("case-unknown", "Không tìm thấy hồ sơ với mã này.")
    return case


def setting_refs() -> Iterator[Ref]:
    yield Ref(CALENDARS, THE_CALENDAR)
    yield Ref(POLICIES, THE_POLICY)
    yield Ref(DIRECTORY, THE_DIRECTORY)


def setting(work: Work) -> Setting:
    """As it is now; the defaults where nothing was published."""
    table = table_of(work.get(CALENDARS, THE_CALENDAR))

    def calendar(unit: str) -> Reckoning:
        return UnitReckoning(calendar_for(table, unit))

    revision = work.get(POLICIES, THE_POLICY) or PolicyRevision()
    return Setting(calendar, revision.policy, work.get(DIRECTORY, THE_DIRECTORY) or Directory())
