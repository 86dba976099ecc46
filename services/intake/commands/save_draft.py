"""Save what was typed into the online form so far (tự động lưu bản nháp)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.intake.domain import draft as domain
from services.intake.domain.draft import Draft
from services.intake.store import DRAFTS
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class SaveDraft:
    """`revision` is the one that the window saw last."""

    id: str
    token_hash: str
    revision: int
    content: bytes
    """JSON."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(DRAFTS, self.id)

    def decide(self, work: Work, now: datetime) -> Draft:
        """Raises: Missing `draft-unknown`, Conflict `stale-version`, `draft-filed`."""
        draft = domain.opened(work.get(DRAFTS, self.id), self.token_hash, now)
        saved = domain.save(draft, self.content, self.revision, now)
        if saved != draft:
            work.put(DRAFTS, self.id, saved)
        return saved
