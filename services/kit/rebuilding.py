"""What a rebuild does to a read model: look at everything, put right what differs, tell how far it is.

A rebuild works in place, beside running workers: it compares what is stored with what the truth says and writes the
differences only, each write guarded so that a change in between is noticed and looked at anew. So it can be stopped
at any moment and begun again, and a second run changes nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from contracts.events import Message
from services.kit.errors import Stale
from services.kit.mongo import Mongo
from services.kit.outbox import OUTBOX
from services.kit.store import Store

Progress = Callable[[int], None]
"""Told how many more were looked at."""
ROUNDS = 20
"""How often a document that changes under our hands is looked at anew."""
_GUARDS = frozenset({"_id", "_v", "_n", "_e"})


@dataclass(frozen=True)
class Rebuilt:
    """What came of it."""

    looked_at: int
    changed: int

    def __add__(self, other: Rebuilt) -> Rebuilt:
        return Rebuilt(self.looked_at + other.looked_at, self.changed + other.changed)


async def size(mongo: Mongo, collection: str) -> int:
    """About how many documents there are, for a progress bar."""
    return int(await mongo.collection(collection).estimated_document_count())


async def rebuild_derived(mongo: Mongo, store: Store[Any], progress: Progress) -> Rebuilt:
    """The fields of a store's documents that are derived from their state for queries.

    Raises: Stale: a document changes all the time.
    """
    looked_at = changed = 0
    async for document in mongo.collection(store.collection).find({}):
        changed += await _derive(mongo, store, document)
        looked_at += 1
        progress(1)
    return Rebuilt(looked_at, changed)


async def _derive(mongo: Mongo, store: Store[Any], document: Mapping[str, Any]) -> bool:
    found: Mapping[str, Any] | None = document
    collection = mongo.collection(store.collection)
    for _ in range(ROUNDS):
        if found is None:
            return False  # it is gone
        change = _difference(store, found)
        if not change:
            return False
        done = await collection.update_one({"_id": found["_id"], "_v": found["_v"]}, change)
        if done.matched_count:
            return True
        found = await collection.find_one({"_id": found["_id"]})
    raise Stale(store.collection)


def _difference(store: Store[Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """The update that makes the derived fields right; empty: they are."""
    state = store.to_state(document)
    derived = dict(store.derived(state)) if store.derived is not None else {}
    # Only what an index asks for may go: an unknown field may belong to a newer release.
    asked = {name for index in store.indexes for name in index.document["key"]}
    own = {part.name for part in fields(store.state_type)} | _GUARDS
    missing = {name: value for name, value in derived.items() if name not in document or document[name] != value}
    surplus = {name: "" for name in document if name in asked - own and name not in derived}
    change: dict[str, Any] = {"$set": missing} if missing else {}
    return change | ({"$unset": surplus} if surplus else {})


async def journal(mongo: Mongo, *types: type[Message], progress: Progress) -> AsyncIterator[Message]:
    """Every event of some types that a service ever told, in order. All of its journal is read."""
    by_type = {kind.TYPE: kind for kind in types}
    cursor = mongo.collection(OUTBOX).find({}, {"events.type": 1, "events.body": 1}).sort("_id", 1)
    async for document in cursor:
        for event in document["events"]:
            if event["type"] in by_type:
                yield by_type[event["type"]].parse(event["body"])
        progress(1)
