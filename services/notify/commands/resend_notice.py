"""A clerk or an operator has a notice sent once more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.problems import Conflict, Missing
from services.kit.auth import Caller
from services.kit.store import Ref
from services.kit.work import Work
from services.notify.commands.stored import keep
from services.notify.domain.notice import Notice
from services.notify.domain.resend import Resend, again, check, marked, resend_ids, root_of
from services.notify.domain.steps import Step
from services.notify.store import NOTICES, RECIPIENTS, RESENDS


@dataclass(frozen=True)
class ResendNotice:
    """The same words to the same person, under an id of its own. The same request twice makes one."""

    notice_id: str
    caller: Caller
    why: str
    note: str
    idempotency_key: str
    lifetime: timedelta

    @property
    def _request_id(self) -> str:
        return f"{self.caller.key_id}|{self.idempotency_key}"

    @property
    def _fingerprint(self) -> str:
        return hashlib.sha256("\n".join((self.notice_id, self.why, self.note)).encode()).hexdigest()

    def needs(self) -> Iterable[Ref]:
        return Ref(NOTICES, self.notice_id), Ref(RESENDS, self._request_id)

    def decide(self, work: Work, now: datetime) -> str:
        """Returns: the id of the new notice.

        Raises: Missing `notice-unknown`; Denied `scope-missing`; Conflict `idempotency-key-reused`,
            `notice-not-resendable`, `notice-not-ended`, `notice-untrue`, `contact-wiped`, `resends-too-many`,
            `resend-too-soon`.
        """
        notice = work.get(NOTICES, self.notice_id)
        if notice is None:
            raise Missing("notice-unknown", "Không có thông báo này.")
        self.caller.require("operator", f"counter:{notice.counter}")
        known = work.get(RESENDS, self._request_id)
        if known is not None:
            if known.fingerprint != self._fingerprint:
                raise Conflict("idempotency-key-reused", "Khóa chống trùng này đã dùng cho một yêu cầu khác.")
            return known.notice_id
        root = root_of(notice)
        family = tuple(found for found in work.get_all(NOTICES, (root, *resend_ids(root))) if found is not None)
        recipient = work.get(RECIPIENTS, notice.code)
        check(notice, family, recipient, now)
        assert recipient is not None
        fresh = again(notice, len(family), self.caller.key_id, self.why, now, self.lifetime)
        for old in family:
            keep(work, Step(marked(old, now)))
        keep(work, Step(fresh))
        work.put(RECIPIENTS, recipient.code, recipient.with_notice(fresh))
        work.put(RESENDS, self._request_id, self._record(fresh, now))
        return fresh.id

    def _record(self, fresh: Notice, now: datetime) -> Resend:
        return Resend(self._fingerprint, fresh.id, fresh.resend_of, self.caller.key_id, self.why, self.note, now)
