"""How far the incremental check has read, and the trails, in the database of intake: a run in a fresh container finds
them, and a backup holds them together with what they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DeleteOne, IndexModel, ReplaceOne

from motcua.check.trails import Trail
from services.kit.kafka import Partition
from services.kit.mongo import Mongo

MARKS = "check_marks"
TRAILS = "check_trails"
THE_MARKS = "incremental"
VERSION = 2
"""Of marks and trails. A release that writes others starts over."""
INDEXES = (
    IndexModel([("look_at", ASCENDING)], name="look_at", sparse=True),
    IndexModel([("waits", ASCENDING)], name="waits", sparse=True),
)
MOST_WRITES = 500
MOST_IDS = 300


@dataclass(frozen=True)
class Read:
    """The last record that was read of a partition."""

    offset: int
    id: str
    written_ms: int


@dataclass
class Marks:
    """How far everything was read."""

    epoch: str
    """The life of the log, as settings name it."""
    sent: dict[str, datetime] = field(default_factory=dict)
    """By service: journal rows sent before are known."""
    log_read: bool = False
    """Whether the event log was ever read."""
    log: dict[Partition, Read] = field(default_factory=dict)
    fences: dict[str, int] = field(default_factory=dict)
    """By `group/topic/partition`: how far the consumers were."""
    slots_from: int = 0
    """Ten minutes since 1970 from which on notices are news."""
    answers_began_ms: int | None = None
    recounted_at: datetime | None = None
    """When the statistics were last recounted."""
    recount_failed_at: datetime | None = None
    """When that was tried in vain since then."""
    differences: list[tuple[str, str, str]] = field(default_factory=list)
    """What that found: rule, sum and figures."""

    def to_document(self) -> dict[str, Any]:
        return {
            "_id": THE_MARKS,
            "version": VERSION,
            "epoch": self.epoch,
            "sent": self.sent,
            "log_read": self.log_read,
            "log": [[*place, read.offset, read.id, read.written_ms] for place, read in sorted(self.log.items())],
            "fences": sorted(self.fences.items()),
            "slots_from": self.slots_from,
            "answers_began_ms": self.answers_began_ms,
            "recounted_at": self.recounted_at,
            "recount_failed_at": self.recount_failed_at,
            "differences": [list(one) for one in self.differences],
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Marks:
        log = {(topic, partition): Read(*read) for topic, partition, *read in document["log"]}
        return cls(
            document["epoch"],
            dict(document["sent"]),
            document["log_read"],
            log,
            dict(document["fences"]),
            document["slots_from"],
            document["answers_began_ms"],
            document["recounted_at"],
            document["recount_failed_at"],
            [(rule, sum_, figures) for rule, sum_, figures in document["differences"]],
        )


@dataclass(frozen=True)
class Memory:
    """Marks and trails as they are stored. One run at a time may write."""

    mongo: Mongo

    async def prepare(self) -> None:
        await self.mongo.create_indexes(TRAILS, INDEXES)
        await self.mongo.create_indexes(MARKS, ())

    async def marks(self) -> Marks | None:
        """None: there are none, or another release wrote them."""
        document = await self.mongo.collection(MARKS).find_one({"_id": THE_MARKS})
        return None if document is None or document.get("version") != VERSION else Marks.of(document)

    async def trails(self, ids: Iterable[str]) -> dict[str, Trail]:
        wanted = sorted(ids)
        found: dict[str, Trail] = {}
        for start in range(0, len(wanted), MOST_IDS):
            query = {"_id": {"$in": wanted[start : start + MOST_IDS]}}
            async for document in self.mongo.collection(TRAILS).find(query):
                found[document["_id"]] = Trail.of(document)
        return found

    async def due(self, now: datetime, moved: Sequence[str] | None) -> list[str]:
        """Ids of what must be looked at again.

        Args:
            moved: `group/topic/partition` where a consumer has come further; None: all that wait for one.
        """
        waits = {"waits": {"$exists": True} if moved is None else {"$in": list(moved)}}
        found: list[str] = []
        for query in ({"look_at": {"$lte": now}}, waits):
            found += [document["_id"] async for document in self.mongo.collection(TRAILS).find(query, {"_id": 1})]
        return found

    async def forget(self) -> None:
        """Before starting over: without marks, a run that dies on the way starts over, too."""
        await self.mongo.collection(MARKS).delete_many({"_id": THE_MARKS})
        await self.mongo.collection(TRAILS).delete_many({})

    async def keep(self, trails: Mapping[str, Trail], forgotten: Iterable[str], marks: Marks) -> None:
        """Trails first: a run that dies in between is read again, and what is known already stays as it is."""
        documents = ((trail.to_document(id), trail.stored) for id, trail in trails.items())
        writes: list[Any] = [
            ReplaceOne({"_id": document["_id"]}, document, upsert=True)
            for document, stored in documents
            if document != stored
        ]
        writes += [DeleteOne({"_id": id}) for id in forgotten]
        for start in range(0, len(writes), MOST_WRITES):
            await self.mongo.collection(TRAILS).bulk_write(writes[start : start + MOST_WRITES], ordered=False)
        await self.mongo.collection(MARKS).replace_one({"_id": THE_MARKS}, marks.to_document(), upsert=True)
