"""Stores receipts as they come in; those of the same moment share one write."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from pymongo.errors import BulkWriteError

from services.kit.mongo import Mongo
from services.kit.mongo.driver import is_duplicate_key
from services.notify.store import RECEIPTS

MOST_TOGETHER = 200


@dataclass
class ReceiptBox:
    """A gateway wants its answer within two seconds and may send hundreds in one: single inserts would queue up."""

    mongo: Mongo
    _queue: list[tuple[dict[str, Any], asyncio.Future[bool]]] = field(default_factory=list)
    _running: asyncio.Task[None] | None = None

    async def put(self, document: dict[str, Any]) -> bool:
        """Returns once it is stored: True when it is new, False when the same receipt is there already.

        Raises: PyMongoError: not stored; the gateway will bring it again.
        """
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queue.append((document, future))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._drain(), name="receipt-box")
        return await future

    async def _drain(self) -> None:
        while self._queue:
            batch, self._queue = self._queue[:MOST_TOGETHER], self._queue[MOST_TOGETHER:]
            try:
                repeated = await self._insert([document for document, _ in batch])
            except Exception as error:  # noqa: BLE001 - handed to the callers, who are the edge
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for position, (_, future) in enumerate(batch):
                if not future.done():
                    future.set_result(position not in repeated)

    async def _insert(self, documents: list[dict[str, Any]]) -> set[int]:
        """Returns: the positions of those that were there already."""
        try:
            await self.mongo.collection(RECEIPTS).insert_many(documents, ordered=False)
        except BulkWriteError as error:
            failures = (error.details or {}).get("writeErrors", [])
            if not failures or not is_duplicate_key(error) or any(f.get("code") != 11000 for f in failures):
                raise
            return {failure["index"] for failure in failures}
        return set()
