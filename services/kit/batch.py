"""One batch of records in one transaction: fence, inbox, decisions, parked keys, dead letters, outbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel, InsertOne, UpdateOne

from contracts.envelope import Envelope
from contracts.events import Message
from contracts.problems import Refused
from services.kit import logs, metrics, telemetry
from services.kit.decoding import Decoded, Poison
from services.kit.errors import FailStop, Stale
from services.kit.failures import DEAD_LETTERS, ParkedKeys, dead_letter
from services.kit.kafka import LogLost, Partition, Record
from services.kit.lost_logs import Below, Replaced
from services.kit.mongo import Mongo, Session
from services.kit.mongo.driver import PyMongoError, is_duplicate_key
from services.kit.replies import Rejection, Reply, Settled, answer
from services.kit.store import Ref
from services.kit.work import Cause, Decision, Item, Work, decide_all

log = logs.get("kit.consumer")
FENCES = "fences"
INBOX = "inbox"
BEHIND = "waits-behind-parked"
BUG = "bug"
INBOX_DAYS = 45
"""Longer than any topic keeps records (30 days) plus the window of a republish."""
INDEXES: Mapping[str, tuple[IndexModel, ...]] = {
    INBOX: (IndexModel([("at", ASCENDING)], name="ttl", expireAfterSeconds=INBOX_DAYS * 86_400),),
    FENCES: (),
}


@dataclass(frozen=True)
class BadRecordLimit:
    """Beyond it the consumer stops rather than drain a topic into the dead letters after a bad release."""

    run: int = 200
    """Records in a row, in one partition, without a good one between."""


@dataclass(frozen=True)
class Group:
    """What a batch must know of the consumer group it belongs to."""

    name: str
    source: str
    epoch: str = "0"
    command_topics: frozenset[str] = frozenset()
    limit: BadRecordLimit = field(default_factory=BadRecordLimit)
    reply: Reply | None = None
    """Answers the records of command topics."""
    reaches: Mapping[Partition, int] | None = None
    """How far the log is known to reach; None: nobody can say (see `services/kit/lost_logs.py`)."""


def cause_of(item: Decoded) -> Cause:
    """The next link of the chain: events made by this decision name the record's event as their cause."""
    envelope = item.envelope
    link = telemetry.link(f"apply {envelope.type}", envelope.traceparent, subject=envelope.subject or "")
    return Cause(envelope.correlation_id or envelope.id, envelope.id, link)


def fence_id(group: str, place: tuple[str, int], epoch: str) -> str:
    """Where the next offset of a topic's partition stands."""
    return f"{group}/{place[0]}@{epoch}/{place[1]}"


class Repeated(Exception):
    """An event id was in the inbox already: read the inbox first, then apply the rest."""


class Unsplit(Exception):
    """One record among several cannot even be loaded: try them in smaller parts."""


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

    group: Group
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
        if self.item in self.keys:
            self.keys.append(self.item, BEHIND, "", self.now)
            raise _Parked(BEHIND)
        try:
            return self.decision.decide(work, now)
        except Refused as error:
            if record.topic in self.group.command_topics and not error.retryable:
                raise _Buried(error.slug, error.message) from error
            self.keys.append(self.item, error.slug, error.message, self.now)
            raise _Parked(error.slug) from error
        except Exception as error:
            log.error(
                "consumer.decision_failed", type=self.item.envelope.type, error=type(error).__name__, exc_info=True
            )
            self.keys.append(self.item, BUG, type(error).__name__, self.now)
            raise _Parked(BUG) from error


class Batch:
    """One attempt at one batch, inside one transaction."""

    def __init__(
        self,
        group: Group,
        mongo: Mongo,
        session: Session,
        now: datetime,
        decisions: Mapping[int, Decision[Any] | None],
    ) -> None:
        self.group, self.mongo, self.session, self.now, self.decisions = group, mongo, session, now, decisions
        self.work = Work(group.source, now)
        self.applied: list[Decoded] = []
        self.poison: list[Poison] = []
        self.parked: list[tuple[str, str]] = []
        self.repeated: list[str] = []
        self.fresh = False
        """Whether any of its records had not been taken over before."""
        self.settled: dict[int, Settled] = {}
        """By identity of the record."""

    async def run(self, decoded: Sequence[Decoded | Poison], *, look_up_inbox: bool) -> None:
        fresh = await self._pass_fence(decoded)
        if not fresh:
            return
        self.fresh = True
        # A partition has one consumer at a time, so no other process adds to this part of a sum.
        self.work.lane = min(f"{item.record.topic}/{item.record.partition}" for item in decoded)
        mine = self._sort_out(fresh)
        if look_up_inbox:
            mine = await self._without_known(mine)
        await self._record(mine)
        await self._decide(mine)
        self._answer(fresh)
        await self._bury()
        await self.work.flush(self.mongo, self.session)

    async def _pass_fence(self, decoded: Sequence[Decoded | Poison]) -> list[Decoded | Poison]:
        """Drop what is done, move each partition's fence past this batch, stop after too many bad records.

        Raises: LogLost, Below: what is below a fence may not be done at all.
        """
        places: dict[str, list[Decoded | Poison]] = {}
        for item in decoded:
            record = item.record
            place = fence_id(self.group.name, (record.topic, record.partition), self.group.epoch)
            places.setdefault(place, []).append(item)
        fences = self.mongo.collection(FENCES)
        stored = {d["_id"]: d for d in await self.mongo.found(FENCES, {"_id": {"$in": list(places)}})}
        self._same_log({place: items for place, items in places.items() if place in stored}, stored)
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
            last = todo[-1].record
            after = {"next": last.offset + 1, "ms": last.timestamp_ms, "bad_run": bad, "at": self.now}
            if fence is None:
                moves.append(InsertOne({"_id": place, **after}))
            else:
                moves.append(UpdateOne({"_id": place, "next": start}, {"$set": after}))
        if moves:
            moved = await fences.bulk_write(moves, ordered=False, session=self.session)
            if moved.matched_count + moved.inserted_count != len(moves):
                raise Stale(FENCES)
        return [item for item in decoded if id(item) in fresh]

    def _same_log(
        self, places: Mapping[str, Sequence[Decoded | Poison]], stored: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Whether each fence stands in the log that these records come from. Raises: LogLost, Below."""
        marked, other, below = [], [], {}
        for id, items in places.items():
            fence, first = stored[id], items[0].record
            place = (first.topic, first.partition)
            if "lost_at" in fence:
                marked.append(place)
            elif self.group.reaches is not None and first.offset < fence["next"]:
                before = [item.record.timestamp_ms for item in items if item.record.offset == fence["next"] - 1]
                if before and before[0] != fence.get("ms", before[0]):
                    other.append(place)
                elif self.group.reaches.get(place, 0) < fence["next"]:
                    below[place] = fence["next"]
        if marked:
            raise LogLost(marked)
        if other:
            raise Replaced(other)
        if below:
            raise Below(below)

    def _bad_run(self, run: int, items: Sequence[Decoded | Poison]) -> int:
        for item in items:
            run = run + 1 if isinstance(item, Poison) else 0
            if run > self.group.limit.run:
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
                if item.envelope is not None:
                    self._settle(item.record, item.envelope, rejection=Rejection(item.slug, item.detail))
            elif item.event_id in seen:
                self.repeated.append(item.record.topic)
            elif self.decisions[id(item)] is not None:
                seen.add(item.event_id)
                mine.append(item)
        return mine

    async def _without_known(self, mine: list[Decoded]) -> list[Decoded]:
        ids = [item.event_id for item in mine]
        known = {d["_id"] for d in await self.mongo.found(INBOX, {"_id": {"$in": ids}}, {"_id": 1})}
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
                raise Repeated from error
            raise

    async def _decide(self, mine: Sequence[Decoded]) -> None:
        keys = await ParkedKeys.read(self.mongo, self.group.name, self.group.epoch, mine)
        items = [
            Item(_Guarded(self.group, item, decision, keys, self.now), cause_of(item))
            for item in mine
            if (decision := self.decisions[id(item)]) is not None
        ]
        try:
            results = await decide_all(self.mongo, self.work, items, (_Parked, _Buried))
        except (PyMongoError, Stale):
            raise
        except Exception as error:
            if len(mine) > 1:
                raise Unsplit from error
            log.error("consumer.load_failed", type=mine[0].envelope.type, error=type(error).__name__, exc_info=True)
            keys.append(mine[0], BUG, type(error).__name__, self.now)
            results = [_Parked(BUG)]
        for item, result in zip(mine, results, strict=True):
            if isinstance(result, _Buried):
                self.poison.append(Poison(item.record, result.slug, result.detail, taken=item.event_id))
                rejection = Rejection(result.slug, result.detail)
                self._settle(item.record, item.envelope, item.message, rejection=rejection)
            elif isinstance(result, _Parked):
                self.parked.append((item.record.topic, result.slug))
            else:
                self.applied.append(item)
                self._settle(item.record, item.envelope, item.message, result=result)
        await keys.flush(self.mongo, self.session)

    def _settle(self, record: Record, envelope: Envelope, message: Message | None = None, **how: Any) -> None:
        if self.group.reply is not None and record.topic in self.group.command_topics:
            self.settled[id(record)] = Settled(record, envelope, message, **how)

    def _answer(self, fresh: Sequence[Decoded | Poison]) -> None:
        """In the order of the records: who sent several commands reads the answers in that order."""
        for item in fresh:
            settled = self.settled.get(id(item.record))
            if settled is not None and self.group.reply is not None:
                answer(self.work, self.group.reply, settled)

    async def _bury(self) -> None:
        if not self.poison:
            return
        documents = []
        for poison in self.poison:
            document, event = dead_letter(self.group.name, self.group.epoch, poison, self.now)
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
