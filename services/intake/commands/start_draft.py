"""Begin a draft of the online form."""

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
class StartDraft:
    """`id` and the token behind `token_hash` are random, made at the edge."""

    id: str
    token_hash: str

    def needs(self) -> Iterable[Ref]:
        return ()

    def decide(self, work: Work, now: datetime) -> Draft:
        draft = domain.start(self.token_hash, now)
        work.put(DRAFTS, self.id, draft)
        return draft
