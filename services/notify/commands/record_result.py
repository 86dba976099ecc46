"""What a gateway said about a call, and what it answered when it was asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.kit.store import Ref
from services.kit.work import Work
from services.notify.commands.stored import keep
from services.notify.domain.ladder import Ladder
from services.notify.domain.notice import Notice
from services.notify.domain.results import Answer, Result
from services.notify.store import NOTICES


@dataclass(frozen=True)
class RecordResult:
    """Record one call's outcome and take the next step of the ladder."""

    notice_id: str
    attempt_id: str
    result: Result | Answer
    ladder: Ladder
    jitter: float
    template_version: int = 0
    parts: int = 1

    def needs(self) -> Iterable[Ref]:
        return (Ref(NOTICES, self.notice_id),)

    def decide(self, work: Work, now: datetime) -> Notice | None:
        """Returns: the notice as it is now."""
        notice = work.get(NOTICES, self.notice_id)
        if notice is None:
            return None
        if isinstance(self.result, Answer):
            step = self.ladder.after_question(notice, self.attempt_id, self.result, now, self.jitter)
        else:
            step = self.ladder.after_call(self._worded(notice), self.attempt_id, self.result, now, self.jitter)
        if step.notice != notice:
            keep(work, step)
        return step.notice

    def _worded(self, notice: Notice) -> Notice:
        """With what was said, as far as it matters later."""
        attempt = notice.attempt(self.attempt_id)
        if attempt is None:
            return notice
        return notice.with_attempt(replace(attempt, template_version=self.template_version, parts=self.parts))
