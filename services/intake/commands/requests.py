"""Once and only once: the caller's key and the counter's own reference each stand for one dossier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.problems import Conflict
from services.intake.store import REQUESTS, Request
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class Once:
    """What a registration or filing is known by."""

    request_id: str
    """The caller's idempotency key within its own scope."""
    fingerprint: str
    counter: str
    external_ref: str | None
    content: str

    @property
    def _reference(self) -> str:
        """The counter's own reference, whichever door and key it comes by."""
        return f"ref|{self.counter}|{self.external_ref}"

    def needs(self) -> Iterable[Ref]:
        yield Ref(REQUESTS, self.request_id)
        if self.external_ref is not None:
            yield Ref(REQUESTS, self._reference)

    def answered(self, work: Work) -> str | None:
        """The code that was given before.

        Raises: Conflict `idempotency-key-reused`, `external-ref-reused`: used for another dossier.
        """
        known = work.get(REQUESTS, self.request_id)
        if known is not None:
            if known.fingerprint != self.fingerprint:
                raise Conflict("idempotency-key-reused", "Khóa chống trùng này đã dùng cho một hồ sơ khác.")
            return known.code
        if self.external_ref is not None and (same := work.get(REQUESTS, self._reference)) is not None:
            if same.fingerprint != self.content:
                raise Conflict("external-ref-reused", "Số tham chiếu này của quầy đã dùng cho một hồ sơ khác.")
            return same.code
        return None

    def remember(self, work: Work, code: str, now: datetime) -> None:
        work.put(REQUESTS, self.request_id, Request(self.fingerprint, code, now))
        if self.external_ref is not None:
            work.put(REQUESTS, self._reference, Request(self.content, code, now))
