"""HTTP in: the working calendar of a unit, and what a limit would come to on it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from contracts.problems import Denied, Invalid
from contracts.types import LimitUnit, Moment, UnitCode
from services.kit import trails, worktime
from services.kit.auth import Caller
from services.kit.clock import VIETNAM, Now
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.routing.store import CALENDARS, THE_CALENDAR

Year = Annotated[int | None, Query(gt=worktime.FIRST_YEAR, le=worktime.LAST_YEAR)]
Value = Annotated[float, Query(gt=0, le=10_000, allow_inf_nan=False)]


def routes(mongo: Mongo, now: Now) -> APIRouter:
    """For officers of counters and agencies; nothing in it is personal."""
    api = APIRouter(prefix="/v1/calendar")

    @api.get("")
    async def show(caller: CallerDep, unit: UnitCode | None = None, year: Year = None) -> dict[str, Any]:
        """Days of a year that differ from the normal week, and the office hours in force; without `unit`, those of
        units without rows of their own."""
        _may_see(caller)
        table = await _table(mongo)
        today = now().astimezone(VIETNAM).date()
        scope, of = unit or worktime.EVERYBODY, year or today.year
        calendar = worktime.calendar_for(table, scope)
        return {
            "version": table.version,
            "unit": unit,
            "year": of,
            "hours_today": _hours(calendar.hours_on(today), table.unit_of_hours(scope, today)),
            "hours": [_hours(row.hours, row.unit) for row in table.hours if row.unit in table.scopes(scope)],
            "days": [
                {
                    "date": day.date.isoformat(),
                    "kind": day.kind.value,
                    "working": day.kind.is_working,
                    "text": day.label_vi,
                    "legal_basis": day.legal_basis,
                    "unit": table.unit_of_day(scope, day.date) or None,
                }
                for day in calendar.special_days(date(of - 1, 12, 31), date(of, 12, 31))
            ],
        }

    @api.get("/due")
    async def what_if(
        caller: CallerDep,
        received_at: Moment,
        value: Value,
        unit_of_limit: LimitUnit,
        unit: UnitCode | None = None,
    ) -> dict[str, Any]:
        """When a dossier received then would be due, and how that comes about (căn cứ tính thời hạn)."""
        _may_see(caller)
        table = await _table(mongo)
        limit = _limit(value, unit_of_limit)
        deadline = _due(received_at, limit, worktime.calendar_for(table, unit or worktime.EVERYBODY))
        return {
            "version": table.version,
            "unit": unit,
            "received_at": received_at,
            "limit_text": limit.label_vi,
            "due_at": deadline.due_at,
            "due_text": worktime.moment_vi(deadline.due_at),
            "explained": worktime.explain(deadline.trail),
            "trail": [line.model_dump(mode="json") for line in trails.lines(deadline.trail)],
        }

    return api


def _may_see(caller: Caller) -> None:
    """Raises: Denied `scope-missing`."""
    if not (caller.may("operator", "service") or caller.units("agency") or caller.units("counter")):
        raise Denied("scope-missing", "Khóa truy cập này không có quyền làm việc đó.")


async def _table(mongo: Mongo) -> worktime.CalendarTable:
    return worktime.table_of(await CALENDARS.read(mongo, THE_CALENDAR))


def _limit(value: float, unit: LimitUnit) -> worktime.TimeLimit:
    try:
        return worktime.TimeLimit(value, worktime.LimitUnit(unit.value))
    except worktime.LimitError:
        words = "Thời hạn không hợp lệ: ngày và tháng phải là số nguyên, “trong ngày” chỉ có giá trị 1."
        raise Invalid("limit-malformed", words) from None


def _due(received_at: datetime, limit: worktime.TimeLimit, calendar: worktime.WorkCalendar) -> worktime.Deadline:
    try:
        return worktime.due(received_at, limit, calendar)
    except (worktime.CalendarError, OverflowError):
        words = "Ngày tiếp nhận hoặc ngày hẹn trả nằm ngoài các năm của lịch làm việc."
        raise Invalid("moment-out-of-calendar", words) from None


def _hours(hours: worktime.WorkingHours, unit: str | None) -> dict[str, Any]:
    return {
        "unit": unit or None,
        "windows": [[f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in hours.windows],
        "valid_from": hours.valid_from.isoformat() if hours.valid_from.year > 1 else None,
        "valid_until": hours.valid_until.isoformat() if hours.valid_until else None,
        "legal_basis": hours.legal_basis,
    }
