"""The routing API process: HTTP and MongoDB only."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from services.kit.api import make_api
from services.kit.commit import Committer
from services.kit.process import configure, serve
from services.kit.web.home import start_page
from services.kit.web.web import Web
from services.routing import http, http_calendar, http_inbox, http_operators, http_statistics, http_workflows
from services.routing.console.pages import routing_console
from services.routing.news import InboxNews
from services.routing.settings import RoutingSettings
from services.routing.store import MORE, STORES
from services.routing.web.dossier import dossier_pages
from services.routing.web.figures import figures_pages
from services.routing.web.inbox import inbox_pages
from services.routing.webhooks import http as webhooks

PROCESS = "routing-api"
SOURCE = "/routing"
TEMPLATES = Path(__file__).parent / "web" / "templates"


def create_app(settings: RoutingSettings) -> FastAPI:
    """Wire the API."""
    mongo = settings.mongo("routing")
    now = settings.clock().now
    committer = Committer(mongo, SOURCE, now)
    news = InboxNews(mongo, now)
    routers = [
        http.routes(mongo, committer, now),
        http_inbox.routes(mongo, now, news),
        http_calendar.routes(mongo, now),
        http_statistics.routes(mongo, now),
        http_operators.routes(mongo, now),
        http_workflows.routes(mongo),
        webhooks.routes(mongo, committer, now, settings),
    ]
    web = Web("routing", settings, mongo, settings.routing_api_port, TEMPLATES)
    routers += web.routers(
        start_page(),
        dossier_pages(mongo, committer, now, settings.web.sites.get("intake")),
        inbox_pages(mongo, committer, now, news),
        figures_pages(mongo, now),
        routing_console(settings, mongo).pages,
    )
    return make_api(PROCESS, settings, mongo, routers, STORES, MORE, web=web)


def main() -> None:
    settings = RoutingSettings()
    configure(PROCESS, settings)
    serve(PROCESS, create_app(settings), settings, settings.routing_api_port)


if __name__ == "__main__":
    main()
