"""Collections and indexes of a service, created by `motcua init` and when its processes start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import stamina
from pymongo import IndexModel

from services.kit import batch, failures, outbox, pauses, watch
from services.kit.auth import API_KEYS
from services.kit.lease import LEASES
from services.kit.mongo import Mongo
from services.kit.mongo.driver import PyMongoError
from services.kit.operations import operation
from services.kit.store import Store
from services.kit.web import kept, once
from services.kit.web import sessions as web_sessions
from services.kit.web.signin import begun

LONGEST_PAUSE_S = 10.0
KIT: Mapping[str, Sequence[IndexModel]] = {
    outbox.OUTBOX: outbox.INDEXES,
    **batch.INDEXES,
    **failures.INDEXES,
    **operation.INDEXES,
    **pauses.INDEXES,
    **watch.INDEXES,
    **web_sessions.INDEXES,
    **kept.INDEXES,
    **once.INDEXES,
    **begun.INDEXES,
    LEASES: (),
    API_KEYS: (),
}


async def ensure(
    mongo: Mongo, stores: Sequence[Store[Any]], more: Mapping[str, Sequence[IndexModel]] | None = None
) -> None:
    """Create what is missing. Collections are made beforehand: inside a transaction it is slow, or refused."""
    wanted = {**KIT, **{store.collection: store.indexes for store in stores}, **(more or {})}
    for collection, indexes in wanted.items():
        await mongo.create_indexes(collection, list(indexes))


async def ensure_when_reachable(
    mongo: Mongo, stores: Sequence[Store[Any]], more: Mapping[str, Sequence[IndexModel]] | None = None
) -> None:
    """Wait for MongoDB with growing pauses, however long it is away, then create what is missing."""
    async for attempt in stamina.retry_context(
        on=PyMongoError, attempts=None, timeout=None, wait_initial=0.25, wait_max=LONGEST_PAUSE_S
    ):
        with attempt:
            await ensure(mongo, stores, more)
