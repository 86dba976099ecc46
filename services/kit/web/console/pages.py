"""The console of one service, put together."""

from __future__ import annotations

from pathlib import Path

from fastapi import Response

from services.kit.mongo import Mongo
from services.kit.settings import Settings
from services.kit.web.console.audit import audit_pages
from services.kit.web.console.consumers import consumer_pages
from services.kit.web.console.frame import PATH, READ, TEMPLATES, Console, Light, Tab
from services.kit.web.console.letters import letter_pages
from services.kit.web.console.overview import usual_lights
from services.kit.web.console.parked import parked_pages
from services.kit.web.console.words import WORDS
from services.kit.web.pages import Pages
from services.kit.web.visit import VisitDep


def make_console(group: str, settings: Settings, mongo: Mongo, *folders: Path) -> Console:
    """With the pages that every service has; a service adds its own tabs, lights and pages.

    Args:
        folders: templates of what it adds.
    """
    now = settings.clock().now
    console = Console(group, settings, mongo, Pages(PATH, TEMPLATES, *folders))
    console.tabs.append(Tab("Tổng quan", PATH))

    @console.pages.get("", READ, nav="Vận hành", hint="Tiến trình, hàng chờ, hồ sơ bị giữ, thư chết, nhật ký")
    async def overview(visit: VisitDep) -> Response:
        found: list[Light] = await usual_lights(mongo, group, now, settings.health)
        for more in console.lights:
            found += await more()
        template = "console_lights.html" if visit.is_part else "console_home.html"
        return console.page(
            visit, template, lights=found, now=now(), words=WORDS, neighbours=visit.web.neighbours(), path=PATH
        )

    consumer_pages(console, now)
    parked_pages(console, now)
    letter_pages(console, now)
    audit_pages(console)
    return console
