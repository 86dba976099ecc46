"""Parked keys get their turn: the head of each key first, then what waits behind it, until the key is empty."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo import ASCENDING

from services.kit import logs, metrics, points
from services.kit.batch import BUG
from services.kit.consumer import Consumer
from services.kit.decoding import Poison
from services.kit.errors import Unavailable
from services.kit.failures import (
    DEAD_LETTERS,
    PARKED,
    PARKED_KEYS,
    LetterState,
    dead_letter,
    head_of,
    retry_delay,
    stored_record,
)
from services.kit.lease import Lease
from services.kit.leased_loop import LeasedLoop
from services.kit.mongo import Mongo, Session, transact
from services.kit.operations.outcomes import Outcomes
from services.kit.trying import LOOK_AHEAD, Tried, Trying
from services.kit.work import Work

log = logs.get("kit.retrier")
COUNT_S = 15.0
"""How often parked keys and open dead letters are counted."""
MOST_DUE = 100
"""Keys a round: after an outage all may be due at once."""


@dataclass
class Retrier:
    """Retries the parked keys of one consumer, under the worker's lease, and carries out what operators asked for."""

    mongo: Mongo
    consumer: Consumer
    lease: Lease
    pause_s: float = 0.5
    _trying: Trying = field(init=False)
    _count_at: float = 0.0

    def __post_init__(self) -> None:
        self._trying = Trying(self.mongo, self.consumer)

    async def run(self, stop: asyncio.Event) -> None:
        await LeasedLoop(self.lease, self.once, self.pause_s).run(stop)

    async def once(self) -> int:
        """Try the keys that are due, the longest due first. Returns: records applied."""
        due = {"group": self.consumer.group, "next_at": {"$lte": self.consumer.now()}}
        cursor = self.mongo.collection(PARKED_KEYS).find(due).sort("next_at", ASCENDING).limit(MOST_DUE)
        keys = [document async for document in cursor]
        await self._count()
        applied = 0
        for key in keys:
            if self.lease.held:
                # Anew for each: with many keys the first moment would be minutes old, and what is read in the order of
                # its changes (partners' lists, inboxes) would never meet the last ones.
                applied += await self._try(key, self.consumer.now())
        return applied

    async def _count(self) -> None:
        if time.monotonic() >= self._count_at:
            keys, letters = self.mongo.collection(PARKED_KEYS), self.mongo.collection(DEAD_LETTERS)
            metrics.gauge("parked_keys", await keys.count_documents({"group": self.consumer.group}))
            metrics.gauge("dead_letters_open", await letters.count_documents({"state": LetterState.OPEN.value}))
            self._count_at = time.monotonic() + COUNT_S

    async def _try(self, key: dict[str, Any], now: datetime) -> int:
        """One key; when even trying fails, it waits longer, and the keys after it get their turn all the same."""
        try:
            return await self.replay(key["_id"], now)
        except Unavailable:
            raise
        except Exception as error:
            log.error("retrier.key_failed", error=type(error).__name__, exc_info=True)
            attempts = key["attempts"] + 1
            change = {"attempts": attempts, "slug": BUG, "next_at": now + retry_delay(attempts)}
            await self.mongo.collection(PARKED_KEYS).update_one({"_id": key["_id"]}, {"$set": change})
            await Outcomes(self.mongo, now).key_tried(None, key["_id"], BUG, key["count"])
            return 0

    async def replay(self, key_id: str, now: datetime) -> int:
        """Settle a key's records in order until one has to wait or none is left. Returns: records settled."""
        settled = 0
        while await self._head(key_id, now):
            settled += 1
        return settled

    async def _head(self, key_id: str, now: datetime) -> bool:
        outcomes = Outcomes(self.mongo, now)

        async def body(session: Session) -> bool:
            key, rows = await self._waiting(session, key_id)
            if key is None:
                return False
            if not rows:
                await self.mongo.collection(PARKED_KEYS).delete_one({"_id": key_id}, session=session)
                await outcomes.key_empty(session, key_id)
                return False
            work = Work(self.consumer.source, now)
            dropped = next((row for row in rows if "skip" in row), None)
            tried = self._trying.skipped(dropped) if dropped else await self._trying.first_that_can(work, rows)
            settled = self._trying.is_settled(tried)
            if settled:
                await self._settle(session, outcomes, work, tried)
                await work.flush(self.mongo, session)
                await self._take_away(session, outcomes, tried, rows)
            else:
                await self._let_wait(session, outcomes, key, tried)
            await points.reached("retrier-before-commit")
            return settled

        done = await transact(self.mongo, body)
        await points.reached("retrier-after-commit")
        if done:
            self.consumer.on_events()
        return done

    async def _waiting(self, session: Session, key_id: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        """A parked key and its first records, in order: those that may be tried, and one that shows whether it is the
        last. A record that an operator drops is the head."""
        key = await self.mongo.collection(PARKED_KEYS).find_one({"_id": key_id}, session=session)
        cursor = self.mongo.collection(PARKED).find({"parked_key": key_id}, session=session)
        return key, [row async for row in cursor.sort("_id", ASCENDING).limit(LOOK_AHEAD + 1)]

    async def _settle(self, session: Session, outcomes: Outcomes, work: Work, tried: Tried) -> None:
        """What becomes of a record that waits no more, and who hears of it."""
        self._trying.answer(work, tried)
        letter: str | None = tried.row.get("letter")
        if letter is not None and tried.error is None:
            await outcomes.applied(session, tried.row, ours=tried.ours)
        elif letter is not None:
            await outcomes.refused(session, tried.row, tried.slug, tried.detail)
        elif tried.error is not None:
            poison = Poison(stored_record(tried.row), tried.slug, tried.detail, taken=tried.taken)
            epoch = tried.row.get("epoch", self.consumer.epoch)
            document, event = dead_letter(self.consumer.group, epoch, poison, outcomes.at)
            await self.mongo.collection(DEAD_LETTERS).insert_one(document, session=session)
            work.add_event(event)
            letter = document["_id"]
        if tried.skipped and letter is not None:
            await outcomes.skipped(session, tried.row, letter)

    async def _take_away(
        self, session: Session, outcomes: Outcomes, tried: Tried, rows: Sequence[dict[str, Any]]
    ) -> None:
        keys, row = self.mongo.collection(PARKED_KEYS), tried.row
        await self.mongo.collection(PARKED).delete_one({"_id": row["_id"]}, session=session)
        left = [other for other in rows if other["_id"] != row["_id"]]
        if not left:
            await keys.delete_one({"_id": row["parked_key"]}, session=session)
            await outcomes.key_empty(session, row["parked_key"])
        else:
            change = {"$set": {"attempts": 0, "head": head_of(left[0])}, "$inc": {"count": -1}}
            await keys.update_one({"_id": row["parked_key"]}, change, session=session)

    async def _let_wait(self, session: Session, outcomes: Outcomes, key: dict[str, Any], tried: Tried) -> None:
        attempts = key["attempts"] + 1
        log.info("retrier.still_parked", slug=tried.slug, attempts=attempts, error=type(tried.error).__name__)
        change = {"attempts": attempts, "slug": tried.slug, "next_at": outcomes.at + retry_delay(attempts)}
        await self.mongo.collection(PARKED_KEYS).update_one({"_id": key["_id"]}, {"$set": change}, session=session)
        await outcomes.key_tried(session, key["_id"], tried.slug, key["count"])
        if tried.of_letter:
            await outcomes.waits(session, tried.row, tried.slug)
