"""What an agency does with a step: accept, decline, complete, request a supplement, extend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.events.agency import (
    AcceptTransfer,
    AgencyAction,
    CompleteStep,
    DeclineTransfer,
    ExtendDueDate,
    RequestSupplement,
)
from contracts.problems import Invalid, NotYet
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.commands.emit import keep
from services.routing.deadlines import timeliness
from services.routing.domain import actions
from services.routing.domain.actions import Decided
from services.routing.domain.case import Case, Wanted
from services.routing.domain.directory import Directory
from services.routing.store import CASES, DIRECTORY, THE_DIRECTORY


@dataclass(frozen=True)
class ActOnStep:
    """The same command from HTTP and from Kafka; `action.agency` is who acts."""

    action: AgencyAction
    supervisor: bool
    """Whether the caller may ask for papers a second time."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(CASES, self.action.code)
        if isinstance(self.action, DeclineTransfer):
            yield Ref(DIRECTORY, THE_DIRECTORY)

    def decide(self, work: Work, now: datetime) -> Case:
        """
        Raises:
            NotYet `case-unknown`: no such case, or its `submitted` is still on the way.
            Denied `wrong-agency`, `supervisor-needed`; Conflict `step-unknown`, `step-not-current`,
            `action-not-allowed`, `case-withdrawn`, `supplement-already-requested`, `already-extended`;
            Invalid `due-date-…`, `moment-…`.
        """
        case = work.get(CASES, self.action.code)
        if case is None:
            raise NotYet("case-unknown", "Không tìm thấy hồ sơ với mã này.")
        at = self._moment(case, now)
        decided = self._decided(case, at, work)
        return keep(work, decided) if decided[0] != case or decided[1] else case

    def _moment(self, case: Case, now: datetime) -> datetime:
        """Only backfilled cases take the stated time: an agency cannot move its own completion before the deadline."""
        stated = self.action.occurred_at
        if stated is None or not case.backfill:
            return now
        if stated > now:
            raise Invalid("moment-in-future", "Thời điểm ghi nhận nằm trong tương lai.")
        if stated < case.received_at:
            raise Invalid("moment-before-receipt", "Thời điểm ghi nhận trước khi hồ sơ được tiếp nhận.")
        return stated

    def _decided(self, case: Case, at: datetime, work: Work) -> Decided:
        match self.action:
            case AcceptTransfer(agency=agency, step=step):
                return actions.accept(case, agency, step, at)
            case DeclineTransfer(agency=agency, step=step, reason=reason):
                directory = work.get(DIRECTORY, THE_DIRECTORY) or Directory()
                return actions.decline(case, agency, step, reason, directory.parent_of(agency), at)
            case CompleteStep(agency=agency, step=step, outcome=outcome, ground=ground):
                return actions.complete(case, agency, step, outcome, timeliness(at, case.due_at), at, ground)
            case RequestSupplement(agency=agency, step=step, reason=reason, items=items, legal_basis=basis):
                wanted = Wanted(reason, items, basis)
                return actions.request_supplement(case, agency, step, wanted, at, supervisor=self.supervisor)
            case ExtendDueDate(agency=agency, step=step, reason=reason, due_at=due_at):
                return actions.extend(case, agency, step, reason, due_at, at)
        raise TypeError(type(self.action).__name__)
