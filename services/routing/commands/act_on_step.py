"""What an agency does with a step, from HTTP and from its own software on Kafka."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.events import agency as said
from contracts.problems import Invalid, NotYet
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.commands.emit import keep
from services.routing.commands.setting import setting, setting_refs
from services.routing.domain import actions, promises, stops
from services.routing.domain.case import Action, Case, Wanted
from services.routing.domain.checks import check_seen, check_signature, turn_of
from services.routing.domain.flow import Decided
from services.routing.domain.setting import Setting
from services.routing.store import CASES


@dataclass(frozen=True)
class Actor:
    """Who acts, as far as rights go."""

    id: str
    """Key or system, for the audit; never a person's name."""
    supervisor: bool = False
    """May ask for papers a second time (người phụ trách)."""
    head: bool = False
    """Signs apologies and decisions to stop (thủ trưởng cơ quan)."""


PARTNER = Actor("agency-software", supervisor=True, head=True)
"""Partners on Kafka are believed, as far as the broker's ACLs let them write: they answer for who signed."""


@dataclass(frozen=True)
class ActOnStep:
    """The same command from HTTP and from Kafka; `action.agency` is who acts."""

    action: said.AgencyAction
    actor: Actor

    def needs(self) -> Iterable[Ref]:
        yield Ref(CASES, self.action.code)
        yield from setting_refs()

    def decide(self, work: Work, now: datetime) -> Case:
        """
        Raises:
            NotYet `case-unknown`: no such case, or its `submitted` is still on the way.
            Denied `wrong-agency`, `supervisor-needed`, `head-needed`; Conflict `step-unknown`, `step-not-current`,
            `step-not-before`, `action-not-allowed`, `case-withdrawn`, `case-changed`, `supplement-already-requested`,
            `already-extended`; Invalid `due-date-…`, `moment-…`, `ground-missing`, `apology-not-prepared`.
        """
        case = work.get(CASES, self.action.code)
        if case is None:
            raise NotYet("case-unknown", "Không tìm thấy hồ sơ với mã này.")
        turn_of(case, self.action.agency, self.action.step)  # first: others learn nothing of the case's state
        self._check_signature()
        check_seen(case, self.action.revision, self.action.step)
        here = setting(work)
        return keep(work, case, self._decided(case, self._moment(case, now), here), here)

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

    def _decided(self, case: Case, at: datetime, here: Setting) -> Decided:
        action = self.action
        agency, step = action.agency, action.step
        match action:
            case said.AcceptTransfer():
                return actions.accept(case, agency, step, at, here)
            case said.DeclineTransfer():
                return actions.decline(case, agency, step, action.reason, at, here)
            case said.CompleteStep():
                return actions.complete(case, agency, step, action.outcome, at, here, action.ground)
            case said.RequestSupplement():
                wanted = Wanted(action.reason, action.items, action.legal_basis)
                return stops.request_supplement(case, agency, step, wanted, at, supervisor=self.actor.supervisor)
            case said.ExtendDueDate():
                return promises.extend(case, agency, step, action.reason, action.due_at, at, here)
            case said.RequestPayment():
                return stops.request_payment(case, agency, step, action.amount_vnd, action.legal_basis, at)
            case said.HaltProcessing():
                return stops.halt(case, agency, step, action.kind, action.reason, action.legal_basis, at)
            case said.ResumeProcessing():
                return stops.resume(case, agency, step, at, here)
            case said.SendBackStep():
                return actions.send_back(case, agency, step, action.to_step, action.reason, at, here)
            case said.ReopenStep():
                return actions.reopen(case, agency, step, at, here, self.actor.id)
        raise TypeError(type(action).__name__)

    def _check_signature(self) -> None:
        match self.action:
            case said.ExtendDueDate():
                check_signature(Action.EXTEND, head=self.actor.head)
            case said.CompleteStep(outcome=outcome):
                check_signature(outcome, head=self.actor.head)
            case said.HaltProcessing(kind=kind):
                check_signature(kind, head=self.actor.head)
