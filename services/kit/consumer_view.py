"""A consumer group as MongoDB knows it: what its fences say, what its workers told of themselves, who holds it.

The ends of the log are as the workers saw them a few seconds ago; `motcua lag` asks Kafka itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.topics import CONSUMERS
from services.kit.batch import FENCES, fence_id
from services.kit.kafka import Partition
from services.kit.mongo import Mongo
from services.kit.pauses import Pause, pause_of
from services.kit.watch import GONE_AFTER_S, WORKERS, wall

Told = Mapping[str, Any]
"""A worker's document, see `services.kit.watch`."""


@dataclass(frozen=True)
class GroupView:
    """One consumer group."""

    group: str
    held: Pause | None
    workers: Sequence[Told]
    """Those alive now, the longest running first."""
    read_to: Mapping[Partition, int]
    """The next offset to apply, by the fences: the truth."""

    def holder(self, place: Partition) -> Told | None:
        """The worker that reads a partition."""
        return next((worker for worker in self.workers if self._seen(worker, place)), None)

    def lag(self, place: Partition) -> int | None:
        """Records to apply, as its worker saw it; None: nobody has the partition, or could not look."""
        worker = self.holder(place)
        seen = self._seen(worker, place) if worker else None
        return seen["lag"] if seen else None

    @staticmethod
    def _seen(worker: Told, place: Partition) -> Mapping[str, Any] | None:
        return next((one for one in worker["assigned"] if (one["topic"], one["partition"]) == place), None)


def partitions_of(group: str) -> list[Partition]:
    """Every partition a group reads, by the contract."""
    return [(topic.name, number) for topic in CONSUMERS[group] for number in range(topic.partitions)]


async def group_view(mongo: Mongo, group: str) -> GroupView:
    """Look at a group's own database. A broker that lost its log gets a new epoch: fences of the old one do not count
    once a worker of the new one is there, and without any the newest ones do."""
    alive = wall() - timedelta(seconds=GONE_AFTER_S)
    workers = [told async for told in mongo.collection(WORKERS).find({}) if told["at"] >= alive]
    workers.sort(key=lambda told: told["started_at"])
    fences = [fence async for fence in mongo.collection(FENCES).find({})]
    epochs = {told["epoch"] for told in workers}
    newest: dict[Partition, tuple[datetime, int]] = {}
    for place in partitions_of(group):
        wanted = {fence_id(group, place, epoch) for epoch in epochs}
        for fence in fences:
            if fence["_id"] in wanted or (not epochs and _is_of(fence["_id"], group, place)):
                newest[place] = max(newest.get(place, (fence["at"], 0)), (fence["at"], fence["next"]))
    read_to = {place: offset for place, (_, offset) in newest.items()}
    return GroupView(group, await pause_of(mongo, group), workers, read_to)


def _is_of(id: str, group: str, place: Partition) -> bool:
    return id.startswith(f"{group}/{place[0]}@") and id.endswith(f"/{place[1]}")
