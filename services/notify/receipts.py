"""Receipts wait in their own collection until the worker has matched them to notices.

A receipt may come before the result of its call is stored, twice, an hour late, or for nobody: what does not match is
tried again, first often, then every minute, and after a day filed as unmatched. No phone number is kept.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pymongo import UpdateOne

from services.kit import logs, metrics, points
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.lease import Lease
from services.kit.leased_loop import LeasedLoop
from services.kit.mongo import Mongo
from services.kit.work import Cause, Item
from services.notify.batches import run_isolated
from services.notify.commands.record_receipt import RecordReceipt
from services.notify.domain.notice import notice_of
from services.notify.domain.receipts import Receipt
from services.notify.store import NOTICES, RECEIPTS, sms_token

log = logs.get("notify.receipts")
NEW, SLOW = "new", "slow"
BUSY_PAUSE_S = 0.1
IDLE_PAUSE_S = 0.3
SLOW_EVERY_S = 60.0
FRESH_S = 5.0
BECOMES_SLOW = timedelta(minutes=2)
"""A call's result is stored within this time; what does not match by then is hardly ours."""
BATCH = 200


@dataclass
class ReceiptLoop:
    """Under the worker's lease. Applying a receipt twice changes nothing, so matching and filing need not be one
    transaction."""

    mongo: Mongo
    committer: Committer
    lease: Lease
    now: Now
    kept: timedelta
    arrived: Callable[[str, timedelta], None] = lambda provider, waited: None
    """Takes note of a gateway's receipt and of how long it took."""
    _slow_at: float = 0.0
    _read_at: float = -math.inf

    async def run(self, stop: asyncio.Event) -> None:
        await LeasedLoop(self.lease, self.once, IDLE_PAUSE_S, busy_s=BUSY_PAUSE_S).run(stop)

    async def once(self) -> int:
        """Work through what waits in each lane that is due. Returns: receipts filed."""
        began_at = time.monotonic()
        filed = await self._lane(NEW)
        self._read_at = began_at
        if time.monotonic() >= self._slow_at:
            self._slow_at = time.monotonic() + SLOW_EVERY_S
            filed += await self._lane(SLOW)
        return filed

    async def catch_up(self) -> None:
        """Return once every receipt of some seconds ago has been read: only then does silence mean anything.

        After an outage of this worker the receipts of its last calls lie here unread; to conclude from their absence
        that the phone has nothing would send it the same notice again.
        """
        if time.monotonic() - self._read_at > FRESH_S:
            await self.once()

    async def _lane(self, lane: str) -> int:
        documents = [d async for d in self.mongo.collection(RECEIPTS).find({"lane": lane})]
        filed = 0
        for start in range(0, len(documents), BATCH):
            filed += await self._file(documents[start : start + BATCH])
        return filed

    async def _file(self, documents: Sequence[Mapping[str, Any]]) -> int:
        by_sms = await self._by_sms_id(documents)
        items = []
        for document in documents:
            notice_id = (
                notice_of(document["ref"])
                if document["ref"]
                else by_sms.get((document["provider"], document["provider_id"]), "")
            )
            receipt = Receipt(
                document["provider"], document["ref"], document["provider_id"], document["delivered"], document["at"]
            )
            items.append(Item(RecordReceipt(notice_id, receipt), Cause(new_id(), document["_id"])))
        results = await run_isolated(self.committer, items)
        marks = []
        for document, result in zip(documents, results, strict=True):
            word = "broken" if isinstance(result, Exception) else result.word
            change = self._change(document, word)
            if change is not None:
                marks.append(UpdateOne({"_id": document["_id"]}, change))
            if change is not None and "$unset" in change:
                metrics.count("receipts_total", provider=document["provider"], result=word)
            if word == "applied" and result.waited is not None:
                self.arrived(document["provider"], result.waited)
            if word == "applied" and result.ended is not None:
                metrics.count("notices_ended_total", kind=result.ended.kind, state=result.ended.state)
        if marks:
            await points.reached("receipts-before-mark")
            await self.mongo.collection(RECEIPTS).bulk_write(marks, ordered=False)
        return len(marks)

    async def _by_sms_id(self, documents: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
        """Notices of texts whose receipt came without our own id, by gateway and the gateway's id."""
        wanted = {(d["provider"], d["provider_id"]) for d in documents if not d["ref"] and d["provider_id"]}
        if not wanted:
            return {}
        query = {"tokens": {"$in": [sms_token(*pair) for pair in sorted(wanted)]}}
        fields = {"attempts.provider": 1, "attempts.provider_id": 1}
        found = self.mongo.collection(NOTICES.collection).find(query, fields)
        pairs = [((a["provider"], a["provider_id"]), n["_id"]) async for n in found for a in n["attempts"]]
        return {pair: id for pair, id in pairs if pair in wanted}

    def _change(self, document: Mapping[str, Any], word: str) -> dict[str, Any] | None:
        """What becomes of a receipt's document; None: it stays where it is for the next round."""
        if word != "unmatched":
            return {"$set": {"result": word}, "$unset": {"lane": ""}}
        age = self.now() - document["received_at"]
        if age >= self.kept:
            log.warning("receipt.unmatched", provider=document["provider"], receipt=document["_id"])
            return {"$set": {"result": word}, "$unset": {"lane": ""}}
        if document["lane"] == NEW and age >= BECOMES_SLOW:
            return {"$set": {"lane": SLOW}}
        return None
