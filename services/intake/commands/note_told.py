"""Note what notify told the citizen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.intake.domain import informed as domain
from services.intake.domain.informed import Fact, Informed
from services.intake.store import INFORMED
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class NoteTold:
    """From `notice.sent`, `notice.delivered` and `notice.ended`."""

    fact: Fact

    def needs(self) -> Iterable[Ref]:
        yield Ref(INFORMED, self.fact.code)

    def decide(self, work: Work, now: datetime) -> None:
        before = work.get(INFORMED, self.fact.code) or Informed()
        after = domain.learn(before, self.fact)
        if after != before:
            work.put(INFORMED, self.fact.code, after)
