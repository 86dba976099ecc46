"""Parked keys get their turn: the head of each key first, then what waits behind it, until the key is empty."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.problems import Invalid, Missing, NotYet, Refused
from services.kit import logs, metrics
from services.kit.batch import cause_of
from services.kit.consumer import Consumer
from services.kit.decoding import Decoded, Poison, decode
from services.kit.errors import Unavailable
from services.kit.failures import DEAD_LETTERS, PARKED, PARKED_KEYS, dead_letter, retry_delay, stored_record
from services.kit.lease import Lease
from services.kit.leased_loop import LeasedLoop
from services.kit.mongo import Mongo, Session, transact
from services.kit.replies import Rejection, Settled, answer
from services.kit.work import Item, Work, decide_all

log = logs.get("kit.retrier")
LOOK_AHEAD = 20
"""How many records of one key are tried for the one that its head waits for."""


class Undecodable(Invalid):
    """A parked record that this release cannot read."""


@dataclass(frozen=True)
class _Tried:
    """What came of trying a parked record."""

    row: dict[str, Any]
    item: Decoded | Poison
    error: Exception | None = None
    result: Any = None
    ours: bool = True
    """False: this release does nothing about such messages."""


@dataclass
class Retrier:
    """Retries the parked keys of one consumer, under the worker's lease."""

    mongo: Mongo
    consumer: Consumer
    lease: Lease
    pause_s: float = 0.5

    async def run(self, stop: asyncio.Event) -> None:
        await LeasedLoop(self.lease, self.once, self.pause_s).run(stop)

    async def once(self) -> int:
        """Try every key that is due. Returns: records applied."""
        now = self.consumer.now()
        cursor = self.mongo.collection(PARKED_KEYS).find({"group": self.consumer.group})
        keys = [document async for document in cursor]
        metrics.gauge("parked_keys", len(keys))
        applied = 0
        for key in keys:
            if key["next_at"] <= now and self.lease.held:
                # Anew for each: with many keys the first moment would be minutes old, and what is read in the order of
                # its changes (partners' lists, inboxes) would never meet the last ones.
                applied += await self._try(key, self.consumer.now())
        return applied

    async def _try(self, key: dict[str, Any], now: datetime) -> int:
        """One key; when even trying fails, it waits longer, and the keys after it get their turn all the same."""
        try:
            return await self.replay(key["_id"], now)
        except Unavailable:
            raise
        except Exception as error:
            log.error("retrier.key_failed", error=type(error).__name__, exc_info=True)
            attempts = key["attempts"] + 1
            change = {"attempts": attempts, "slug": "bug", "next_at": now + retry_delay(attempts)}
            await self.mongo.collection(PARKED_KEYS).update_one({"_id": key["_id"]}, {"$set": change})
            return 0

    async def replay(self, key_id: str, now: datetime) -> int:
        """Apply a key's records in order until one fails or none is left. Returns: records applied."""
        applied = 0
        while await self._head(key_id, now):
            applied += 1
        return applied

    async def _head(self, key_id: str, now: datetime) -> bool:
        async def body(session: Session) -> bool:
            key, rows = await self._waiting(session, key_id)
            if key is None:
                return False
            if not rows:
                await self.mongo.collection(PARKED_KEYS).delete_one({"_id": key_id}, session=session)
                return False
            work = Work(self.consumer.source, now)
            tried = await self._first_that_can(work, rows)
            row, error = tried.row, tried.error
            if error is None or self._is_final(row, error):
                self._answer(work, tried)
            await work.flush(self.mongo, session)
            await self._settle(session, key, row, error, len(rows), now)
            return error is None or self._is_final(row, error)

        done = await transact(self.mongo, body)
        if done:
            self.consumer.on_events()
        return done

    async def _waiting(self, session: Session, key_id: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        """A parked key and its records, in order."""
        key = await self.mongo.collection(PARKED_KEYS).find_one({"_id": key_id}, session=session)
        cursor = self.mongo.collection(PARKED).find({"parked_key": key_id}, session=session)
        return key, sorted([row async for row in cursor], key=lambda row: row["_id"])

    async def _first_that_can(self, work: Work, rows: list[dict[str, Any]]) -> _Tried:
        """The head; but while it waits for a fact, the first behind it that need not wait: it may be that fact.

        Order is promised per topic and source only: an agency's action may be read before the dossier it acts on, and
        a broker that lost its log is filled again by two services, each in its own order. Behind a closed head the
        fact would wait for ever. What changes nothing is no such fact and keeps its place: a withdrawal finds no case
        to withdraw as long as the head has not opened it.
        """
        first: _Tried | None = None
        for row in rows[:LOOK_AHEAD]:
            tried = await self._apply(work, row)
            idle = first is not None and tried.error is None and tried.ours and not work.has_changes
            if not idle and not isinstance(tried.error, NotYet):
                return tried
            first = first or tried
        assert first is not None
        return first

    async def _apply(self, work: Work, row: dict[str, Any]) -> _Tried:
        item = decode(stored_record(row))
        if isinstance(item, Poison):
            # Parked by a newer release and then rolled back, say: this one cannot read it, so a person must.
            return _Tried(row, item, Undecodable(item.slug, item.detail))
        decision = self.consumer.decision_for(item)
        if decision is None:
            return _Tried(row, item, ours=False)
        [result] = await decide_all(self.mongo, work, [Item(decision, cause_of(item))], Exception)
        return _Tried(row, item, result) if isinstance(result, Exception) else _Tried(row, item, result=result)

    def _answer(self, work: Work, tried: _Tried) -> None:
        """What waited is settled now: who sent it hears of it."""
        item, reply = tried.item, self.consumer.reply
        if reply is None or not tried.ours or item.envelope is None:
            return
        if item.record.topic not in self.consumer.command_topics:
            return
        message = item.message if isinstance(item, Decoded) else None
        rejection = Rejection(tried.error.slug, tried.error.message) if isinstance(tried.error, Refused) else None
        answer(work, reply, Settled(item.record, item.envelope, message, tried.result, rejection))

    async def _settle(
        self,
        session: Session,
        key: dict[str, Any],
        row: dict[str, Any],
        error: Exception | None,
        left: int,
        now: datetime,
    ) -> None:
        keys, parked = self.mongo.collection(PARKED_KEYS), self.mongo.collection(PARKED)
        if error is not None and not self._is_final(row, error):
            attempts = key["attempts"] + 1
            slug = error.slug if isinstance(error, Refused) else "bug"
            log.info("retrier.still_parked", slug=slug, attempts=attempts, error=type(error).__name__)
            change = {"attempts": attempts, "slug": slug, "next_at": now + retry_delay(attempts)}
            await keys.update_one({"_id": key["_id"]}, {"$set": change}, session=session)
            return
        if isinstance(error, Refused):
            await self._bury(session, row, error, now)
        await parked.delete_one({"_id": row["_id"]}, session=session)
        if left == 1:
            await keys.delete_one({"_id": key["_id"]}, session=session)
        else:
            await keys.update_one(
                {"_id": key["_id"]}, {"$set": {"attempts": 0}, "$inc": {"count": -1}}, session=session
            )

    def _is_final(self, row: dict[str, Any], error: Exception) -> bool:
        """A command that is now refused for good becomes a dead letter, as it would have been at once; so does what
        cannot be read."""
        if isinstance(error, Undecodable):
            return True
        return isinstance(error, Refused) and not error.retryable and row["topic"] in self.consumer.command_topics

    async def _bury(self, session: Session, row: dict[str, Any], error: Refused, now: datetime) -> None:
        poison = Poison(stored_record(row), error.slug, error.message)
        document, event = dead_letter(self.consumer.group, self.consumer.epoch, poison, now)
        await self.mongo.collection(DEAD_LETTERS).insert_one(document, session=session)
        work = Work(self.consumer.source, now)
        work.add_event(event)
        await work.flush(self.mongo, session)

    async def skip(self, key_id: str, by: str, reason: str) -> None:
        """An operator drops the head record of a key; it is kept as a dead letter with who and why.

        Raises: Missing: no such parked key.
        """
        now = self.consumer.now()

        async def body(session: Session) -> None:
            key, rows = await self._waiting(session, key_id)
            if key is None or not rows:
                raise Missing("parked-key-unknown", "Không có hồ sơ nào đang bị giữ lại với khóa này.")
            skipped = Missing("skipped-by-operator", f"{by}: {reason}")
            await self._bury(session, rows[0], skipped, now)
            words = Missing(skipped.slug, "Người vận hành đã xem và bỏ qua lệnh này. Hãy liên hệ người vận hành.")
            work = Work(self.consumer.source, now)
            self._answer(work, _Tried(rows[0], decode(stored_record(rows[0])), words))
            await work.flush(self.mongo, session)
            await self._settle(session, key, rows[0], None, len(rows), now)

        await transact(self.mongo, body)
