"""A dossier was received: open its case and hand it to the first agency, or count it when it is resolved already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.events.intake import DossierSubmitted
from contracts.problems import NotYet
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.commands.emit import keep
from services.routing.deadlines import budgets, timeliness
from services.routing.domain import actions
from services.routing.domain.case import Case, plan
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
        resolved_at, outcome = submitted.resolved_at, submitted.outcome
        closed = resolved_at is not None and outcome is not None
        directory = work.get(DIRECTORY, THE_DIRECTORY) or Directory()
        found = turns(workflow, directory, submitted.counter, submitted.competent_agency, closed=closed)
        # Budgets are for work to come, and need a calendar that knows the year; an old register's may be past it.
        shares = [turn.share for turn in found]
        dues = [submitted.due_at] * len(found) if closed else budgets(submitted.received_at, submitted.due_at, shares)
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
            steps=plan(found, dues),
            backfill=submitted.backfill,
        )
        if resolved_at is not None and outcome is not None:
            keep(work, actions.open_resolved(case, outcome, timeliness(resolved_at, submitted.due_at), resolved_at))
        else:
            keep(work, actions.open_case(case, submitted.occurred_at if submitted.backfill else now))
