"""A dossier was received: open its case and hand it to the first agencies, or count it when it is resolved already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.events.intake import DossierSubmitted
from contracts.problems import NotYet
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.commands.emit import keep
from services.routing.commands.setting import setting, setting_refs
from services.routing.domain import actions
from services.routing.domain.case import Case, plan
from services.routing.domain.clock import Limit, kept
from services.routing.domain.directory import Directory, unit_of
from services.routing.domain.workflow import Arrival, Workflow, turns
from services.routing.store import CASES, WORKFLOWS, workflow_id


@dataclass(frozen=True)
class OpenCase:
    """From `submitted`."""

    submitted: DossierSubmitted

    @property
    def _workflow(self) -> str:
        return workflow_id(self.submitted.procedure_code, self.submitted.procedure_version)

    def needs(self) -> Iterable[Ref]:
        yield Ref(CASES, self.submitted.code)
        yield Ref(WORKFLOWS, self._workflow)
        yield from setting_refs()

    def decide(self, work: Work, now: datetime) -> None:
        """
        Raises:
            NotYet `workflow-unknown`: the catalogue's news travels on another topic and may come later.
            NotYet `agency-unknown`.
        """
        submitted = self.submitted
        if work.get(CASES, submitted.code) is not None:
            return  # the code is unique for life: the case is open already
        workflow = work.get(WORKFLOWS, self._workflow)
        if workflow is None:
            raise NotYet("workflow-unknown", "Chưa có quy trình cho phiên bản thủ tục này.")
        here = setting(work)
        case = self._case(workflow, here.directory)
        if submitted.resolved_at is not None and submitted.outcome is not None:
            decided = actions.open_resolved(case, submitted.outcome, submitted.resolved_at, here)
        else:
            at = submitted.occurred_at if submitted.backfill else now
            decided = actions.open_case(case, kept(submitted.due_trail), at, here)
        keep(work, None, decided, here)

    def _case(self, workflow: Workflow, directory: Directory) -> Case:
        submitted = self.submitted
        competent = submitted.competent_agency
        arrival = Arrival(
            submitted.counter,
            submitted.channel.value,
            submitted.case,
            competent,
            closed=submitted.resolved_at is not None and submitted.outcome is not None,
        )
        found = turns(workflow, directory, arrival)
        limited = submitted.limit_value is not None and submitted.limit_unit is not None
        return Case(
            code=submitted.code,
            procedure_code=submitted.procedure_code,
            procedure_version=submitted.procedure_version,
            mechanism=submitted.mechanism,
            channel=submitted.channel.value,
            counter=submitted.counter,
            unit=unit_of(submitted.counter) if competent is None else directory.unit_of_agency(competent),
            counted_on=competent or unit_of(submitted.counter),
            field=workflow.field,
            received_at=submitted.received_at,
            due_at=submitted.due_at,
            first_due_at=submitted.due_at,
            steps=plan(found, [submitted.due_at] * len(found)),
            workflow_revision=workflow.revision,
            limit=Limit(submitted.limit_value, submitted.limit_unit)
            if limited and submitted.limit_value is not None and submitted.limit_unit is not None
            else None,
            provisional=competent is not None and not submitted.backfill,
            backfill=submitted.backfill,
        )
