"""How much waits to be sent, and for how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pymongo import ASCENDING

from services.kit.mongo import Mongo
from services.kit.outbox import OUTBOX

MOST = 10_000
"""Outbox documents that are looked at, oldest first."""


@dataclass(frozen=True)
class TopicDepth:
    """Events of one topic that wait."""

    events: int
    oldest: datetime


@dataclass(frozen=True)
class Depth:
    """What waits in one service. Where it is not `whole`, there is more than was looked at."""

    documents: int
    whole: bool
    topics: Mapping[str, TopicDepth]

    @property
    def events(self) -> int:
        return sum(topic.events for topic in self.topics.values())

    @property
    def oldest(self) -> datetime | None:
        return min((topic.oldest for topic in self.topics.values()), default=None)


async def outbox_depth(mongo: Mongo, most: int = MOST) -> Depth:
    """Count what waits; the price is what is waiting, at most `most` documents, not what was ever sent."""
    fields = {"created_at": 1, "events.topic": 1}
    waiting = mongo.collection(OUTBOX).find({"pending": True}, fields).sort("_id", ASCENDING).limit(most + 1)
    documents = 0
    events: Counter[str] = Counter()
    oldest: dict[str, datetime] = {}
    async for document in waiting:
        documents += 1
        if documents > most:
            break
        for event in document["events"]:
            events[event["topic"]] += 1
            oldest[event["topic"]] = min(oldest.get(event["topic"], document["created_at"]), document["created_at"])
    topics = {topic: TopicDepth(events[topic], oldest[topic]) for topic in sorted(events)}
    return Depth(min(documents, most), documents <= most, topics)
