"""The first page, the procedures, and the figures that everybody may see."""

from __future__ import annotations

from fastapi import Response

from services.intake.queries.places import Hours, Place, Places
from services.intake.queries.procedures import PublishedCatalogue, Search, procedure_in_version, published, summary
from services.intake.queries.public_figures import PublicFigures
from services.kit.mongo import Mongo
from services.kit.web.pages import Pages
from services.kit.web.rights import PUBLIC
from services.kit.web.visit import VisitDep

SHOWN, MOST_SHOWN = 20, 100
LONGEST_QUERY = 200


def home_page(places: Places, *, online: bool) -> Pages:
    """`/`: search, track, and where to go."""
    pages = Pages()

    @pages.get("/", PUBLIC)
    async def home(visit: VisitDep) -> Response:
        where, hours = await _where(places)
        return visit.page("citizen/home.html", form=visit.blank(), places=where, hours=hours, online=online)

    return pages


def procedure_pages(mongo: Mongo, places: Places, *, online: bool) -> Pages:
    """Search, and one procedure: papers, fee, time limit, where and when."""
    pages = Pages("/thu-tuc")
    catalogue = PublishedCatalogue(mongo)

    @pages.get("", PUBLIC)
    async def search(visit: VisitDep) -> Response:
        asked = visit.request.query_params
        text, field = asked.get("q", "")[:LONGEST_QUERY], asked.get("linh-vuc", "")[:LONGEST_QUERY]
        most = MOST_SHOWN if asked.get("them") == "1" else SHOWN
        found = await catalogue.search(Search(text, field, "", most + 1)) if text.strip() or field else []
        return visit.page(
            "citizen/procedures.html",
            text=text,
            field=field,
            found=[summary(procedure) for procedure in found[:most]],
            more=len(found) > most,
            most=most == MOST_SHOWN,
            fields=await catalogue.fields(),
        )

    @pages.get("/{procedure}", PUBLIC)
    async def show(visit: VisitDep, procedure: str) -> Response:
        found = published(await procedure_in_version(mongo, procedure, None))
        where, hours = await _where(places)
        return visit.page("citizen/procedure.html", procedure=found, places=where, hours=hours, online=online)

    return pages


def figure_pages(figures: PublicFigures) -> Pages:
    """Figures of the year."""
    pages = Pages("/so-lieu")

    @pages.get("", PUBLIC)
    async def show(visit: VisitDep) -> Response:
        return visit.page("citizen/figures.html", figures=await figures.current())

    return pages


async def _where(places: Places) -> tuple[list[Place], Hours]:
    where = await places.all()
    return where, where[0].hours if where else await places.usual_hours()
