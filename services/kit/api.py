"""An API process: HTTP + MongoDB only. It starts without MongoDB (503 until that is there) and never needs Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from pymongo import IndexModel

from services.kit import schema
from services.kit.auth import ApiKeys
from services.kit.health import Health
from services.kit.http import make_app
from services.kit.mongo import Mongo
from services.kit.settings import Settings
from services.kit.store import Store


def make_api(
    process: str,
    settings: Settings,
    mongo: Mongo,
    routers: Sequence[APIRouter],
    stores: Sequence[Store[Any]],
    collections: Mapping[str, Sequence[IndexModel]] | None = None,
    body_limits: Mapping[str, int] | None = None,
) -> FastAPI:
    """Wire a service's routers into a process with health, keys, limits and its collections."""
    preparing: asyncio.Task[None] | None = None

    async def collections_exist() -> None:
        # A transaction on a collection that is just being made may wait for long: no work before they are there.
        if preparing is None or not preparing.done():
            raise RuntimeError("collections are being prepared")
        preparing.result()

    health = Health(process, ready={"mongodb": mongo.ping, "collections": collections_exist})

    async def lifespan() -> AsyncIterator[None]:
        nonlocal preparing
        preparing = asyncio.create_task(schema.ensure_when_reachable(mongo, stores, collections))
        tasks = [preparing, asyncio.create_task(health.heartbeat())]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await mongo.close()

    keys = ApiKeys(mongo, settings.clock().now)
    app = make_app(
        process,
        health=health,
        keys=keys,
        max_body_bytes=settings.max_body_bytes,
        body_limits=body_limits,
        lifespan=lifespan,
    )
    for router in routers:
        app.include_router(router)
    return app
