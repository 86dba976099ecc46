"""Kafka -> state: decode each record, decide each, ONE transaction with the fence and the inbox, then Kafka's commit.

What makes the effect happen once, whatever is redelivered:
- the fence `<group>/<topic>@<epoch>/<partition>` holds the next offset and moves in the same transaction as the state:
  a record below it is done, and a zombie with an old fence aborts;
- the inbox holds the ids of applied events: a relay that sends a row twice makes two offsets, one effect.
The commit to Kafka is only a hint where to read on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel, InsertOne, UpdateOne

from contracts.envelope import Envelope
from contracts.events import Message
from contracts.problems import Refused
from services.kit import logs, metrics, telemetry
from services.kit.clock import Now
from services.kit.decoding import Decoded, Poison, decode
from services.kit.errors import FailStop, Stale
from services.kit.failures import DEAD_LETTERS, ParkedKeys, dead_letter
from services.kit.kafka import Record
from services.kit.mongo import Mongo, Session, transact
from services.kit.mongo.driver import PyMongoError, is_duplicate_key
from services.kit.store import Ref
from services.kit.work import Cause, Decision, Item, Work, decide_all

log = logs.get("kit.consumer")
FENCES = "fences"
INBOX = "inbox"
BEHIND = "waits-behind-parked"
BUG = "bug"
MOST_TOGETHER = 500
ATTEMPTS = 3
"""Of one part of a batch; after that the part is made smaller."""
ATTEMPTS_ALONE = 12
INBOX_DAYS = 45
"""Longer than any topic keeps records (30 days) plus the window of a republish."""
INDEXES: Mapping[str, tuple[IndexModel, ...]] = {
    INBOX: (IndexModel([("at", ASCENDING)], name="ttl", expireAfterSeconds=INBOX_DAYS * 86_400),),
    FENCES: (),
}

Handler = Callable[[Any, Envelope], "Decision[Any] | None"]
"""Makes the decision for a message; None: nothing to do for us."""


@dataclass(frozen=True)
class Refusal:
    """The decision of a handler that could not even read its message."""

    error: Exception

    def needs(self) -> Iterable[Ref]:
        return ()

    def decide(self, work: Work, now: datetime) -> None:
        raise self.error


@dataclass(frozen=True)
class BadRecordLimit:
    """Beyond it the consumer stops rather than drain a topic into the dead letters after a bad release."""

    run: int = 200
    """Records in a row, in one partition, without a good one between."""


@dataclass
class Consumer:
    """One consumer group of one service."""

    group: str
    mongo: Mongo
    source: str
    now: Now
    handlers: Mapping[type[Message], Handler]
    command_topics: frozenset[str] = frozenset()
    """Topics of partners' commands: a refused command is a dead letter with its slug. On event topics it parks its key:
    the fact has happened, and only its order can be wrong."""
    epoch: str = "0"
    limit: BadRecordLimit = field(default_factory=BadRecordLimit)
    on_events: Callable[[], None] = lambda: None
    last_batch_at: float = field(default_factory=time.monotonic)
    _together: int = 64

    async def handle(self, records: Sequence[Record]) -> None:
        """Apply a batch. Returns only when its effects are committed.

        Raises: FailStop: too many bad records. Stale, Unavailable: nothing was applied, deliver it again.
        """
        if not records:
            return
        started = time.monotonic()
        topic = records[0].topic
        with telemetry.span("consume", topic=topic, records=len(records)):
            left = list(records)
            while left:
                part, left = left[: self._together], left[self._together :]
                try:
                    await self._apply_part(part)
                except Stale:
                    if len(part) == 1:
                        raise
                    # A long transaction loses every conflict against short ones (a clerk's request on one of its
                    # dossiers): take fewer records together until it gets through, then slowly more again.
                    self._together = max(1, len(part) // 4)
                    left = part + left
                else:
                    self._together = min(MOST_TOGETHER, self._together + max(1, self._together // 4))
        self.last_batch_at = time.monotonic()
        metrics.observe("batch_seconds", self.last_batch_at - started, topic=topic)
        metrics.observe("batch_records", len(records), topic=topic)

    async def _apply_part(self, records: Sequence[Record]) -> None:
        try:
            await self._apply(records, known=False)
        except _Repeated:
            await self._apply(records, known=True)

    async def _apply(self, records: Sequence[Record], *, known: bool) -> None:
        decoded = [decode(record) for record in records]
        # Made once: attempts of the transaction may repeat, and a handler may have opened a sealed box.
        decisions = {id(item): self.decision_for(item) for item in decoded if isinstance(item, Decoded)}

        async def body(session: Session) -> _Batch:
            batch = _Batch(self, session, self.now(), decisions)
            await batch.run(decoded, look_up_inbox=known)
            return batch

        batch = await transact(self.mongo, body, attempts=ATTEMPTS if len(records) > 1 else ATTEMPTS_ALONE)
        batch.report()
        if batch.work.has_events:
            self.on_events()

    def decision_for(self, item: Decoded) -> Decision[Any] | None:
        handler = self.handlers.get(type(item.message))
        try:
            return handler(item.message, item.envelope) if handler else None
        except Exception as error:  # noqa: BLE001 - a bug with one message parks its key, never the partition
            return Refusal(error)

    def cause_of(self, item: Decoded) -> Cause:
        envelope = item.envelope
        with telemetry.span(f"apply {envelope.type}", envelope.traceparent, subject=envelope.subject or ""):
            return Cause(envelope.correlation_id or envelope.id, envelope.id, telemetry.traceparent())


class _Repeated(Exception):
    """An event id was in the inbox already: read the inbox first, then apply the rest."""


class _Parked(Exception):
    """The record waits with its key."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


class _Buried(Exception):
    """The record is a dead letter."""

    def __init__(self, slug: str, detail: str) -> None:
        super().__init__(slug)
        self.slug, self.detail = slug, detail


@dataclass
class _Guarded:
    """A decision that, when it fails, parks or buries its record, and waits behind its key when that is parked."""

    consumer: Consumer
    item: Decoded
    decision: Decision[Any]
    keys: ParkedKeys
    now: datetime

    def needs(self) -> Iterable[Ref]:
        try:
            return list(self.decision.needs())
        except Exception:  # noqa: BLE001 - `decide` meets the same bug and parks the record; here it would stop the topic
            return ()

    def decide(self, work: Work, now: datetime) -> Any:
        record = self.item.record
        if record in self.keys:
            self.keys.append(record, BEHIND, "", self.now)
            raise _Parked(BEHIND)
        try:
            return self.decision.decide(work, now)
        except Refused as error:
            if record.topic in self.consumer.command_topics and not error.retryable:
                raise _Buried(error.slug, error.message) from error
            self.keys.append(record, error.slug, error.message, self.now)
            raise _Parked(error.slug) from error
        except Exception as error:
            log.error(
                "consumer.decision_failed", type=self.item.envelope.type, error=type(error).__name__, exc_info=True
            )
            self.keys.append(record, BUG, type(error).__name__, self.now)
            raise _Parked(BUG) from error


class _Batch:
    """One attempt at one batch, inside one transaction."""

    def __init__(
        self, consumer: Consumer, session: Session, now: datetime, decisions: Mapping[int, Decision[Any] | None]
    ) -> None:
        self.consumer, self.session, self.now, self.decisions = consumer, session, now, decisions
        self.mongo = consumer.mongo
        self.work = Work(consumer.source, now)
        self.applied: list[Decoded] = []
        self.poison: list[Poison] = []
        self.parked: list[tuple[str, str]] = []
        self.repeated: list[str] = []

    async def run(self, decoded: Sequence[Decoded | Poison], *, look_up_inbox: bool) -> None:
        fresh = await self._pass_fence(decoded)
        if not fresh:
            return
        mine = self._sort_out(fresh)
        if look_up_inbox:
            mine = await self._without_known(mine)
        await self._record(mine)
        await self._decide(mine)
        await self._bury()
        await self.work.flush(self.mongo, self.session)

    async def _pass_fence(self, decoded: Sequence[Decoded | Poison]) -> list[Decoded | Poison]:
        """Drop what is done, move each partition's fence past this batch, stop after too many bad records."""
        places: dict[str, list[Decoded | Poison]] = {}
        for item in decoded:
            record = item.record
            place = f"{self.consumer.group}/{record.topic}@{self.consumer.epoch}/{record.partition}"
            places.setdefault(place, []).append(item)
        fences = self.mongo.collection(FENCES)
        query = {"_id": {"$in": list(places)}}
        stored = {d["_id"]: d async for d in fences.find(query)}
        fresh: set[int] = set()
        moves: list[InsertOne[dict[str, Any]] | UpdateOne] = []
        for place, items in places.items():
            fence = stored.get(place)
            start = fence["next"] if fence else 0
            todo = [item for item in items if item.record.offset >= start]
            fresh.update(map(id, todo))
            if not todo:
                continue
            bad = self._bad_run(fence["bad_run"] if fence else 0, todo)
            after = {"next": todo[-1].record.offset + 1, "bad_run": bad, "at": self.now}
            if fence is None:
                moves.append(InsertOne({"_id": place, **after}))
            else:
                moves.append(UpdateOne({"_id": place, "next": start}, {"$set": after}))
        if moves:
            moved = await fences.bulk_write(moves, ordered=False, session=self.session)
            if moved.matched_count + moved.inserted_count != len(moves):
                raise Stale(FENCES)
        return [item for item in decoded if id(item) in fresh]

    def _bad_run(self, run: int, items: Sequence[Decoded | Poison]) -> int:
        for item in items:
            run = run + 1 if isinstance(item, Poison) else 0
            if run > self.consumer.limit.run:
                raise FailStop(
                    f"{run} bad records in a row on {item.record.topic}: is this release older than its input?"
                )
        return run

    def _sort_out(self, fresh: Sequence[Decoded | Poison]) -> list[Decoded]:
        """Poison to the dead letters; away with repeats within the batch and with types we do nothing about."""
        mine: list[Decoded] = []
        seen: set[str] = set()
        for item in fresh:
            if isinstance(item, Poison):
                self.poison.append(item)
            elif item.event_id in seen:
                self.repeated.append(item.record.topic)
            elif self.decisions[id(item)] is not None:
                seen.add(item.event_id)
                mine.append(item)
        return mine

    async def _without_known(self, mine: list[Decoded]) -> list[Decoded]:
        ids = [item.event_id for item in mine]
        inbox = self.mongo.collection(INBOX)
        known = {d["_id"] async for d in inbox.find({"_id": {"$in": ids}}, {"_id": 1})}
        self.repeated += [item.record.topic for item in mine if item.event_id in known]
        return [item for item in mine if item.event_id not in known]

    async def _record(self, mine: Sequence[Decoded]) -> None:
        """Write the inbox first: nearly always nothing is known, and one blind insert is cheaper than a look-up.
        An id in the inbox means "taken over": applied, parked or buried, each in this same transaction."""
        if not mine:
            return
        rows = [{"_id": item.event_id, "at": self.now} for item in mine]
        try:
            await self.mongo.collection(INBOX).insert_many(rows, ordered=False, session=self.session)
        except PyMongoError as error:
            if is_duplicate_key(error):
                raise _Repeated from error
            raise

    async def _decide(self, mine: Sequence[Decoded]) -> None:
        keys = await ParkedKeys.read(self.mongo, self.consumer.group)
        items = [
            Item(_Guarded(self.consumer, item, decision, keys, self.now), self.consumer.cause_of(item))
            for item in mine
            if (decision := self.decisions[id(item)]) is not None
        ]
        results = await decide_all(self.mongo, self.work, items, (_Parked, _Buried))
        for item, result in zip(mine, results, strict=True):
            if isinstance(result, _Buried):
                self.poison.append(Poison(item.record, result.slug, result.detail))
            elif isinstance(result, _Parked):
                self.parked.append((item.record.topic, result.slug))
            else:
                self.applied.append(item)
        await keys.flush(self.mongo, self.session)

    async def _bury(self) -> None:
        if not self.poison:
            return
        documents = []
        for poison in self.poison:
            document, event = dead_letter(self.consumer.group, self.consumer.epoch, poison, self.now)
            documents.append(document)
            self.work.add_event(event)
        await self.mongo.collection(DEAD_LETTERS).insert_many(documents, session=self.session)

    def report(self) -> None:
        for item in self.applied:
            metrics.count("records_consumed_total", topic=item.record.topic, type=item.envelope.type)
        for topic in self.repeated:
            metrics.count("records_repeated_total", topic=topic)
        for poison in self.poison:
            metrics.count("records_dead_lettered_total", topic=poison.record.topic, slug=poison.slug)
            log.warning("consumer.dead_lettered", slug=poison.slug, detail=poison.detail, topic=poison.record.topic)
        for topic, slug in self.parked:
            metrics.count("records_parked_total", topic=topic, slug=slug)
            log.info("consumer.parked", slug=slug, topic=topic)
