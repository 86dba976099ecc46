"""A procedure version was published: derive its workflow, or keep the process that a file gave the version before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.events.catalogue import ProcedurePublished
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.domain.workflow import StatedLimit, Workflow, derive
from services.routing.store import WORKFLOWS, workflow_id


@dataclass(frozen=True)
class PublishWorkflow:
    """From `procedure.published`."""

    published: ProcedurePublished

    @property
    def _id(self) -> str:
        return workflow_id(self.published.procedure_code, self.published.version)

    @property
    def _id_before(self) -> str:
        return workflow_id(self.published.procedure_code, self.published.version - 1)

    def needs(self) -> Iterable[Ref]:
        yield Ref(WORKFLOWS, self._id)
        yield Ref(WORKFLOWS, self._id_before)

    def decide(self, work: Work, now: datetime) -> None:
        if work.get(WORKFLOWS, self._id) is not None:
            return  # a version never changes once it is known
        workflow, before = self._derived(), work.get(WORKFLOWS, self._id_before)
        # A new fee or paper is a new version too; it must not silently put equal shares in the place of the process.
        if before is not None and before.revision and before.rests_on(workflow):
            workflow = replace(workflow, steps=before.steps, in_hours=before.in_hours, revision=before.revision)
        work.put(WORKFLOWS, self._id, workflow)

    def _derived(self) -> Workflow:
        p = self.published
        limits = [
            StatedLimit(rule.value, rule.unit, rule.channel and rule.channel.value, rule.case) for rule in p.limits
        ]
        if p.limit_value is not None and p.limit_unit is not None:
            limits.insert(0, StatedLimit(p.limit_value, p.limit_unit))
        workflow = derive(p.procedure_code, p.version, p.mechanism, p.agencies, p.field)
        return replace(workflow, name=p.name, limits=tuple(limits))
