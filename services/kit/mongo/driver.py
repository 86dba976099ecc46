"""The only module that imports motor (and its way out, the PyMongo asyncio client).

Motor is past its bug-fix date. Both clients share almost all of their surface; the four differences are bridged
here, so that leaving motor is the setting `MONGO_DRIVER=pymongo`, which the tests run too.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal

# Motor is PyMongo in a thread pool sized cpu*5 at import: 10 calls at a time on two cores, whatever the pool holds.
os.environ.setdefault("MOTOR_MAX_WORKERS", "64")

import pymongo
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient, WriteConcern
from pymongo.errors import BulkWriteError, ConnectionFailure, DuplicateKeyError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from services.kit.streaks import Streak

if TYPE_CHECKING:
    from services.kit.sessions import Sessions

Driver = Literal["motor", "pymongo"]
Session = Any
Collection = Any
Document = dict[str, Any]

QUIET_S = 60.0
"""An answer that has not come by then never will: a router can forget a connection and tell nobody. Without a bound the
caller waits until the operating system gives up, a quarter of an hour or never, and a loop that waits looks healthy."""
DUPLICATE_KEY = 11000
NAMESPACE_EXISTS = 48


class Mongo:
    """One database of one service."""

    def __init__(
        self,
        url: str,
        database: str,
        *,
        driver: Driver = "motor",
        app: str = "motcua",
        pool: int = 32,
        quiet_s: float = QUIET_S,
    ) -> None:
        options: dict[str, Any] = {
            "tz_aware": True,
            "uuidRepresentation": "standard",
            "retryWrites": True,
            "serverSelectionTimeoutMS": 3000,
            "connectTimeoutMS": 3000,
            "socketTimeoutMS": int(quiet_s * 1000),
            "maxPoolSize": pool,
            "appname": app,
            "w": "majority",
        }
        self.driver: Driver = driver
        self._url, self._options = url, options
        self.client: Any = (
            AsyncMongoClient(url, **options) if driver == "pymongo" else AsyncIOMotorClient(url, **options)
        )
        self.name = database
        self.transactions = Streak()
        """Whether transactions hold, or fail one after the other."""
        self.sessions: Sessions | None = None
        """Where a service process writes down under which sessions it makes transactions."""
        self._collections: dict[str, Collection] = {}
        self._idle: list[Session] = []
        self._database: Any = self.client.get_database(
            database, codec_options=CodecOptions(tz_aware=True), read_concern=ReadConcern("majority")
        )

    def collection(self, name: str) -> Collection:
        """A collection of the client library; both offer the same coroutines for reads and writes."""
        found = self._collections.get(name)
        if found is None:  # to make one costs as much as a small read
            found = self._collections[name] = self._database[name]
        return found

    async def found(
        self, collection: str, query: Mapping[str, Any], projection: Mapping[str, int] | None = None
    ) -> list[Document]:
        """All that a small query finds: at once, where one by one each document costs a turn of the loop."""
        documents: list[Document] = await self.collection(collection).find(query, projection).to_list(None)
        return documents

    async def aggregate(
        self, collection: str, pipeline: Sequence[Mapping[str, Any]], session: Session | None = None
    ) -> list[Document]:
        cursor = self.collection(collection).aggregate(list(pipeline), session=session)
        if self.driver == "pymongo":
            cursor = await cursor
        return [document async for document in cursor]

    async def ping(self, seconds: float = 2.0) -> None:
        """Raises: PyMongoError when the server does not answer in time."""
        with pymongo.timeout(seconds):
            await self._database.command("ping")

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A session for one use. Those that were used without an error are used again: to make and end one is two
        turns of the client library, of the dozen that a small transaction takes."""
        session = self._idle.pop() if self._idle else await self._new_session()
        try:
            yield session
        except BaseException:
            await session.end_session()
            raise
        self._idle.append(session)

    async def _new_session(self) -> Session:
        started = self.client.start_session()
        return await started if asyncio.iscoroutine(started) or asyncio.isfuture(started) else started

    async def begin(self, session: Session) -> None:
        started = session.start_transaction(
            read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority"), max_commit_time_ms=10_000
        )
        if asyncio.iscoroutine(started):
            await started

    def apart(self, quiet_s: float) -> pymongo.MongoClient[Document]:
        """A client for a thread, with one connection of its own: it waits behind no other call and no event loop."""
        return pymongo.MongoClient(self._url, **self._options | {"maxPoolSize": 1, "socketTimeoutMS": quiet_s * 1000})

    async def end_sessions(self, ids: Sequence[Any]) -> None:
        """End other processes' sessions: what their transactions hold is rolled back and free.

        Needs no right of its own: where the server asks for a login, a user may end the sessions of the same user.
        """
        await self.client.admin.command("killSessions", [{"id": id} for id in ids])

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
        while self._idle:
            await self._idle.pop().end_session()
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
