"""The routing API process: HTTP and MongoDB only."""

from __future__ import annotations

from fastapi import FastAPI

from services.kit.api import make_api
from services.kit.commit import Committer
from services.kit.process import configure, serve
from services.routing.http import routes
from services.routing.settings import RoutingSettings
from services.routing.store import STORES

PROCESS = "routing-api"
SOURCE = "/routing"


def create_app(settings: RoutingSettings) -> FastAPI:
    """Wire the API."""
    mongo = settings.mongo("routing")
    now = settings.clock().now
    return make_api(PROCESS, settings, mongo, [routes(mongo, Committer(mongo, SOURCE, now), now)], STORES)


def main() -> None:
    settings = RoutingSettings()
    configure(PROCESS, settings)
    serve(PROCESS, create_app(settings), settings, settings.routing_api_port)


if __name__ == "__main__":
    main()
