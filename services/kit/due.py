"""Deciding about everything whose moment has come, found by the index of that moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.kit import logs
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.kit.work import Cause, Decision

AT_ONCE = 200
log = logs.get("kit.due")


@dataclass
class DueWork:
    """Aggregates of a collection whose `moment_field` lies in the past, each with the decision it needs.

    A decision must move or remove the moment, or it is met again at the next look. One that fails (a bug, a conflict)
    is left to the next look, and never hides the others.
    """

    mongo: Mongo
    committer: Committer
    lease: Lease
    now: Now
    collection: str
    moment_field: str
    """An index on `(moment_field, _id)` that holds only what waits makes a look cost what it finds."""
    decision: Callable[[str], Decision[Any]]
    at_once: int = field(default_factory=lambda: AT_ONCE)

    async def once(self) -> list[tuple[str, Any]]:
        """Decide all that is due now, in few transactions. Returns: ids with what their decisions returned."""
        decided: list[tuple[str, Any]] = []
        async for ids in self._due(self.now()):
            decided += await self._decide(ids)
        return decided

    async def _due(self, now: datetime) -> AsyncIterator[Sequence[str]]:
        queries: list[dict[str, Any]] = [{self.moment_field: {"$lt": now}}]
        while self.lease.held:
            found: list[dict[str, Any]] = []
            for query in queries:
                cursor = self.mongo.collection(self.collection).find(query, {self.moment_field: 1})
                ordered = cursor.sort([(self.moment_field, 1), ("_id", 1)]).limit(self.at_once - len(found))
                found += [document async for document in ordered]
                if len(found) == self.at_once:
                    break
            if found:
                yield [document["_id"] for document in found]
            if len(found) < self.at_once:
                return
            moment, id = found[-1][self.moment_field], found[-1]["_id"]
            # Not as one `$or`, which reads everything on an engine without a plan for it.
            queries = [
                {self.moment_field: moment, "_id": {"$gt": id}},
                {self.moment_field: {"$gt": moment, "$lt": now}},
            ]

    async def _decide(self, ids: Sequence[str]) -> list[tuple[str, Any]]:
        cause = Cause(new_id())
        results = await asyncio.gather(
            *(self.committer.run(self.decision(id), cause=cause) for id in ids), return_exceptions=True
        )
        for id, result in zip(ids, results, strict=True):
            if isinstance(result, BaseException):
                log.error("due.failed", what=self.collection, id=id, error=type(result).__name__, exc_info=result)
        return [(id, result) for id, result in zip(ids, results, strict=True) if not isinstance(result, BaseException)]
