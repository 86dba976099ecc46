"""A long list, read in its order from any place on, in windows of time that grow.

MongoDB stops reading at a limit. The smaller servers of its protocol read everything that matches first, and use an
index for one shape only: equality on its first fields and a range of the next. So each query has that shape, and what
matches is kept small.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.kit.mongo import Mongo

GROWING = 4
"""Each window is so many times as long as the one before."""
MOST = 4
"""The last one holds all the rest: a short list is not worth many questions."""


@dataclass(frozen=True)
class Span:
    """Which part of a list; the list is in the order of `field`, then of ids."""

    field: str
    first: timedelta
    """Length of the first window."""
    since: datetime | None = None
    """None: everything before `turn` is the first window."""
    until: datetime | None = None
    """Not included."""
    turn: datetime | None = None
    after: tuple[datetime, str] | None = None
    """Behind this one; takes the place of `since`."""

    def windows(self) -> Iterator[Mapping[str, Any]]:
        """Conditions, in order; nothing lies in two of them."""
        if self.after is not None and (self.since is None or self.after[0] >= self.since):
            edge, id = self.after
            low = {"$gt": edge}
            yield {self.field: edge, "_id": {"$gt": id}}
        elif self.since is not None:
            edge, low = self.since, {"$gte": self.since}
        else:
            assert self.turn is not None
            edge, low = self.turn, {"$gte": self.turn}
            yield {self.field: {"$lt": edge if self.until is None else min(edge, self.until)}}
        length = self.first
        for _ in range(MOST):
            try:
                edge += length
            except OverflowError:  # a place that somebody made up
                break
            if self.until is not None and edge >= self.until:
                break
            yield {self.field: low | {"$lt": edge}}
            low, length = {"$gte": edge}, GROWING * length
        yield {self.field: low if self.until is None else low | {"$lt": self.until}}


async def take(
    mongo: Mongo, collection: str, query: Mapping[str, Any], span: Span, limit: int
) -> list[Mapping[str, Any]]:
    """The first documents of a span, in its order."""
    found: list[Mapping[str, Any]] = []
    for window in span.windows():
        if len(found) >= limit:
            break
        cursor = mongo.collection(collection).find({**query, **window})
        ordered = cursor.sort([(span.field, 1), ("_id", 1)]).limit(limit - len(found))
        found += [document async for document in ordered]
    return found


async def count(mongo: Mongo, collection: str, queries: Iterable[Mapping[str, Any]], span: Span, most: int) -> int:
    """How many there are in a span, over all queries; one more than `most` stands for all that are more."""
    number = 0
    for window in span.windows():
        for query in queries:
            if number <= most:
                number += await mongo.collection(collection).count_documents(
                    {**query, **window}, limit=most + 1 - number
                )
    return number
