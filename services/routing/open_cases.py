"""All open cases, page by page along their index, for jobs that go through them; and a job that does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar

from services.kit import logs
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.mongo import Mongo
from services.kit.work import Cause, Decision
from services.routing.commands.reschedule_timers import RescheduleTimers
from services.routing.domain.recomputation import Place
from services.routing.store import CASES, EVER

AT_ONCE = 200
SINCE = "open_since"
log = logs.get("routing.open-cases")
R = TypeVar("R")


async def count_open(mongo: Mongo) -> int:
    """How many cases are open, for a progress bar."""
    return int(await mongo.collection(CASES.collection).count_documents({SINCE: EVER}))


async def pages(mongo: Mongo, after: Place | None = None, at_once: int = AT_ONCE) -> AsyncIterator[Sequence[Place]]:
    """Open cases in the order in which they were received.

    What was closed meanwhile is not met, what was received meanwhile is.
    """
    while True:
        cursor = mongo.collection(CASES.collection).find(behind(after), {SINCE: 1}).sort([(SINCE, 1), ("_id", 1)])
        found = [Place(document[SINCE], document["_id"]) async for document in cursor.limit(at_once)]
        if found:
            yield found
        if len(found) < at_once:
            return
        after = found[-1]


def behind(place: Place | None) -> dict[str, Any]:
    """The query of a page; the index `open` answers it in order."""
    if place is None:
        return {SINCE: EVER}
    return {SINCE: {"$gte": place.since}, "$or": [{SINCE: {"$gt": place.since}}, {"_id": {"$gt": place.code}}]}


async def decide_each(
    committer: Committer, codes: Sequence[str], decision: Callable[[str], Decision[R]], cause: Cause
) -> list[tuple[str, R | Exception]]:
    """Decide about each, in few transactions; what fails (a bug, a year that no calendar knows) stops no other."""
    results = await asyncio.gather(
        *(committer.run(decision(code), cause=cause) for code in codes), return_exceptions=True
    )
    decided: list[tuple[str, R | Exception]] = []
    for code, result in zip(codes, results, strict=True):
        if isinstance(result, BaseException) and not isinstance(result, Exception):
            raise result
        if isinstance(result, Exception):
            log.error("open_cases.failed", code=code, error=type(result).__name__, exc_info=result)
        decided.append((code, result))
    return decided


async def reschedule(
    mongo: Mongo, committer: Committer, on_page: Callable[[int], None] = lambda looked_at: None
) -> tuple[int, int]:
    """Let a changed policy apply to the timers of all open cases. Said again it changes nothing.

    Returns: cases whose timers moved, and those that failed.
    """
    cause = Cause(new_id())
    moved = failed = 0
    async for page in pages(mongo):
        results = await decide_each(committer, [place.code for place in page], RescheduleTimers, cause)
        moved += sum(result is True for _, result in results)
        failed += sum(isinstance(result, Exception) for _, result in results)
        on_page(len(page))
    return moved, failed
