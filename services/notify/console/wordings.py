"""Pages: the templates in force, and what each says on each channel."""

from __future__ import annotations

from fastapi import Response

from contracts.problems import Missing
from contracts.types import NoticeKind
from services.kit.web.console.frame import PATH, READ, Console, Tab, asked
from services.kit.web.console.words import WORDS
from services.kit.web.visit import VisitDep
from services.notify.domain.state_words import KIND_WORDS
from services.notify.templates import queries
from services.notify.templates.domain.values import CASES
from services.notify.templates.preview import preview
from services.notify.templates.wordings import Overrides

TEMPLATES_PATH = f"{PATH}/mau-tin"


def template_pages(console: Console, overrides: Overrides) -> None:
    """Add them."""
    pages, mongo = console.pages, console.mongo
    console.tabs.append(Tab("Mẫu tin", TEMPLATES_PATH))

    @pages.get("/mau-tin", READ)
    async def listing(visit: VisitDep) -> Response:
        rows = await queries.listed(mongo, overrides)
        return console.page(visit, "wordings.html", rows=rows, kinds=KIND_WORDS, path=TEMPLATES_PATH, words=WORDS)

    @pages.get("/mau-tin/xem", READ)
    async def look(visit: VisitDep) -> Response:
        named = visit.request.query_params.get("loai", "")
        if named not in tuple(NoticeKind):
            raise Missing("not-found", "Không có địa chỉ này.")
        kind, version = NoticeKind(named), asked(visit, "ban", r"[0-9]{1,6}")
        template = await queries.template_in_version(mongo, kind, int(version) if version else None)
        shown = preview(kind, template.content, overrides.applied(kind, template.content), overrides.prefix)
        return console.page(
            visit, "wording.html", saved=template, shown=shown, versions=await queries.versions_of(mongo, kind),
            cases={name: case.words for name, case in CASES.get(kind, {}).items()}, kinds=KIND_WORDS, words=WORDS,
            path=TEMPLATES_PATH,
        )  # fmt: skip
