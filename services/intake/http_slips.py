"""HTTP in: the slips of a dossier, as data or as pages to print. For the counter's own clerks."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import HTMLResponse

from contracts.types import DossierCode
from services.intake.commands.issue_slip import IssueSlip
from services.intake.domain.slip import Form
from services.intake.queries.slips import list_slips, read_sheet
from services.intake.rights import own_dossier, writing_counters_of
from services.intake.slips.page import HEADERS, page
from services.intake.slips.sheet import Printer
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.http import CallerDep
from services.kit.mongo import Mongo

NumberedForm = Literal[Form.SUPPLEMENT_REQUEST, Form.REFUSAL, Form.APOLOGY, Form.TERMINATION]
SlipForm = Literal[Form.RECEIPT, Form.CONTROL_SHEET, NumberedForm]
About = Annotated[int | None, Query(ge=1, le=1000)]
"""Which occasion (the second request for papers, say); absent: the latest."""


class Shape(StrEnum):
    """What the answer looks like."""

    JSON = "json"
    HTML = "html"
    XLSX = "xlsx"


MEDIA_TYPES = {
    Shape.HTML: "text/html",
    Shape.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Accept = Annotated[str, Header()]


def shape_of(said: Shape | None, accept: str) -> Shape:
    """What is wanted: what the address says, else the media type that is accepted."""
    return said or next((shape for shape, media_type in MEDIA_TYPES.items() if media_type in accept), Shape.JSON)


def slip_routes(mongo: Mongo, committer: Committer, now: Now, printer: Printer) -> APIRouter:
    """Issue, list and show."""
    api = APIRouter(prefix="/v1/dossiers/{code}/slips")

    @api.get("")
    async def show_all(code: DossierCode, caller: CallerDep) -> dict[str, Any]:
        """Every slip of the dossier: issued under which number, possible now, or lacking what."""
        return await list_slips(mongo, await own_dossier(mongo, code, caller), printer, now())

    @api.post("/{form}", status_code=201)
    async def issue(
        code: DossierCode, form: NumberedForm, caller: CallerDep, response: Response, about: About = None
    ) -> dict[str, Any]:
        """Give the slip its number; issued before, it is the same again (200)."""
        counters = writing_counters_of(caller)
        issued = await committer.run(IssueSlip(code, counters, form, about, printer.forced_set))
        response.status_code = 200 if issued.repeated else 201
        response.headers["Location"] = f"/v1/dossiers/{code}/slips/{form.value}?about={issued.slip.about}"
        return printer.issued(issued.slip, issued.dossier).data()

    @api.get("/{form}", response_model=dict[str, Any])
    async def show(
        code: DossierCode,
        form: SlipForm,
        caller: CallerDep,
        about: About = None,
        as_: Annotated[Literal[Shape.JSON, Shape.HTML] | None, Query(alias="as")] = None,
        accept: Accept = "",
    ) -> dict[str, Any] | Response:
        """A slip as data, or as a page to print (`?as=html` or `Accept: text/html`)."""
        sheet = await read_sheet(mongo, await own_dossier(mongo, code, caller), form, about, printer)
        if shape_of(as_, accept) is Shape.HTML:
            return HTMLResponse(page(sheet), headers=dict(HEADERS))
        return sheet.data()

    return api
