"""The only module that imports motor (and its way out, the PyMongo asyncio client).

Motor is past its bug-fix date. Both clients share almost all of their surface; the four differences are bridged
here, so that leaving motor is the setting `MONGO_DRIVER=pymongo`, which the tests run too.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

# Motor is PyMongo in a thread pool sized cpu*5 at import: 10 calls at a time on two cores, whatever the pool holds.
os.environ.setdefault("MOTOR_MAX_WORKERS", "64")

import pymongo
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient, WriteConcern
from pymongo.errors import BulkWriteError, ConnectionFailure, DuplicateKeyError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

Driver = Literal["motor", "pymongo"]
Session = Any
Collection = Any
Document = dict[str, Any]

DUPLICATE_KEY = 11000
NAMESPACE_EXISTS = 48


class Mongo:
    """One database of one service."""

    def __init__(
        self, url: str, database: str, *, driver: Driver = "motor", app: str = "motcua", pool: int = 32
    ) -> None:
        options: dict[str, Any] = {
            "tz_aware": True,
            "uuidRepresentation": "standard",
            "retryWrites": True,
            "serverSelectionTimeoutMS": 3000,
            "connectTimeoutMS": 3000,
            "maxPoolSize": pool,
            "appname": app,
            "w": "majority",
        }
        self.driver: Driver = driver
        self.client: Any = (
            AsyncMongoClient(url, **options) if driver == "pymongo" else AsyncIOMotorClient(url, **options)
        )
        self.name = database
        self._database: Any = self.client.get_database(
            database, codec_options=CodecOptions(tz_aware=True), read_concern=ReadConcern("majority")
        )

    def collection(self, name: str) -> Collection:
        """A collection of the client library; both offer the same coroutines for reads and writes."""
        return self._database[name]

    async def aggregate(
        self, collection: str, pipeline: Sequence[Mapping[str, Any]], session: Session | None = None
    ) -> list[Document]:
        cursor = self._database[collection].aggregate(list(pipeline), session=session)
        if self.driver == "pymongo":
            cursor = await cursor
        return [document async for document in cursor]

    async def ping(self, seconds: float = 2.0) -> None:
        """Raises: PyMongoError when the server does not answer in time."""
        with pymongo.timeout(seconds):
            await self._database.command("ping")

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        if self.driver == "pymongo":
            async with self.client.start_session() as session:
                yield session
        else:
            async with await self.client.start_session() as session:
                yield session

    async def begin(self, session: Session) -> None:
        started = session.start_transaction(
            read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority"), max_commit_time_ms=10_000
        )
        if asyncio.iscoroutine(started):
            await started

    async def create_indexes(self, collection: str, indexes: Sequence[pymongo.IndexModel]) -> None:
        """Create a collection and its indexes; both may exist already."""
        try:
            await self._database.create_collection(collection)
        except OperationFailure as error:
            if error.code != NAMESPACE_EXISTS and "already exists" not in str(error):
                raise
        except PyMongoError as error:
            # The client library refuses on its own (CollectionInvalid) when it sees the name in the list first.
            if "already exists" not in str(error):
                raise
        if indexes:
            await self._database[collection].create_indexes(list(indexes))

    async def drop(self) -> None:
        await self.client.drop_database(self.name)

    async def close(self) -> None:
        closed = self.client.close()
        if asyncio.iscoroutine(closed):
            await closed


def is_duplicate_key(error: BaseException) -> bool:
    """Whether a write failed because the unique value is there already."""
    if isinstance(error, DuplicateKeyError):
        return True
    if isinstance(error, BulkWriteError):
        failures = (error.details or {}).get("writeErrors", [])
        return any(failure.get("code") == DUPLICATE_KEY for failure in failures)
    return isinstance(error, OperationFailure) and error.code == DUPLICATE_KEY


__all__ = [
    "Collection",
    "ConnectionFailure",
    "Document",
    "Driver",
    "Mongo",
    "PyMongoError",
    "Session",
    "is_duplicate_key",
]
