"""A partition whose log is not the one that was read: it stands still until the operator gives the log a new epoch.

Below its fence a record counts as done. When a broker loses its log and begins at 0 again, that is wrong for every new
record, and no offset tells. So where records below a fence come (seldom: after a crash or a rebalance), the log must
reach the fence, and the record just before it must be the one that was applied there. If not, the fence is marked: from
then on nothing is taken from the partition and nothing committed, by no member and after no restart, though new records
fill the log up to the fence. A new epoch has fences of its own. See docs/runbooks/kafka-lost-its-log.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from services.kit import logs
from services.kit.kafka import KafkaUnreachable, LogLost, Partition
from services.kit.mongo import Mongo

Ends = Callable[[], Awaitable[Mapping[Partition, int]]]
"""Asks the broker for the ends of what is assigned. Raises: KafkaUnreachable."""
LOOKS = 2
LOOK_AGAIN_S = 1.0
log = logs.get("kit.consumer")


class Below(Exception):
    """Records below these fences came, before anybody has seen that the log reaches them."""

    def __init__(self, fences: Mapping[Partition, int]) -> None:
        super().__init__("below the fence")
        self.fences = dict(fences)


class Replaced(LogLost):
    """The record before the fence is another one than was applied there; not marked yet."""


async def too_short(ends: Ends, fences: Mapping[Partition, int]) -> dict[Partition, int]:
    """Partitions that end below their fence, and where; asked twice, for a mark is for good.

    Raises: KafkaUnreachable: nothing is known.
    """
    short: dict[Partition, int] = {}
    for look in range(LOOKS):
        if look:
            await asyncio.sleep(LOOK_AGAIN_S)
        found = await ends()
        if not found.keys() >= fences.keys():
            raise KafkaUnreachable("a partition was given back")
        short = {place: found[place] for place, fence in fences.items() if found[place] < fence}
        if not short:
            break
    return short


async def mark(mongo: Mongo, fences: str, ids: Mapping[str, int | None], at: datetime) -> None:
    """Mark fences in their collection, by id; the value says where the log ends, None that it holds another record."""
    for id, end in ids.items():
        change = {"$set": {"lost_at": at, "lost_end": end}}
        marked = await mongo.collection(fences).update_one({"_id": id, "lost_at": None}, change)
        if marked.modified_count:
            log.critical("consumer.log_lost", fence=id, log_ends=end)
