"""Throw a draft away, with all that was typed and uploaded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.intake.domain import draft as domain
from services.intake.store import DRAFTS
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class DropDraft:
    """The command."""

    id: str
    token_hash: str

    def needs(self) -> Iterable[Ref]:
        yield Ref(DRAFTS, self.id)

    def decide(self, work: Work, now: datetime) -> tuple[str, ...]:
        """Ids of the files that belong to nothing now. Raises: Missing `draft-unknown`, Conflict `draft-filed`."""
        draft = domain.opened(work.get(DRAFTS, self.id), self.token_hash, now)
        work.put(DRAFTS, self.id, domain.drop(draft, now))
        return tuple(file.id for file in draft.attachments.files)
