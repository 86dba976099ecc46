"""The pages, put together."""

from __future__ import annotations

from pathlib import Path

from services.intake.console.catalogue import catalogue_pages
from services.intake.console.verdict import verdict_pages
from services.intake.http_catalogue import Importer
from services.intake.settings import IntakeSettings
from services.kit.mongo import Mongo
from services.kit.web.console.frame import Console
from services.kit.web.console.pages import make_console

FOLDER = Path(__file__).parent / "templates"


def intake_console(settings: IntakeSettings, mongo: Mongo, importer: Importer) -> Console:
    """The console of intake."""
    console = make_console("intake", settings, mongo, FOLDER)
    verdict_pages(console)
    catalogue_pages(console, importer, settings.max_catalogue_bytes)
    return console
