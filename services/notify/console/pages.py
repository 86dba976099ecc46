"""The pages, put together."""

from __future__ import annotations

from pathlib import Path

from services.kit.commit import Committer
from services.kit.mongo import Mongo
from services.kit.web.console.frame import Console
from services.kit.web.console.pages import make_console
from services.notify.console.calls import call_pages
from services.notify.console.gateways import gateway_pages
from services.notify.console.notices import notice_pages
from services.notify.console.wordings import template_pages
from services.notify.settings import NotifySettings
from services.notify.templates.wordings import Overrides

FOLDER = Path(__file__).parent / "templates"


def notify_console(settings: NotifySettings, mongo: Mongo, committer: Committer, overrides: Overrides) -> Console:
    """The console of notify."""
    console = make_console("notify", settings, mongo, FOLDER)
    notice_pages(console, committer, settings.lifetime)
    call_pages(console)
    gateway_pages(console, settings.caps)
    template_pages(console, overrides)
    return console
