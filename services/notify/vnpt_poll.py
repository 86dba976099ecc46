"""VNPT reports nothing by itself: it is asked, lap by lap, what became of the texts it has taken.

An answer that is final becomes an ordinary receipt, stored first and applied by the loop of the receipts. A lap goes
through all that wait, the oldest first, so that texts without an end cannot keep the others from their turn. What is
older than an hour is asked about in every tenth lap only: news of it is rare, and the gateway counts questions too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.kit import logs, metrics
from services.kit.clock import Now
from services.kit.lease import Lease
from services.kit.leased_loop import LeasedLoop
from services.kit.mongo import Mongo
from services.notify.channels.base import Gateway, Question
from services.notify.channels.vnpt_errors import TOO_FAST
from services.notify.domain.results import Answer, Fate
from services.notify.receipt_box import ReceiptBox
from services.notify.receipts import NEW
from services.notify.store import NOTICES, poll_token

log = logs.get("notify.vnpt_poll")
PROVIDER = "vnpt"
BATCH = 200
"""Texts of one round; a lap may have many."""
BUSY_PAUSE_S = 0.2
MOST_AT_ONCE = 8
OLD = timedelta(hours=1)
OLD_EVERY = 10
FIELDS = {
    "created_at": 1,
    **{f"attempts.{name}": 1 for name in ("id", "provider", "provider_id", "at", "delivered_at", "failed_at")},
}
Place = tuple[datetime, str]
"""Of a notice in a lap."""
FINAL: Mapping[Fate, bool] = {Fate.DELIVERED: True, Fate.NOT_DELIVERED: False}


@dataclass
class VnptPoll:
    """Under the worker's lease: two processes that ask would make one gateway too fast for both."""

    mongo: Mongo
    box: ReceiptBox
    gateway: Gateway
    lease: Lease
    now: Now
    every_s: float
    _at_once: int = MOST_AT_ONCE
    _lap: int = 0
    _after: Place | None = None
    """The last notice of this lap that was looked at."""

    async def run(self, stop: asyncio.Event) -> None:
        await LeasedLoop(self.lease, self.once, self.every_s, busy_s=min(BUSY_PAUSE_S, self.every_s)).run(stop)

    async def once(self) -> bool:
        """One round. Returns: whether the lap goes on at once, for more texts wait and the gateway is not too busy."""
        found = await self._next()
        waiting = [(_place(document), question) for document in found for question in self._questions(document)]
        asked = 0
        while asked < len(waiting):
            together = [question for _, question in waiting[asked : asked + self._at_once]]
            answers = await asyncio.gather(*(self.gateway.ask(question) for question in together))
            await asyncio.gather(*map(self._note, together, answers))
            if any(answer.gateway_code == TOO_FAST for answer in answers):
                self._go_on_after(waiting, asked)
                self._at_once = max(1, self._at_once // 2)
                log.info("vnpt_poll.too_fast", at_once=self._at_once)
                return False
            asked += len(together)
            if all(answer.fate is Fate.NO_ANSWER for answer in answers):
                self._go_on_after(waiting, asked)
                log.warning("vnpt_poll.no_answer", gateway_code=answers[-1].gateway_code)
                return False
        self._at_once = min(MOST_AT_ONCE, self._at_once + 1)
        if len(found) < BATCH:
            self._after, self._lap = None, self._lap + 1
            return False
        self._after = _place(found[-1])
        return True

    def _go_on_after(self, waiting: Sequence[tuple[Place, Question]], asked: int) -> None:
        """The lap stops here and goes on in the next round."""
        if asked:
            self._after = waiting[asked - 1][0]

    async def _next(self) -> list[dict[str, Any]]:
        """The oldest notices of this lap that were not looked at."""
        query: dict[str, Any] = {"tokens": poll_token(PROVIDER)}
        if self._after is not None:
            at, id = self._after
            query["$or"] = [{"created_at": {"$gt": at}}, {"created_at": at, "_id": {"$gt": id}}]
        found = self.mongo.collection(NOTICES.collection).find(query, FIELDS)
        return [document async for document in found.sort([("created_at", 1), ("_id", 1)]).limit(BATCH)]

    def _questions(self, document: Mapping[str, Any]) -> list[Question]:
        """Its texts that have no receipt."""
        waiting = [
            Question(attempt["id"], attempt.get("provider_id", ""), attempt["at"])
            for attempt in document["attempts"]
            if attempt.get("provider") == PROVIDER
            and attempt.get("delivered_at") is None
            and attempt.get("failed_at") is None
        ]
        if self._lap % OLD_EVERY == 0:
            return waiting
        youngest = self.now() - OLD
        return [question for question in waiting if question.at > youngest]

    async def _note(self, question: Question, answer: Answer) -> None:
        delivered = FINAL.get(answer.fate)
        if delivered is None:
            return
        now = self.now()
        word = "delivered" if delivered else "failed"
        new = await self.box.put(
            {
                "_id": f"{PROVIDER}|{word}|{question.attempt_id}",
                "provider": PROVIDER,
                "event": "poll",
                "ref": question.attempt_id,
                "provider_id": "",
                "delivered": delivered,
                "at": now,  # when it arrived is not said
                "received_at": now,
                "lane": NEW,
            }
        )
        metrics.count("receipts_total", provider=PROVIDER, result="stored" if new else "repeated")


def _place(document: Mapping[str, Any]) -> Place:
    return document["created_at"], document["_id"]
