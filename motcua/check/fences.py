"""How far each of our consumers is. What lies in the log from its fence on is on its way to it, however old it is:
Kafka was away, somebody holds the consumer, a worker is slow. That is late, not lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.topics import CONSUMERS, COUNTER_INTAKE, DOSSIER_EVENTS
from services.kit.batch import FENCES
from services.kit.kafka import Partition
from services.kit.mongo import Mongo

READERS: Mapping[str, tuple[str, ...]] = {
    topic.name: tuple(group for group, topics in CONSUMERS.items() if topic in topics)
    for topic in (DOSSIER_EVENTS, COUNTER_INTAKE)
}
"""By topic, who must apply it; of the topics that rules expect something of."""
Place = tuple[int, int]
"""Partition and offset."""


@dataclass(frozen=True)
class Fences:
    """Read before anything else: what lay before a fence then is in every state that is read later."""

    next: Mapping[str, Mapping[Partition, int]] = field(default_factory=dict)
    """By consumer, the offset that it applies next; a partition that is not here: nothing of it was applied."""

    def behind(self, topic: str, at: Place | None) -> list[str]:
        """Consumers that have yet to apply the record at a place."""
        if at is None:
            return []
        partition, offset = at
        readers = (group for group in READERS.get(topic, ()) if group in self.next)
        return [group for group in readers if offset >= self.next[group].get((topic, partition), 0)]

    def behind_all(self, topic: str, at: Place | None) -> bool:
        """Whether no consumer has come to it, as to what was written after the fences were read."""
        behind = self.behind(topic, at)
        return bool(behind) and len(behind) == sum(group in self.next for group in READERS[topic])

    def waits(self, topic: str, at: Place | None) -> Iterator[str]:
        """`group/topic/partition` of each of them."""
        for group in self.behind(topic, at):
            assert at is not None
            yield place_name(group, (topic, at[0]))

    def by_name(self) -> dict[str, int]:
        """By `group/topic/partition`."""
        return {place_name(group, place): n for group, places in self.next.items() for place, n in places.items()}


def place_name(group: str, place: Partition) -> str:
    return f"{group}/{place[0]}/{place[1]}"


async def read_fences(databases: Mapping[str, Mongo], epoch: str | None) -> Fences:
    """
    Args:
        epoch: the life of the log; None: of each partition the one that moved last.
    """
    return Fences({group: await _of_group(databases[group], group, epoch) for group in CONSUMERS if group in databases})


async def _of_group(mongo: Mongo, group: str, epoch: str | None) -> dict[Partition, int]:
    newest: dict[Partition, tuple[datetime, int]] = {}
    async for fence in mongo.collection(FENCES).find({}):
        life, place = _parsed(fence, group)
        if place is not None and epoch in (None, life):
            newest[place] = max(newest.get(place, (fence["at"], 0)), (fence["at"], fence["next"]))
    return {place: offset for place, (_, offset) in newest.items()}


def _parsed(fence: Mapping[str, Any], group: str) -> tuple[str, Partition | None]:
    """Epoch and partition of a fence `<group>/<topic>@<epoch>/<partition>`; None: another group's."""
    of, _, rest = fence["_id"].partition("/")
    place, _, number = rest.rpartition("/")
    topic, _, life = place.partition("@")
    return life, (topic, int(number)) if of == group else None
