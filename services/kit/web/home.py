"""The home page of staff: who I am here, for which office, and what I can do."""

from __future__ import annotations

from fastapi import Response
from fastapi.responses import RedirectResponse

from services.kit.web.addresses import HOME
from services.kit.web.pages import Pages
from services.kit.web.rights import ANY_STAFF, PUBLIC
from services.kit.web.visit import VisitDep


def home_pages() -> Pages:
    """The same in every service; what it links to are the service's pages with `nav`."""
    pages = Pages()

    @pages.get(HOME, ANY_STAFF)
    async def home(visit: VisitDep) -> Response:
        return visit.page("home.html", neighbours=visit.web.neighbours(), home=HOME)

    return pages


def start_page() -> Pages:
    """`/` of a service that has nothing for citizens: on to the home page."""
    pages = Pages()

    @pages.get("/", PUBLIC)
    async def start() -> Response:
        return RedirectResponse(HOME, 303)

    return pages
