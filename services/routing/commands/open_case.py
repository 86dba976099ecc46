"""A dossier was received: open its case and hand it to the first agency."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.events.intake import DossierSubmitted
from contracts.problems import NotYet
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.commands.emit import keep
from services.routing.deadlines import budgets
from services.routing.domain import case as domain
from services.routing.domain.case import Case
from services.routing.domain.directory import Directory
from services.routing.domain.workflow import turns
from services.routing.store import CASES, DIRECTORY, THE_DIRECTORY, WORKFLOWS, workflow_id


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
        yield Ref(DIRECTORY, THE_DIRECTORY)

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
        found = turns(workflow, work.get(DIRECTORY, THE_DIRECTORY) or Directory(), submitted.counter)
        dues = budgets(submitted.received_at, submitted.due_at, [turn.share for turn in found])
        case = Case(
            code=submitted.code,
            procedure_code=submitted.procedure_code,
            procedure_version=submitted.procedure_version,
            mechanism=submitted.mechanism,
            channel=submitted.channel.value,
            counter=submitted.counter,
            received_at=submitted.received_at,
            due_at=submitted.due_at,
            first_due_at=submitted.due_at,
            steps=domain.plan(found, dues),
            backfill=submitted.backfill,
        )
        at = submitted.occurred_at if submitted.backfill else now
        keep(work, domain.open_case(case, at))
