"""The intake API process: HTTP and MongoDB only. Counters go on registering while Kafka is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import FastAPI

from services.intake.http import desk_routes
from services.intake.http_public import public_routes
from services.intake.queries.track import Tracking
from services.intake.settings import IntakeSettings
from services.intake.store import STORES
from services.kit import schema
from services.kit.auth import ApiKeys
from services.kit.commit import Committer
from services.kit.health import Health
from services.kit.http import make_app
from services.kit.process import configure, serve
from services.kit.sealing import Opener, Sealer

PROCESS = "intake-api"
SOURCE = "/intake"


def create_app(settings: IntakeSettings) -> FastAPI:
    """Wire the API."""
    mongo = settings.mongo("intake")
    now = settings.clock().now
    health = Health(PROCESS, ready={"mongodb": mongo.ping})
    private = settings.intake_private_key
    public_key = Opener(private.get_secret_value()).public_key if private else None
    sealer = Sealer(settings.notify_public_key) if settings.notify_public_key else None

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
    committer = Committer(mongo, SOURCE, now)
    app.include_router(desk_routes(mongo, committer, now, sealer))
    app.include_router(public_routes(mongo, Tracking(mongo, settings.tracking_attempts), public_key))
    return app


def main() -> None:
    settings = IntakeSettings()
    configure(PROCESS, settings)
    serve(PROCESS, create_app(settings), settings, settings.intake_api_port)


if __name__ == "__main__":
    main()
