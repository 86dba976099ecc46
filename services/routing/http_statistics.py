"""HTTP in: the figures of a period."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from contracts.problems import Invalid
from contracts.types import ProcedureCode, ShortText, UnitCode
from services.kit.clock import Now
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.routing.domain.statistics import day_of
from services.routing.queries.figures import Asked, By
from services.routing.queries.names import directory_of
from services.routing.queries.statistics import statistics
from services.routing.rights import counted_unit

LONGEST_DAYS = 5 * 366
LONGEST_BY_DAY = 366


def routes(mongo: Mongo, now: Now) -> APIRouter:
    """Statistics: for operators and programs that only read, and for supervisors those of their own unit."""
    api = APIRouter(prefix="/v1")

    @api.get("/statistics")
    async def show_statistics(
        caller: CallerDep,
        first: Annotated[date | None, Query(alias="from")] = None,
        last: Annotated[date | None, Query(alias="to")] = None,
        unit: UnitCode | None = None,
        field: ShortText | None = None,
        procedure: ProcedureCode | None = None,
        by: By | None = None,
    ) -> dict[str, Any]:
        """Tình hình tiếp nhận, giải quyết hồ sơ; không có `from` thì tính từ trước đến nay."""
        unit = counted_unit(caller, unit, await directory_of(mongo))
        at = now()
        period = period_of(first, last, by, day_of(at))
        return await statistics(mongo, Asked(period, unit, field, procedure, by), at)

    return api


def period_of(first: date | None, last: date | None, by: By | None, today: date) -> tuple[date, date] | None:
    """Raises: Invalid `period-…`."""
    if first is None:
        if last is not None or by == "day":
            raise Invalid("period-open", "Cần ngày bắt đầu của kỳ thống kê (from).")
        return None
    last = last or max(first, today)
    if first > last:
        raise Invalid("period-reversed", "Ngày bắt đầu của kỳ thống kê phải trước hoặc bằng ngày kết thúc.")
    longest = LONGEST_BY_DAY if by == "day" else LONGEST_DAYS
    if (last - first).days >= longest:
        raise Invalid("period-too-long", f"Kỳ thống kê này dài tối đa {longest} ngày.", longest_days=longest)
    return first, last
