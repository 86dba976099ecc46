"""An API process: HTTP + MongoDB only. It starts without MongoDB (503 until that is there) and never needs Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from pymongo import IndexModel

from services.kit import schema
from services.kit.auth import ApiKeys
from services.kit.health import Health, TransactionsHold
from services.kit.http import add_routes, make_app
from services.kit.http_consumers import consumer_routes
from services.kit.mongo import Mongo
from services.kit.operations import http as operations
from services.kit.sessions import Sessions
from services.kit.settings import Settings
from services.kit.store import Store
from services.kit.tasks import ended
from services.kit.web.console.letters import EDIT_PATH
from services.kit.web.forms import MOST_TYPED
from services.kit.web.web import Web


def make_api(
    process: str,
    settings: Settings,
    mongo: Mongo,
    routers: Sequence[APIRouter],
    stores: Sequence[Store[Any]],
    collections: Mapping[str, Sequence[IndexModel]] | None = None,
    body_limits: Mapping[str, int] | None = None,
    web: Web | None = None,
) -> FastAPI:
    """Wire a service's routers into a process with health, keys, limits and its collections."""
    preparing: asyncio.Task[None] | None = None
    looking: asyncio.Task[None] | None = None

    async def collections_exist() -> None:
        # A transaction on a collection that is just being made may wait for long: no work before they are there.
        if preparing is None or not preparing.done():
            raise RuntimeError("collections are being prepared")
        preparing.result()

    async def neighbours_are_watched() -> None:
        if looking is not None and looking.done():
            raise RuntimeError("nobody looks after dead neighbours")

    health = Health(
        process,
        ready={
            "mongodb": mongo.ping,
            "transactions": TransactionsHold(mongo, settings.health.commits_s),
            "collections": collections_exist,
        },
        live={"sessions": neighbours_are_watched},
    )

    async def lifespan() -> AsyncIterator[None]:
        nonlocal preparing, looking
        preparing = asyncio.create_task(schema.ensure_when_reachable(mongo, stores, collections))
        mongo.sessions = sessions = Sessions(mongo, process)
        looking = asyncio.create_task(sessions.run(asyncio.Event()))
        tasks = [preparing, looking, asyncio.create_task(health.heartbeat())]
        yield
        await ended(tasks)
        await sessions.leave()
        await mongo.close()

    keys = ApiKeys(mongo, settings.clock().now)
    app = make_app(
        process,
        health=health,
        keys=keys,
        max_body_bytes=settings.max_body_bytes,
        body_limits={operations.PATH: operations.MOST_BODY, EDIT_PATH: MOST_TYPED, **(body_limits or {})},
        lifespan=lifespan,
        web=web,
    )
    now = settings.clock().now
    consumers = consumer_routes(mongo, process.removesuffix("-api"), now)
    for router in (*routers, consumers, operations.operation_routes(mongo, now)):
        add_routes(app, router)
    return app
