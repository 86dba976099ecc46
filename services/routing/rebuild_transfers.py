"""Inboxes built anew: the documents of `transfers` as the cases say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from pymongo import DeleteOne, ReplaceOne

from services.kit.clock import Now
from services.kit.errors import Stale
from services.kit.mongo import Mongo, Session, transact
from services.kit.rebuilding import Progress, Rebuilt
from services.routing.store import CASES, TRANSFERS
from services.routing.transfers import documents, transfer_id

AT_ONCE = 100
_OF_THE_WRITE = ("_id", "revision", "changed_at")
"""What tells when it was written, and not what of."""


async def rebuild_transfers(mongo: Mongo, now: Now, progress: Progress) -> Rebuilt:
    """Compare every case with its documents, then every document with its case. Partners and open inboxes see what was
    put right as a change. Raises: Stale, Unavailable."""
    forward = await _cases(mongo, now, progress)
    return forward + Rebuilt(0, await _orphans(mongo, now, progress))


async def _cases(mongo: Mongo, now: Now, progress: Progress) -> Rebuilt:
    looked_at = changed = 0
    async for page in _pages(mongo, CASES.collection, None):
        expected = {case["_id"]: documents(CASES.to_state(case)) for case in page}
        ids = [id for wanted in expected.values() for id in wanted]
        stored = {d["_id"]: d async for d in mongo.collection(TRANSFERS).find({"_id": {"$in": ids}})}
        for code, wanted in expected.items():
            if _differing(wanted, stored):
                changed += await _mend(mongo, now, code, ())
        looked_at += len(page)
        progress(len(page))
    return Rebuilt(looked_at, changed)


async def _orphans(mongo: Mongo, now: Now, progress: Progress) -> int:
    changed = 0
    async for page in _pages(mongo, TRANSFERS, {"_id": 1}):
        codes = list({_code(document) for document in page})
        cases = mongo.collection(CASES.collection).find({"_id": {"$in": codes}}, {"transfers.number": 1})
        known = {case["_id"]: {transfer["number"] for transfer in case["transfers"]} async for case in cases}
        wrong: dict[str, list[str]] = {}
        for document in page:
            code = _code(document)
            if document["_id"] not in {transfer_id(code, number) for number in known.get(code, ())}:
                wrong.setdefault(code, []).append(document["_id"])
        for code, ids in wrong.items():
            changed += await _mend(mongo, now, code, ids)
        progress(len(page))
    return changed


def _code(document: Mapping[str, Any]) -> str:
    return str(document["_id"]).rpartition("/")[0]


async def _mend(mongo: Mongo, now: Now, code: str, orphans: Sequence[str]) -> int:
    """One case, in one transaction that no change of the case can pass by. Returns: documents changed."""

    async def body(session: Session) -> int:
        cases, transfers = mongo.collection(CASES.collection), mongo.collection(TRANSFERS)
        case = await cases.find_one({"_id": code}, session=session)
        wanted = documents(CASES.to_state(case)) if case is not None else {}
        query = {"_id": {"$in": [*wanted, *orphans]}}
        stored = {d["_id"]: d async for d in transfers.find(query, session=session)}
        writes: list[Any] = [
            ReplaceOne({"_id": id}, wanted[id] | {"revision": case["revision"], "changed_at": now()}, upsert=True)
            for id in _differing(wanted, stored)
            if case is not None
        ]
        writes += [DeleteOne({"_id": id}) for id in stored if id not in wanted]
        if not writes:
            return 0
        if case is not None:
            guard = await cases.update_one({"_id": code, "_v": case["_v"]}, {"$inc": {"_v": 1}}, session=session)
            if not guard.matched_count:
                raise Stale(CASES.collection)
        await transfers.bulk_write(writes, ordered=False, session=session)
        return len(writes)

    return await transact(mongo, body)


def _differing(wanted: Mapping[str, Mapping[str, Any]], stored: Mapping[str, Mapping[str, Any]]) -> list[str]:
    found = []
    for id, document in wanted.items():
        kept = {name: value for name, value in stored.get(id, {}).items() if name not in _OF_THE_WRITE}
        if kept != document:
            found.append(id)
    return found


async def _pages(
    mongo: Mongo, collection: str, fields: Mapping[str, int] | None
) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """A whole collection in one reading: pages by id would read it anew for each on the smaller engines."""
    page: list[Mapping[str, Any]] = []
    async for document in mongo.collection(collection).find({}, fields):
        page.append(document)
        if len(page) == AT_ONCE:
            yield page
            page = []
    if page:
        yield page
