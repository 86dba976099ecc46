"""The routing API process: HTTP and MongoDB only."""

from __future__ import annotations

from fastapi import FastAPI

from services.kit.api import make_api
from services.kit.commit import Committer
from services.kit.process import configure, serve
from services.routing import http, http_calendar, http_inbox, http_operators, http_statistics, http_workflows
from services.routing.settings import RoutingSettings
from services.routing.store import MORE, STORES
from services.routing.webhooks import http as webhooks

PROCESS = "routing-api"
SOURCE = "/routing"


def create_app(settings: RoutingSettings) -> FastAPI:
    """Wire the API."""
    mongo = settings.mongo("routing")
    now = settings.clock().now
    committer = Committer(mongo, SOURCE, now)
    routers = [
        http.routes(mongo, committer, now),
        http_inbox.routes(mongo, now),
        http_calendar.routes(mongo, now),
        http_statistics.routes(mongo, now),
        http_operators.routes(mongo, now),
        http_workflows.routes(mongo),
        webhooks.routes(mongo, committer, now, settings),
    ]
    return make_api(PROCESS, settings, mongo, routers, STORES, MORE)


def main() -> None:
    settings = RoutingSettings()
    configure(PROCESS, settings)
    serve(PROCESS, create_app(settings), settings, settings.routing_api_port)


if __name__ == "__main__":
    main()
