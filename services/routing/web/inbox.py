"""Pages of an agency's inbox: its boxes, their news, and accepting many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from pydantic import BaseModel

from contracts.types import ProcedureCode, UnitCode
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.mongo import Mongo
from services.kit.web import forms
from services.kit.web.forms import Form, Typed
from services.kit.web.pages import Pages
from services.kit.web.paging import Paging
from services.kit.web.rights import roles
from services.kit.web.roles import Role
from services.kit.web.visit import Visit, VisitDep
from services.routing.http import OfficerAccount
from services.routing.news import InboxNews
from services.routing.queries.horizon import Desk, desk_of
from services.routing.queries.inbox import Box, Wish, counts, inbox, to_sign
from services.routing.queries.names import agency_names, procedure_names
from services.routing.rights import actor_of
from services.routing.web.bulk import BulkIn, accept_each
from services.routing.web.stream import stream
from services.routing.web.words import CASE_STATES, REASONS, counter_words, left_kind, left_words

PREFIX = "/hop-viec"
READERS = roles(Role.OFFICER, Role.SUPERVISOR, Role.HEAD, Role.INSPECTOR, Role.OPERATOR)
THEIRS = roles(Role.OFFICER, Role.SUPERVISOR, Role.HEAD, Role.INSPECTOR, Role.OPERATOR, unit="agency")
ACTORS = roles(Role.OFFICER, Role.SUPERVISOR, Role.HEAD, Role.OPERATOR)
THEIRS_TO_ACT = roles(Role.OFFICER, Role.SUPERVISOR, Role.HEAD, Role.OPERATOR, unit="agency")
AT_ONCE = 50
"""Rows of a page."""
COUNTED_AT_MOST = 500
"""In each box, for people: ten pages. The list is looked at anew with every change, by everybody who has it open, and
with ten thousand open hand-overs counting was most of the page's time."""


class Tab(StrEnum):
    """A box in the page's address."""

    TO_ACCEPT = "cho-nhan"
    IN_WORK = "dang-xu-ly"
    DUE_SOON = "sap-den-han"
    OVERDUE = "qua-han"
    WAITING = "dang-cho"
    TO_SIGN = "cho-ky"


BOXES: Mapping[Tab, tuple[str, str]] = {
    Tab.TO_ACCEPT: (Box.TO_ACCEPT.value, "Chờ nhận"),
    Tab.IN_WORK: (Box.IN_WORK.value, "Đang xử lý"),
    Tab.DUE_SOON: (Box.DUE_SOON.value, "Sắp đến hạn"),
    Tab.OVERDUE: (Box.OVERDUE.value, "Quá hạn"),
    Tab.WAITING: (Box.WAITING.value, "Đang tạm dừng"),
    Tab.TO_SIGN: ("to-sign", "Chờ ký hẹn lại"),
}
"""Name in the counts, and words."""


class FilterIn(BaseModel):
    """What of a box somebody wants to see."""

    thu_tuc: ProcedureCode | None = None
    quay: UnitCode | None = None
    can_bo: OfficerAccount | None = None


def inbox_pages(mongo: Mongo, committer: Committer, now: Now, news: InboxNews) -> Pages:
    """The pages below `/hop-viec` that are about an agency as a whole."""
    pages = Pages(PREFIX)
    view = InboxView(mongo, now)

    @pages.get("", READERS, nav="Hộp việc", hint="Hồ sơ chờ nhận, đang xử lý, sắp đến hạn, quá hạn")
    async def choose(visit: VisitDep, tim: Annotated[str, Query(max_length=100)] = "") -> Response:
        names = await agency_names(mongo)
        own = sorted(visit.person.units("agency"))
        if len(own) == 1 and not visit.person.sees_all:
            return RedirectResponse(f"{PREFIX}/{own[0]}", 303)
        codes = sorted({*names, *own}) if visit.person.sees_all else own
        wanted = tim.strip().casefold()
        rows = [(code, names.get(code, code)) for code in codes]
        rows = [row for row in rows if wanted in f"{row[0]} {row[1]}".casefold()]
        return visit.page("inbox/choose.html", rows=rows, tim=tim, many=len(codes) > 10)

    @pages.get("/{agency}", THEIRS)
    async def show(
        visit: VisitDep,
        agency: UnitCode,
        ngan: Tab = Tab.TO_ACCEPT,
        sau: Annotated[str | None, Query(max_length=120)] = None,
    ) -> Response:
        return await view.page(visit, agency, ngan, sau)

    @pages.get("/{agency}/tin", THEIRS)
    async def live(visit: VisitDep, agency: UnitCode, request: Request) -> Response:
        events = stream(news, agency, request.app.state.stopping)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    @pages.post("/{agency}/nhan", THEIRS_TO_ACT)
    async def accept_many(visit: VisitDep, agency: UnitCode) -> Response:
        actor = actor_of(visit.caller, agency)
        form = visit.read(BulkIn)
        if form.value is None or not form.value.wanted:
            form.wrong("", "Chưa chọn hồ sơ nào để nhận.")
            return await view.page(visit, agency, Tab.TO_ACCEPT, None, form=form)
        results = await accept_each(committer, agency, form.value.wanted, actor)
        names = await agency_names(mongo)
        done = sum(result.done for result in results)
        return visit.page(
            "inbox/accepted.html", agency=agency, name=names.get(agency, agency), results=results, done=done
        )

    return pages


class InboxView:
    """Gathers what an inbox page shows."""

    def __init__(self, mongo: Mongo, now: Now) -> None:
        self.mongo, self.now = mongo, now

    async def page(
        self, visit: Visit, agency: str, tab: Tab, after: str | None, form: Form[BulkIn] | None = None
    ) -> Response:
        """The page, or for htmx its list alone. Raises: Invalid `page-unknown`."""
        asked = _filter(visit.request)
        desk = await desk_of(self.mongo, agency, self.now())
        names, numbers, rows = await asyncio.gather(
            agency_names(self.mongo),
            counts(self.mongo, agency, desk.horizon, COUNTED_AT_MOST),
            self._rows(agency, tab, asked, after, desk),
        )
        keep = {"ngan": tab.value, **{name: asked.get(name) for name in FilterIn.model_fields}}
        values = {
            "agency": agency,
            "name": names.get(agency, agency),
            "names": names,
            "tab": tab,
            "tabs": [(one, words, numbers[name]) for one, (name, words) in BOXES.items()],
            "filter": asked,
            "form": form or Form(),
            "rows": rows["rows"],
            "pages": Paging(f"{PREFIX}/{agency}", rows["next"], after is None, keep),
            "reload": Paging(f"{PREFIX}/{agency}", after, False, keep).next_url if after else _url(agency, keep),
            "may_act": visit.caller.may(f"agency:{agency}", "operator"),
            "at": desk.horizon.now,
            "words": CASE_STATES,
            "reasons": REASONS,
            "counter": counter_words,
        }
        part = visit.is_part and visit.request.method == "GET"
        return visit.page("inbox/list.html" if part else "inbox/inbox.html", 422 if form else 200, **values)

    async def _rows(
        self, agency: str, tab: Tab, asked: Form[FilterIn], after: str | None, desk: Desk
    ) -> dict[str, Any]:
        if tab is Tab.TO_SIGN:
            cases = await to_sign(self.mongo, agency, AT_ONCE)
            titles = await procedure_names(self.mongo, (case.procedure_code for case in cases))
            return {"next": None, "rows": [_signing(case, titles, desk) for case in cases]}
        wish = asked.value or FilterIn()
        box = Box(BOXES[tab][0])
        page = await inbox(
            self.mongo, Wish(agency, box, wish.thu_tuc, wish.quay, wish.can_bo, after, AT_ONCE), desk.horizon
        )
        titles = await procedure_names(self.mongo, (row["procedure_code"] for row in page["transfers"]))
        return {"next": page["next"], "rows": [_row(row, titles, desk) for row in page["transfers"]]}


def _filter(request: Request) -> Form[FilterIn]:
    fields = {name: request.query_params.getlist(name)[:1] for name in FilterIn.model_fields}
    return forms.read(FilterIn, Typed({name: values for name, values in fields.items() if values}))


def _url(agency: str, keep: Mapping[str, str]) -> str:
    return Paging(f"{PREFIX}/{agency}", keep=keep).first_url


def _row(row: dict[str, Any], titles: Mapping[str, str], desk: Desk) -> dict[str, Any]:
    running = row["case_state"] == "open"
    left = desk.left(row["due_at"]) if running else None
    answer = desk.left(row["accept_by"]) if row["state"] == "offered" else None
    return row | {
        "title": titles.get(row["procedure_code"], row["procedure_code"]),
        "left": left_words(left),
        "left_kind": left_kind(left),
        "answer": left_words(answer),
        "answer_kind": left_kind(answer),
    }


def _signing(case: Any, titles: Mapping[str, str], desk: Desk) -> dict[str, Any]:
    left = desk.left(case.due_at)
    return {
        "code": case.code,
        "title": titles.get(case.procedure_code, case.procedure_code),
        "due_at": case.due_at,
        "left": left_words(left),
        "left_kind": left_kind(left),
        "step": case.apology.step,
        "reason": case.apology.reason,
        "proposed_due_at": case.apology.proposed_due_at,
    }
