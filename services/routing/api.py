"""The routing API process: HTTP and MongoDB only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import FastAPI

from services.kit import schema
from services.kit.auth import ApiKeys
from services.kit.commit import Committer
from services.kit.health import Health
from services.kit.http import make_app
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
    health = Health(PROCESS, ready={"mongodb": mongo.ping})

    async def lifespan() -> AsyncIterator[None]:
        await schema.ensure(mongo, STORES)
        beat = asyncio.create_task(health.heartbeat())
        yield
        beat.cancel()
        await mongo.close()

    app = make_app(
        PROCESS,
        health=health,
        keys=ApiKeys(mongo, now),
        max_body_bytes=settings.max_body_bytes,
        lifespan=lifespan,
    )
    app.include_router(routes(mongo, Committer(mongo, SOURCE, now), now))
    return app


def main() -> None:
    settings = RoutingSettings()
    configure(PROCESS, settings)
    serve(PROCESS, create_app(settings), settings, settings.routing_api_port)


if __name__ == "__main__":
    main()
