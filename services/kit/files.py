"""Files: bytes too long for a document, behind an interface; they lie beside the documents, as GridFS lays them.

A file is put down first and referred to by an aggregate afterwards, in the transaction of a decision. A crash in
between leaves a file that nobody refers to. So every file has a row in `files.waiting` until a sweep has seen a lasting
reference; one without any is removed. Rows are few, whatever lies in the store.

Each upload is a file of its own, also with the same bytes: shared content would need counted references, and a sweep
could take a file away while an upload finds it. Who must not keep the same file twice compares checksums.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from bson.int64 import Int64
from pymongo import ASCENDING, IndexModel

from contracts.problems import Missing
from services.kit import logs
from services.kit.clock import Now
from services.kit.ids import new_id
from services.kit.mongo import Mongo
from services.kit.mongo.driver import Collection, PyMongoError

log = logs.get("kit.files")
FILES, CHUNKS, WAITING = "files.files", "files.chunks", "files.waiting"
INDEXES: Mapping[str, Sequence[IndexModel]] = {
    # As the GridFS specification has them.
    FILES: [IndexModel([("filename", ASCENDING), ("uploadDate", ASCENDING)])],
    CHUNKS: [IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], unique=True)],
    WAITING: [IndexModel([("at", ASCENDING)], name="at")],
}
CHUNK = 255 * 1024
READ_AHEAD = 4
"""Chunks in one answer of the server. By itself it would send 16 MB, for each slow reader."""
UNREFERENCED_FOR = timedelta(days=3)
"""A file that nobody refers to for so long is removed. Far longer than any request or worker takes to refer to one."""
AT_ONCE = 200

Reference = Literal["lasting", "passing"]
"""`lasting`: kept for good, never asked about again. `passing`: still wanted, and asked about again later."""
References = Callable[[Sequence[str]], Awaitable[Mapping[str, Reference]]]
"""Which of these files somebody refers to."""


@dataclass(frozen=True)
class StoredFile:
    """A file as it lies in the store."""

    id: str
    name: str
    content_type: str
    size: int
    sha256: str


class FileDamaged(Exception):
    """The bytes read are not those that were stored."""


class Files(Protocol):
    """Where files are kept. `GridFiles` is the one implementation; an object store would be another."""

    async def put(self, content: AsyncIterable[bytes], *, name: str, content_type: str) -> StoredFile:
        """Store what `content` yields. When it raises, nothing is kept."""
        ...

    async def open(self, id: str) -> AsyncIterator[bytes]:
        """The bytes. The last ones come only when all together have the checksum of the upload.

        Raises: Missing `file-unknown`; FileDamaged while reading.
        """
        ...

    async def delete(self, id: str) -> None:
        """Remove it; one that is gone already is no error."""
        ...

    async def sweep(self, now: datetime, references: References) -> int:
        """Remove what nobody has referred to for `UNREFERENCED_FOR`; returns how many."""
        ...


@dataclass(frozen=True)
class GridFiles:
    """Files in MongoDB, in the bucket `files`, for any tool that knows GridFS.

    Not by the client library's own bucket: it holds a whole upload in memory (PyMongo gathers 48 MB before it writes),
    and so many at once would be the end of the process. Here it is a chunk.
    """

    mongo: Mongo
    now: Now

    async def put(self, content: AsyncIterable[bytes], *, name: str, content_type: str) -> StoredFile:
        id = new_id()
        await self._in(WAITING).insert_one({"_id": id, "at": self.now()})
        try:
            return await self._write(id, content, name, content_type)
        except Exception:
            with suppress(PyMongoError):  # the database is away: the sweep finds the row
                await self.delete(id)
            raise

    async def open(self, id: str) -> AsyncIterator[bytes]:
        file = await self._in(FILES).find_one({"_id": id})
        if file is None:
            raise Missing("file-unknown", "Không tìm thấy tệp này.")
        chunks = self._in(CHUNKS).find({"files_id": id}, {"data": 1}).sort("n", ASCENDING).batch_size(READ_AHEAD)
        return _checked(chunks, id, file["metadata"]["sha256"])

    async def delete(self, id: str) -> None:
        await self._in(FILES).delete_one({"_id": id})
        await self._in(CHUNKS).delete_many({"files_id": id})
        await self._in(WAITING).delete_one({"_id": id})

    async def sweep(self, now: datetime, references: References) -> int:
        removed = 0
        while ids := await self._long_waiting(now - UNREFERENCED_FOR):
            found = await references(ids)
            await self._in(WAITING).delete_many({"_id": {"$in": [id for id in ids if found.get(id) == "lasting"]}})
            passing = [id for id in ids if found.get(id) == "passing"]
            await self._in(WAITING).update_many({"_id": {"$in": passing}}, {"$set": {"at": now}})
            for id in ids:
                if id not in found:
                    await self.delete(id)
                    removed += 1
        if removed:
            log.info("files.swept", removed=removed)
        return removed

    def _in(self, collection: str) -> Collection:
        return self.mongo.collection(collection)

    async def _write(self, id: str, content: AsyncIterable[bytes], name: str, content_type: str) -> StoredFile:
        digest, size, number = hashlib.sha256(), 0, 0
        rest = bytearray()
        async for part in content:
            digest.update(part)
            size += len(part)
            rest += part
            while len(rest) >= CHUNK:
                await self._in(CHUNKS).insert_one({"files_id": id, "n": number, "data": bytes(rest[:CHUNK])})
                del rest[:CHUNK]
                number += 1
        if rest:
            await self._in(CHUNKS).insert_one({"files_id": id, "n": number, "data": bytes(rest)})
        file = StoredFile(id, name, content_type, size, digest.hexdigest())
        metadata = {"content_type": content_type, "sha256": file.sha256}
        await self._in(FILES).insert_one(
            {
                "_id": id,
                "length": Int64(size),
                "chunkSize": CHUNK,
                "uploadDate": self.now(),
                "filename": name,
                "metadata": metadata,
            }
        )
        return file

    async def _long_waiting(self, before: datetime) -> list[str]:
        cursor = self._in(WAITING).find({"at": {"$lte": before}}, {"_id": 1}).sort("at", ASCENDING).limit(AT_ONCE)
        return [row["_id"] async for row in cursor]


async def _checked(chunks: Any, id: str, sha256: str) -> AsyncIterator[bytes]:
    digest = hashlib.sha256()
    held = b""
    try:
        async for chunk in chunks:
            digest.update(chunk["data"])
            if held:
                yield held
            held = chunk["data"]
    finally:
        await chunks.close()
    if digest.hexdigest() != sha256:
        log.error("file.damaged", file_id=id)
        raise FileDamaged(id)
    if held:
        yield held
