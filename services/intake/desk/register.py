"""Page: the register of dossiers (sổ theo dõi hồ sơ) of a year, to print or as a workbook."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Response

from services.intake.desk.office import CHOOSE, PREFIX, READ, Office
from services.intake.http_books import Bindery
from services.intake.http_slips import Shape
from services.kit.web.pages import Pages
from services.kit.web.visit import VisitDep

BOOK = "/so-theo-doi"
Year = Annotated[int | None, Query(ge=2000, le=2100)]


def register_pages(office: Office, bindery: Bindery) -> Pages:
    """`/quay/so-theo-doi`: the whole book, made for paper."""
    pages = Pages(PREFIX)

    @pages.get(BOOK, READ, nav="Sổ theo dõi", hint="Sổ theo dõi hồ sơ năm nay, để xem và in")
    async def show(visit: VisitDep, nam: Year = None, dang: Literal["xlsx"] | None = None) -> Response:
        counter = office.looked_at(visit)
        if counter is None:
            return await visit.go(PREFIX + CHOOSE)
        return await bindery.bound(bindery.heading(counter, nam), Shape.XLSX if dang else Shape.HTML)

    return pages
