"""A gateway reports that a message arrived, or that it gave it up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.kit.store import Ref
from services.kit.work import Work
from services.notify.commands.stored import keep
from services.notify.domain.notice import Notice
from services.notify.domain.receipts import Receipt, apply_receipt, attempt_for
from services.notify.store import NOTICES


@dataclass(frozen=True)
class Filed:
    """What became of a receipt."""

    word: Literal["applied", "repeated", "unmatched"]
    ended: Notice | None = None
    """The notice, when this receipt brought it to its end."""
    waited: timedelta | None = None
    """From the hand-over to this receipt, where it is the first one."""


@dataclass(frozen=True)
class RecordReceipt:
    """Apply one receipt to the notice it names."""

    notice_id: str
    receipt: Receipt

    def needs(self) -> Iterable[Ref]:
        return (Ref(NOTICES, self.notice_id),)

    def decide(self, work: Work, now: datetime) -> Filed:
        notice = work.get(NOTICES, self.notice_id)
        step = None if notice is None else apply_receipt(notice, self.receipt, now)
        if notice is None or step is None:
            return Filed("unmatched")
        if step.notice == notice:
            return Filed("repeated")
        keep(work, step)
        attempt = attempt_for(notice, self.receipt)
        waited = None if attempt is None else now - attempt.called_at
        return Filed("applied", step.notice if step.notice.is_final and not notice.is_final else None, waited)
