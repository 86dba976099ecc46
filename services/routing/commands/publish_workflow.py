"""A procedure version was published: derive its workflow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.events.catalogue import ProcedurePublished
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.domain.workflow import derive
from services.routing.store import WORKFLOWS, workflow_id


@dataclass(frozen=True)
class PublishWorkflow:
    """From `procedure.published`."""

    published: ProcedurePublished

    @property
    def _id(self) -> str:
        return workflow_id(self.published.procedure_code, self.published.version)

    def needs(self) -> Iterable[Ref]:
        yield Ref(WORKFLOWS, self._id)

    def decide(self, work: Work, now: datetime) -> None:
        if work.get(WORKFLOWS, self._id) is None:  # a version never changes once it is known
            p = self.published
            work.put(WORKFLOWS, self._id, derive(p.procedure_code, p.version, p.mechanism, p.agencies))
