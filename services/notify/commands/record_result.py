"""What a gateway said about a call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.kit.store import Ref
from services.kit.work import Work
from services.notify.commands.stored import keep
from services.notify.domain.ladder import Policy, decide_after
from services.notify.domain.notice import Notice
from services.notify.domain.results import Result
from services.notify.store import NOTICES


@dataclass(frozen=True)
class RecordResult:
    """Record one call's outcome and take the next step of the ladder."""

    notice_id: str
    attempt_id: str
    result: Result
    policy: Policy
    jitter: float

    def needs(self) -> Iterable[Ref]:
        return (Ref(NOTICES, self.notice_id),)

    def decide(self, work: Work, now: datetime) -> Notice | None:
        notice = work.get(NOTICES, self.notice_id)
        if notice is None:
            return None
        step = decide_after(notice, self.attempt_id, self.result, self.policy, now, self.jitter)
        if step.notice != notice:
            keep(work, step)
        return step.notice
