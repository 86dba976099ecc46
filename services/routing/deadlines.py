"""Working time as routing needs it: budgets of steps, early / on time / late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from contracts.types import Timeliness
from services.kit import worktime

CALENDAR = worktime.WorkCalendar()


def budgets(start: datetime, due_at: datetime, shares: Sequence[float]) -> list[datetime]:
    """When each step is due, cumulative; the last one is the dossier's own due time."""
    return worktime.split(start, max(start, due_at), shares, CALENDAR)


def timeliness(finished_at: datetime, due_at: datetime) -> Timeliness:
    """By date in Viet Nam, against the current promise."""
    return Timeliness(worktime.outcome(finished_at, due_at).value)
