"""The intake API process: HTTP and MongoDB only. Counters go on registering while Kafka is away."""

from __future__ import annotations

from fastapi import FastAPI

from services.intake.http import desk_routes
from services.intake.http_public import public_routes
from services.intake.queries.track import Tracking
from services.intake.settings import IntakeSettings
from services.intake.store import STORES
from services.kit.api import make_api
from services.kit.commit import Committer
from services.kit.process import configure, serve
from services.kit.sealing import Opener, Sealer

PROCESS = "intake-api"
SOURCE = "/intake"


def create_app(settings: IntakeSettings) -> FastAPI:
    """Wire the API."""
    mongo = settings.mongo("intake")
    now = settings.clock().now
    private = settings.intake_private_key
    public_key = Opener(private.get_secret_value()).public_key if private else None
    sealer = Sealer(settings.notify_public_key) if settings.notify_public_key else None
    desk = desk_routes(mongo, Committer(mongo, SOURCE, now), now, sealer)
    public = public_routes(mongo, Tracking(mongo, settings.tracking_attempts), public_key)
    return make_api(PROCESS, settings, mongo, [desk, public], STORES)


def main() -> None:
    settings = IntakeSettings()
    configure(PROCESS, settings)
    serve(PROCESS, create_app(settings), settings, settings.intake_api_port)


if __name__ == "__main__":
    main()
