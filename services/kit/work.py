"""The one way that state changes: load, decide (pure), commit state + outbox + inbox in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

from pymongo import InsertOne, ReplaceOne

from contracts.envelope import Envelope
from contracts.events import Message
from contracts.topics import Topic
from services.kit.errors import Stale
from services.kit.ids import new_id
from services.kit.mongo import Mongo, Session
from services.kit.mongo.driver import Document
from services.kit.outbox import OUTBOX, Event, documents, row
from services.kit.references import references
from services.kit.store import Ref, Store
from services.kit.tally import Sums

S = TypeVar("S")
R_co = TypeVar("R_co", covariant=True)
MOST_LOOKS = 100
"""A decision that names more aggregates one by one has a bug."""


@dataclass(frozen=True)
class Cause:
    """Where a decision came from: carried into the events it makes."""

    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None


class NotLoaded(BaseException):
    """A decision asks for aggregates that are not loaded yet. No `Exception`: nobody but `decide_all` may catch it."""

    def __init__(self, refs: Sequence[Ref]) -> None:
        super().__init__(f"{refs[0].store.collection}/{refs[0].id}")
        self.refs = refs


class Decision(Protocol[R_co]):
    """One use case on given data. `decide` is called after what it needs is loaded, perhaps more than once."""

    def needs(self) -> Iterable[Ref]: ...

    def decide(self, work: Work, now: datetime) -> R_co:
        """Raises: contracts.problems.Refused; then nothing of this decision is kept."""
        ...


@dataclass
class _Held:
    """An aggregate in the hands of a unit of work."""

    document_exists: bool
    version: int
    sequence: int
    last_outbox: str | None
    state: Any
    dirty: bool = False
    tells: bool = False
    """Whether events of it are in this unit of work."""


@dataclass
class Work:
    """Unit of work over many decisions. Each decision's changes are kept or dropped as a whole."""

    source: str
    """CloudEvents source of the service, `/intake`."""
    now: datetime
    lane: str = ""
    """Which part of a sum this unit of work adds to: no other process uses it at the same time, if that can be had."""
    _held: dict[Ref, _Held] = field(default_factory=dict)
    _events: list[Event] = field(default_factory=list)
    _cause: Cause = field(default_factory=lambda: Cause(correlation_id=""))
    _before: dict[Ref, _Held] = field(default_factory=dict)
    _new_events: list[Event] = field(default_factory=list)
    _mirrors: dict[tuple[str, str], Document] = field(default_factory=dict)
    _new_mirrors: dict[tuple[str, str], Document] = field(default_factory=dict)
    _sums: Sums = field(default_factory=Sums)
    _new_sums: Sums = field(default_factory=Sums)

    async def load(self, mongo: Mongo, refs: Iterable[Ref]) -> None:
        """Read what decisions need, one query a collection, all at once.

        Outside the transaction: every write is guarded by the version read here, so a change in between is noticed
        at the write. The transaction then holds writes only, which makes it short and conflicts rare.
        """
        wanted: dict[tuple[str, bool], dict[str, Ref]] = {}
        known = references(mongo)
        for ref in refs:
            if ref in self._held:
                continue
            remembered = known.get(ref) if ref.store.reference else None
            if remembered is not None:
                self._held[ref] = _held_with(*remembered)
            else:
                wanted.setdefault((ref.store.collection, ref.store.view), {})[ref.id] = ref
        await asyncio.gather(*(self._load(mongo, collection, by_id) for (collection, _), by_id in wanted.items()))

    async def _load(self, mongo: Mongo, collection: str, by_id: Mapping[str, Ref]) -> None:
        ids = list(by_id)
        query: dict[str, Any] = {"_id": ids[0]} if len(ids) == 1 else {"_id": {"$in": ids}}
        projection = next(iter(by_id.values())).store.projection
        found = {document["_id"]: document for document in await mongo.found(collection, query, projection)}
        for id, ref in by_id.items():
            held = self._held[ref] = _held(ref, found.get(id))
            if ref.store.reference and held.document_exists:
                references(mongo).keep(ref, found[id], held.state)

    def get(self, store: Store[S], id: str) -> S | None:
        """The state as decisions before this one in the same unit of work left it.

        Raises: NotLoaded: it was not named in `needs`; `decide_all` loads it and decides anew. For what only loaded
            state can name (the open dossiers of a person); each costs a round trip.
        """
        ref = Ref(store, id)
        if ref not in self._held:
            raise NotLoaded([ref])
        state: S | None = self._held[ref].state
        return state

    def get_all(self, store: Store[S], ids: Iterable[str]) -> list[S | None]:
        """As `get`, in one round trip for all of them. Raises: NotLoaded."""
        refs = [Ref(store, id) for id in ids]
        missing = [ref for ref in refs if ref not in self._held]
        if missing:
            raise NotLoaded(missing)
        return [self._held[ref].state for ref in refs]

    def put(self, store: Store[S], id: str, state: S, *events: tuple[Topic, str, Message]) -> None:
        """Keep a new state and the events that tell of it, in order.

        An id that was not loaded is a new aggregate; if it exists after all, the commit fails and decides anew.

        Args:
            events: topic, record key, message; the first event's sequence follows the aggregate's last one.
        """
        ref = Ref(store, id)
        held = self._held.setdefault(ref, _held(ref, None))
        self._before.setdefault(ref, replace(held))
        held.state, held.dirty = state, True
        for topic, key, message in events:
            held.sequence += 1
            held.tells = True
            envelope = Envelope(
                id=new_id(),
                source=self.source,
                type=message.TYPE,
                time=self.now,
                subject=getattr(message, "code", id),  # the dossier, also where the aggregate is something else
                sequence=held.sequence,
                correlation_id=self._cause.correlation_id or None,
                causation_id=self._cause.causation_id,
                traceparent=self._cause.traceparent,
            )
            aggregate = f"{store.collection}/{id}"
            self._new_events.append(row(topic.name, key, envelope, message.to_json(), aggregate))

    def mirror(self, collection: str, id: str, document: Document) -> None:
        """Write a document that is derived from an aggregate put in this decision, for queries.

        It has no version of its own: the aggregate's guards it, in the same transaction. The last one wins.
        """
        self._new_mirrors[collection, id] = {"_id": id, **document}

    def add(self, collection: str, id: str, key: Mapping[str, Any], amounts: Mapping[str, int]) -> None:
        """Add to a sum without reading it; nothing guards it, so who adds makes sure to do so once.

        Args:
            key: fields of a new document, which say what is summed.
            amounts: by field; a dotted one lies within an embedded document.
        """
        self._new_sums.add(collection, id, key, amounts)

    def begin(self, cause: Cause) -> None:
        """Start the next decision."""
        self._cause = cause
        self._forget()

    def keep(self) -> None:
        """The decision holds."""
        self._events += self._new_events
        self._mirrors |= self._new_mirrors
        self._sums.add_all(self._new_sums)
        self._forget()

    def drop(self) -> None:
        """The decision was refused: everything is as it was before it."""
        self._held.update(self._before)
        self._forget()

    def _forget(self) -> None:
        """Nothing is in the hands of the current decision."""
        self._before, self._new_events, self._new_mirrors, self._new_sums = {}, [], {}, Sums()

    def add_event(self, event: Event) -> None:
        """An event that no aggregate owns (dead letters)."""
        self._events.append(event)

    @property
    def has_events(self) -> bool:
        return bool(self._events)

    @property
    def has_changes(self) -> bool:
        return bool(self._sums) or any(held.dirty for held in self._held.values())

    async def flush(self, mongo: Mongo, session: Session) -> None:
        """Write all changes: one bulk call a collection.

        Raises: Stale: another transaction changed an aggregate first.
        """
        telling = [held.last_outbox for held in self._held.values() if held.tells and held.last_outbox]
        outbox = documents(self._events, max(telling, default=None), self.now)
        writes: dict[str, list[Any]] = {}
        for ref, held in self._held.items():
            if not held.dirty:
                continue
            if ref.store.reference:
                references(mongo).forget(ref)
            document = ref.store.to_document(held.state)
            last = outbox[-1]["_id"] if held.tells else held.last_outbox
            document |= {"_id": ref.id, "_v": held.version + 1, "_n": held.sequence, "_e": last}
            writes.setdefault(ref.store.collection, []).append(
                ReplaceOne({"_id": ref.id, "_v": held.version}, document)
                if held.document_exists
                else InsertOne(document)
            )
        for collection, operations in writes.items():
            result = await mongo.collection(collection).bulk_write(operations, ordered=False, session=session)
            if result.matched_count + result.inserted_count != len(operations):
                raise Stale(collection)
        mirrored: dict[str, list[Any]] = {}
        for (collection, id), document in self._mirrors.items():
            mirrored.setdefault(collection, []).append(ReplaceOne({"_id": id}, document, upsert=True))
        for collection, operations in mirrored.items():
            await mongo.collection(collection).bulk_write(operations, ordered=False, session=session)
        if outbox:
            await mongo.collection(OUTBOX).insert_many(outbox, ordered=False, session=session)
        # Last: sums are what two transactions most likely meet at, so they are held for the shortest time.
        for collection, additions in self._sums.writes(self.lane).items():
            await mongo.collection(collection).bulk_write(additions, ordered=False, session=session)


def _held(ref: Ref, document: dict[str, Any] | None) -> _Held:
    if document is None:
        return _Held(False, 0, 0, None, None)
    return _held_with(document, ref.store.to_state(document))


def _held_with(document: Mapping[str, Any], state: Any) -> _Held:
    return _Held(True, document["_v"], document["_n"], document.get("_e"), state)


@dataclass(frozen=True)
class Item:
    """A decision with its cause, as it enters a unit of work."""

    decision: Decision[Any]
    cause: Cause


async def decide_all(
    mongo: Mongo, work: Work, items: Sequence[Item], catch: type[Exception] | tuple[type[Exception], ...]
) -> list[Any]:
    """Decide one after the other on shared state; a refused one is dropped alone and its error is its result."""
    await work.load(mongo, (ref for item in items for ref in item.decision.needs()))
    results: list[Any] = []
    for item in items:
        try:
            results.append(await _decide(mongo, work, item))
        except catch as error:
            work.drop()
            results.append(error)
        else:
            work.keep()
    return results


async def _decide(mongo: Mongo, work: Work, item: Item) -> Any:
    """Decide, and again for every aggregate that turns out to be needed."""
    for _ in range(MOST_LOOKS):
        work.begin(item.cause)
        try:
            return item.decision.decide(work, work.now)
        except NotLoaded as missing:
            work.drop()
            await work.load(mongo, missing.refs)
    raise RuntimeError("a decision asks for ever more aggregates")
