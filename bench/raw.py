"""The raw limit: the same number of documents, one small transaction a dossier, nothing else."""

from __future__ import annotations

import asyncio
import time
from itertools import count

from local.stack import Stack
from services.kit.mongo import Mongo, Session, transact

WRITERS = 8
PAYLOAD = b"x" * 700


async def raw_transactions(stack: Stack, seconds: float) -> float:
    """Transactions per second of five inserts (number, request, person, dossier, outbox), by eight writers."""
    mongo = Mongo(stack.endpoints.mongodb_url, "bench_raw", pool=WRITERS)
    collections = ("numbers", "requests", "persons", "dossiers", "outbox")
    for collection in collections:
        await mongo.create_indexes(collection, [])
    numbers = count(1)
    done = 0
    until = time.monotonic() + seconds

    async def writer() -> None:
        nonlocal done
        while time.monotonic() < until:
            number = next(numbers)

            async def body(session: Session, number: int = number) -> None:
                for collection in collections:
                    document = {"_id": number, "payload": PAYLOAD}
                    await mongo.collection(collection).insert_one(document, session=session)

            await transact(mongo, body)
            done += 1

    started = time.monotonic()
    await asyncio.gather(*(writer() for _ in range(WRITERS)))
    rate = done / (time.monotonic() - started)
    await mongo.drop()
    await mongo.close()
    return rate
