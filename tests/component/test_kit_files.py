"""Files in GridFS: what goes in comes out, whole or not at all, and what nobody refers to is removed. Both drivers."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from gridfs.asynchronous import AsyncGridFSBucket
from pymongo import AsyncMongoClient

from contracts.problems import Missing
from services.kit import schema
from services.kit.files import (
    AT_ONCE,
    CHUNK,
    INDEXES,
    UNREFERENCED_FOR,
    WAITING,
    FileDamaged,
    GridFiles,
    Reference,
    References,
)
from services.kit.mongo import Mongo
from services.kit.mongo.driver import Driver

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
LATER = AT + UNREFERENCED_FOR
SIZES = (0, 1, 255 * 1024, 255 * 1024 + 1, 1_500_000)
"""Around the 255 KiB of a GridFS chunk."""


@pytest.fixture(params=["motor", "pymongo"])
async def files(request: pytest.FixtureRequest, mongodb_url: str, prefix: str) -> AsyncIterator[GridFiles]:
    driver: Driver = request.param
    mongo = Mongo(mongodb_url, f"{prefix}_files", driver=driver)
    await schema.ensure(mongo, (), INDEXES)
    yield GridFiles(mongo, lambda: AT)
    await mongo.drop()
    await mongo.close()


async def stream(content: bytes, step: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(content), step):
        yield content[start : start + step]


async def read(files: GridFiles, id: str) -> bytes:
    return b"".join([part async for part in await files.open(id)])


async def rows(files: GridFiles) -> dict[str, int]:
    names = ("files.files", "files.chunks", WAITING)
    return {name: await files.mongo.collection(name).count_documents({}) for name in names}


EMPTY = {"files.files": 0, "files.chunks": 0, WAITING: 0}


def referring(**known: Reference) -> References:
    async def references(ids: Sequence[str]) -> Mapping[str, Reference]:
        return {id: known[id] for id in ids if id in known}

    return references


@pytest.mark.parametrize("size", SIZES)
async def test_what_was_stored_is_read_back(files: GridFiles, size: int) -> None:
    content = os.urandom(size)
    stored = await files.put(stream(content), name="Giấy khai sinh.pdf", content_type="application/pdf")
    assert (stored.size, stored.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert (stored.name, stored.content_type) == ("Giấy khai sinh.pdf", "application/pdf")
    assert await read(files, stored.id) == content


async def test_the_same_bytes_twice_are_two_files_that_live_apart(files: GridFiles) -> None:
    first = await files.put(stream(b"same"), name="a", content_type="t")
    second = await files.put(stream(b"same"), name="a", content_type="t")
    assert (first.id == second.id, first.sha256 == second.sha256) == (False, True)
    await files.delete(first.id)
    assert await read(files, second.id) == b"same"


async def test_what_breaks_off_leaves_nothing(files: GridFiles) -> None:
    async def broken() -> AsyncIterator[bytes]:
        async for part in stream(os.urandom(1_000_000)):
            yield part
        raise ValueError("the sender went away")

    with pytest.raises(ValueError, match="went away"):
        await files.put(broken(), name="a", content_type="t")
    assert await rows(files) == EMPTY


async def test_a_deleted_file_is_unknown_and_may_be_deleted_again(files: GridFiles) -> None:
    stored = await files.put(stream(os.urandom(300_000)), name="a", content_type="t")
    await files.delete(stored.id)
    await files.delete(stored.id)
    assert await rows(files) == EMPTY
    with pytest.raises(Missing) as caught:
        await files.open(stored.id)
    assert caught.value.slug == "file-unknown"


async def test_a_damaged_file_never_comes_out_whole(files: GridFiles) -> None:
    content = os.urandom(600_000)
    stored = await files.put(stream(content), name="a", content_type="t")
    chunks = files.mongo.collection("files.chunks")
    chunk = await chunks.find_one({"files_id": stored.id, "n": 1})
    damaged = bytes([chunk["data"][0] ^ 1]) + chunk["data"][1:]
    await chunks.update_one({"_id": chunk["_id"]}, {"$set": {"data": damaged}})
    seen = b""
    with pytest.raises(FileDamaged):
        async for part in await files.open(stored.id):
            seen += part
    assert len(seen) < len(content)


async def test_any_tool_that_knows_gridfs_can_read_and_remove_it(files: GridFiles, mongodb_url: str) -> None:
    """The client library's own bucket stands for such tools."""
    content = os.urandom(600_000)
    stored = await files.put(stream(content), name="a.pdf", content_type="application/pdf")
    async with AsyncMongoClient(mongodb_url) as client:
        bucket = AsyncGridFSBucket(client[files.mongo.name], bucket_name="files")
        found = await bucket.open_download_stream(stored.id)
        assert (await found.read(), found.length, found.filename) == (content, 600_000, "a.pdf")
        await bucket.delete(stored.id)
    assert await rows(files) == {**EMPTY, WAITING: 1}


async def test_small_parts_are_gathered_into_whole_chunks(files: GridFiles) -> None:
    content = os.urandom(5 * CHUNK + 7)
    stored = await files.put(stream(content, 1000), name="a", content_type="t")
    sizes = [len(part) async for part in await files.open(stored.id)]
    assert sizes == [CHUNK] * 5 + [7]


class TestSweep:
    async def test_only_what_nobody_refers_to_is_removed(self, files: GridFiles) -> None:
        nobody, lasting, passing = [
            (await files.put(stream(os.urandom(300_000)), name=name, content_type="t")).id for name in "abc"
        ]
        references = referring(**{lasting: "lasting", passing: "passing"})
        assert await files.sweep(LATER, references) == 1
        assert (await rows(files))["files.files"] == 2
        for id in (lasting, passing):
            assert len(await read(files, id)) == 300_000
        with pytest.raises(Missing):
            await files.open(nobody)

    async def test_what_has_been_there_shortly_is_left_alone(self, files: GridFiles) -> None:
        """Its decision may be running."""
        await files.put(stream(b"x"), name="a", content_type="t")
        assert await files.sweep(LATER - timedelta(milliseconds=1), referring()) == 0
        assert await files.sweep(LATER, referring()) == 1
        assert await rows(files) == EMPTY

    async def test_a_lasting_reference_is_asked_about_once_and_a_passing_one_again(self, files: GridFiles) -> None:
        lasting, passing = [(await files.put(stream(b"x"), name=name, content_type="t")).id for name in "ab"]
        references = referring(**{lasting: "lasting", passing: "passing"})
        await files.sweep(LATER, references)
        waiting = [row async for row in files.mongo.collection(WAITING).find({})]
        assert waiting == [{"_id": passing, "at": LATER}]
        assert await files.sweep(LATER + UNREFERENCED_FOR, referring()) == 1
        assert await read(files, lasting) == b"x"

    async def test_an_upload_that_a_crash_cut_off_is_found_by_its_row(self, files: GridFiles) -> None:
        stored = await files.put(stream(os.urandom(600_000)), name="a", content_type="t")
        await files.mongo.collection("files.files").delete_one({"_id": stored.id})
        assert (await rows(files))["files.chunks"] == 3
        await files.sweep(LATER, referring())
        assert await rows(files) == EMPTY

    async def test_many_are_looked_at_in_parts(self, files: GridFiles) -> None:
        ids = [f"id-{number:04d}" for number in range(2 * AT_ONCE + 1)]
        await files.mongo.collection(WAITING).insert_many([{"_id": id, "at": AT} for id in ids])
        asked: list[str] = []

        async def references(part: Sequence[str]) -> Mapping[str, Reference]:
            assert len(part) <= AT_ONCE
            asked.extend(part)
            return dict.fromkeys(part, "passing")

        assert await files.sweep(LATER, references) == 0
        assert sorted(asked) == ids
