"""The limit of the engines: the same writes with nothing else."""

from __future__ import annotations

import itertools
from typing import Any

from bench.clerks import Level, side_by_side
from local.stack import Stack
from services.intake.store import DOSSIERS, FILINGS_OF_A_PERSON, MORE, NUMBERS, REQUESTS, STORES
from services.kit import schema
from services.kit.mongo import Mongo, Session, transact
from services.kit.outbox import OUTBOX
from services.kit.settings import Settings

_INSERTED = (REQUESTS.collection, FILINGS_OF_A_PERSON.collection, DOSSIERS.collection, OUTBOX)
_numbers = itertools.count(1)


class RawRegistration:
    """A registration's documents by a bare motor loop: one transaction each, the same write concern and indexes."""

    def __init__(self, mongo: Mongo, documents: dict[str, dict[str, Any]]) -> None:
        self._mongo, self._documents = mongo, documents

    @classmethod
    async def like(cls, stack: Stack, code: str) -> RawRegistration:
        """With the documents that intake wrote for a dossier."""
        intake = stack.mongo("intake")
        found = {name: await intake.collection(name).find_one({}) for name in _INSERTED}
        found[DOSSIERS.collection] = await intake.collection(DOSSIERS.collection).find_one({"_id": code})
        found[OUTBOX] = await intake.collection(OUTBOX).find_one({"events.subject": code})
        await intake.close()
        mongo = Mongo(stack.endpoints.mongodb_url, "bench_raw", driver=Settings().mongo_driver, pool=64)
        await mongo.drop()
        await schema.ensure(mongo, STORES, MORE)
        documents = {name: document for name, document in found.items() if document is not None}
        assert documents.keys() == set(_INSERTED)
        documents[OUTBOX]["events"] = documents[OUTBOX]["events"][:1]
        return cls(mongo, documents)

    async def run(self, writers: int, seconds: float) -> Level:
        numbers = self._mongo.collection(NUMBERS.collection)
        for writer in range(writers):
            await numbers.update_one({"_id": f"series-{writer}"}, {"$setOnInsert": {"last": 0}}, upsert=True)
        return await side_by_side(writers, seconds, self._one)

    async def _one(self, writer: int) -> None:
        number = next(_numbers)

        async def body(session: Session) -> None:
            counted = self._mongo.collection(NUMBERS.collection)
            await counted.update_one({"_id": f"series-{writer}"}, {"$inc": {"last": 1}}, session=session)
            for name in _INSERTED:
                document = {**self._documents[name], "_id": f"{name}-{number:09d}"}
                await self._mongo.collection(name).insert_one(document, session=session)

        await transact(self._mongo, body)

    async def close(self) -> None:
        await self._mongo.drop()
        await self._mongo.close()
