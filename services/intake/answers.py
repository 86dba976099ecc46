"""The timer of answers: filings that nobody answered in time are flagged (quá hạn tiếp nhận; NQ 66.7/2025/NQ-CP Art 8).

The index holds only filings that wait and are not flagged, by the end of their time: a look costs what it finds.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from services.intake.commands.flag_overdue_answer import FlagOverdueAnswer
from services.intake.store import DOSSIERS
from services.kit import logs, metrics
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.lease import Lease
from services.kit.leased_loop import LeasedLoop
from services.kit.mongo import Mongo
from services.kit.work import Cause

log = logs.get("intake.answers")
AT_ONCE = 200


@dataclass
class AnswerTimer:
    """Looks for filings whose time to answer is over, under the worker's lease."""

    mongo: Mongo
    committer: Committer
    lease: Lease
    now: Now
    pause_s: float = 30.0

    async def run(self, stop: asyncio.Event) -> None:
        await LeasedLoop(self.lease, self.once, self.pause_s).run(stop)

    async def once(self) -> int:
        """Flag all that are overdue now. Returns: how many were flagged."""
        now, flagged = self.now(), 0
        after: dict[str, Any] | None = None
        while self.lease.held:
            query: dict[str, Any] = {"answer_watch": {"$lt": now}}
            if after is not None:  # past one that cannot be flagged, too: it must not hide the others
                watch, id = after["answer_watch"], after["_id"]
                query = {
                    "$or": [{"answer_watch": {"$gt": watch, "$lt": now}}, {"answer_watch": watch, "_id": {"$gt": id}}]
                }
            cursor = self.mongo.collection(DOSSIERS.collection).find(query, {"answer_watch": 1})
            found = [document async for document in cursor.sort([("answer_watch", 1), ("_id", 1)]).limit(AT_ONCE)]
            flagged += await self._flag([document["_id"] for document in found])
            if len(found) < AT_ONCE:
                break
            after = found[-1]
        if flagged:
            metrics.count("answers_overdue_total", flagged)
            log.warning("answers.overdue", filings=flagged)
        return flagged

    async def _flag(self, codes: list[str]) -> int:
        """Together, in few transactions; one that fails (a bug, a conflict) is left to the next look."""
        cause = Cause(new_id())
        results = await asyncio.gather(
            *(self.committer.run(FlagOverdueAnswer(code), cause=cause) for code in codes), return_exceptions=True
        )
        for code, result in zip(codes, results, strict=True):
            if isinstance(result, BaseException):
                log.error("answers.flag_failed", code=code, error=type(result).__name__, exc_info=result)
        return sum(result is True for result in results)
