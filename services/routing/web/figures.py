"""The page of figures: for supervisors of their unit, for inspectors and operators of any."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

from contracts.problems import Refused
from contracts.types import UnitCode
from services.kit.clock import Now
from services.kit.mongo import Mongo
from services.kit.web import forms
from services.kit.web.forms import Form, Typed
from services.kit.web.pages import Pages
from services.kit.web.rights import roles
from services.kit.web.roles import Role
from services.kit.web.visit import VisitDep
from services.routing.domain.statistics import day_of
from services.routing.http_statistics import period_of
from services.routing.queries.figures import Asked, By
from services.routing.queries.names import directory_of, procedure_names
from services.routing.queries.statistics import statistics
from services.routing.rights import counted_unit

LOOKERS = roles(Role.SUPERVISOR, Role.INSPECTOR, Role.OPERATOR)
GROUPS: dict[str, str] = {
    "procedure": "Thủ tục",
    "field": "Lĩnh vực",
    "unit": "Đơn vị",
    "mechanism": "Cơ chế giải quyết",
    "day": "Ngày",
}
MECHANISMS = {"one_stop": "Một cửa", "interlinked": "Một cửa liên thông"}
PLACES = {"period-open": "tu", "period-reversed": "den", "period-too-long": "tu"}


class AskedIn(BaseModel):
    """What the figures are asked for."""

    tu: date | None = None
    den: date | None = None
    don_vi: UnitCode | None = None
    theo: By | None = None


def figures_pages(mongo: Mongo, now: Now) -> Pages:
    """`/thong-ke`."""
    pages = Pages("/thong-ke")

    @pages.get("", LOOKERS, nav="Thống kê", hint="Tiếp nhận, giải quyết, quá hạn theo kỳ")
    async def show(visit: VisitDep, request: Request) -> Response:
        directory = await directory_of(mongo)
        form = _asked(request)
        asked = form.value or AskedIn()
        unit = counted_unit(visit.caller, asked.don_vi, directory)
        at = now()
        found: dict[str, Any] | None = None
        if form.ok:
            try:
                period = period_of(asked.tu, asked.den, asked.theo, day_of(at))
                found = await statistics(mongo, Asked(period, unit, None, None, asked.theo), at)
            except Refused as refusal:
                form.refused(refusal, PLACES)
        names = {code: agency.name for code, agency in directory.by_code().items()}
        rows = [] if found is None else found.get("rows", [])
        if asked.theo == "procedure":
            names |= await procedure_names(mongo, (row["key"] for row in rows if row["key"]))
        names |= MECHANISMS
        return visit.page(
            "inbox/figures.html",
            200 if found is not None else 422,
            form=form,
            found=found,
            rows=rows,
            group=GROUPS.get(asked.theo or "", ""),
            groups=list(GROUPS.items()),
            names=names,
            unit=unit,
            at=at,
        )

    return pages


def _asked(request: Request) -> Form[AskedIn]:
    fields = {name: request.query_params.getlist(name)[:1] for name in AskedIn.model_fields}
    return forms.read(AskedIn, Typed({name: values for name, values in fields.items() if values}))
