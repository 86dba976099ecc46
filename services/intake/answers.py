"""The timer of answers: filings that nobody answered in time are flagged (quá hạn tiếp nhận; NQ 66.7/2025/NQ-CP Art 8).

The index holds only filings that wait and are not flagged, by the end of their time: a look costs what it finds.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from services.intake.commands.flag_overdue_answer import FlagOverdueAnswer
from services.intake.store import DOSSIERS
from services.kit import logs, metrics
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.due import DueWork
from services.kit.lease import Lease
from services.kit.leased_loop import LeasedLoop
from services.kit.mongo import Mongo

log = logs.get("intake.answers")


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
        due = DueWork(
            self.mongo, self.committer, self.lease, self.now, DOSSIERS.collection, "answer_watch", FlagOverdueAnswer
        )
        flagged = sum(result is True for _, result in await due.once())
        if flagged:
            metrics.count("answers_overdue_total", flagged)
            log.warning("answers.overdue", filings=flagged)
        return flagged
