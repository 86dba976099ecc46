"""Commands of counters' own software, as decisions.

What a handler raises is the command's refusal (`Consumer.decision_for`), as if the decision had raised it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel

from contracts.envelope import Envelope
from contracts.events import Message, counter
from contracts.problems import Denied, Invalid
from contracts.types import HandOverMethod, HandOverProof, ReceivedBy
from services.intake.applicants import ApplicantIn, OthersIn, ReceiverIn, open_sealed, sealed_contact
from services.intake.bodies import lines, wants_notices
from services.intake.commands.answer_filing import AcceptFiling, Asked, RefuseDossier, RequestCompletion
from services.intake.commands.application import Application
from services.intake.commands.file_dossier import FileDossier
from services.intake.commands.hand_over_result import HandOverResult
from services.intake.commands.invite import Invite
from services.intake.commands.portal_filing import FILED, PortalFiling, unexpected
from services.intake.commands.rate_dossier import RateDossier, RatingPolicy
from services.intake.commands.register_dossier import History, RegisterDossier
from services.intake.commands.supplement_dossier import SupplementDossier
from services.intake.commands.withdraw_dossier import WithdrawDossier
from services.intake.domain.dossier import HandOver
from services.intake.domain.rating import Scores
from services.intake.http_ratings import CommentIn
from services.kit.clock import Now
from services.kit.consumer import Handler
from services.kit.sealing import Opener, Sealer
from services.kit.work import Decision

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class CounterDoor:
    """The door `counter.intake.v1`. Who may write there is believed, for the counter of its record key."""

    opener: Opener | None
    sealer: Sealer | None
    now: Now
    backfill_counters: frozenset[str]
    portal_door: bool
    rating_policy: RatingPolicy

    def handlers(self) -> Mapping[type[Message], Handler]:
        return {
            counter.RegisterDossier: self.register,
            counter.FileDossier: self.file,
            counter.AcceptFiling: self.accept,
            counter.RequestCompletion: self.request_completion,
            counter.RefuseDossier: self.refuse,
            counter.SupplementDossier: self.supplement,
            counter.WithdrawDossier: self.withdraw,
            counter.HandOverResult: self.hand_over,
            counter.RateDossier: self.rate,
        }

    def register(self, message: counter.RegisterDossier, envelope: Envelope) -> Decision[Any]:
        """Raises: as `_history` and `_application`."""
        history = self._history(message)
        application = replace(
            self._application(message, notices=not message.backfill),
            handed_in_at=message.handed_in_at,
            competent_agency=message.competent_agency,
            sets=message.sets,
            fee_paid_vnd=message.fee_paid_vnd,
        )
        at = self._stated(message, envelope)
        signed = HandOver(at, HandOverMethod.COUNTER, ReceivedBy.OWNER, HandOverProof.SIGNATURE)
        return RegisterDossier(
            request_id=_request_id(envelope),
            fingerprint=application.content,
            application=application,
            received_at=at,
            backfill=message.backfill,
            said_at=envelope.time,
            duplicate_confirmed=message.duplicate_confirmed,
            on_the_spot=signed if message.on_the_spot else None,
            history=history,
        )

    def file(self, message: counter.FileDossier, envelope: Envelope) -> Decision[Any]:
        """Raises: Denied `door-closed`, Invalid `portal-status-unexpected`, and as `_application`."""
        if message.code is not None and not self.portal_door:
            words = "Đơn vị này không nhận hồ sơ từ Cổng Dịch vụ công quốc gia qua đường này."
            raise Denied("door-closed", words)
        if message.code is None and message.portal_status != FILED:
            raise unexpected(message.portal_status)
        application = self._application(message)
        filing = FileDossier(
            request_id=_request_id(envelope) if message.code is None else f"portal|{message.code}",
            fingerprint=application.content,
            application=application,
            filed_at=self._stated(message, envelope),
            code=message.code,
            said_at=envelope.time,
        )
        if message.code is None:
            return filing
        return PortalFiling(message.portal_status, message.code, filing, message.occurred_at)

    def accept(self, message: counter.AcceptFiling, envelope: Envelope) -> Decision[Any]:
        return AcceptFiling(
            message.code,
            frozenset({message.counter}),
            lines(message.checklist),
            message.fee_paid_vnd,
            occurred_at=message.occurred_at,
            said_at=envelope.time,
            case=message.case,
        )

    def request_completion(self, message: counter.RequestCompletion, envelope: Envelope) -> Decision[Any]:
        return RequestCompletion(
            message.code,
            frozenset({message.counter}),
            tuple(Asked(item.reason, item.paper, item.name) for item in message.items),
            message.legal_basis,
            # A partner answers for its own people: a stated legal basis is enough.
            supervisor=True,
            occurred_at=message.occurred_at,
            said_at=envelope.time,
        )

    def refuse(self, message: counter.RefuseDossier, envelope: Envelope) -> Decision[Any]:
        mine = frozenset({message.counter})
        return RefuseDossier(message.code, mine, message.grounds, message.occurred_at, envelope.time)

    def supplement(self, message: counter.SupplementDossier, envelope: Envelope) -> Decision[Any]:
        mine, brought = frozenset({message.counter}), lines(message.checklist)
        return SupplementDossier(message.code, mine, brought, message.occurred_at, envelope.time)

    def withdraw(self, message: counter.WithdrawDossier, envelope: Envelope) -> Decision[Any]:
        mine = frozenset({message.counter})
        return WithdrawDossier(message.code, mine, message.reason, message.occurred_at, envelope.time)

    def hand_over(self, message: counter.HandOverResult, envelope: Envelope) -> Decision[Any]:
        """Raises: as `_open`."""
        receiver = self._open(message.receiver, ReceiverIn) if message.receiver else None
        return HandOverResult(
            message.code,
            frozenset({message.counter}),
            message.method,
            message.received_by,
            message.proof,
            message.identity_check,
            receiver.receiver() if receiver else None,
            message.one_time_code,
            Invite.make(self.sealer),
            message.occurred_at,
            envelope.time,
        )

    def rate(self, message: counter.RateDossier, envelope: Envelope) -> Decision[Any]:
        """Raises: as `_open`."""
        comment = self._open(message.comment, CommentIn).text if message.comment else None
        scores = Scores(
            message.overall,
            message.time_score,
            message.contacts_score,
            message.agencies_score,
            message.attitude_score,
        )
        return RateDossier(
            message.code,
            frozenset({message.counter}),
            scores,
            comment,
            self.rating_policy,
            message.occurred_at,
            envelope.time,
        )

    def _history(self, message: counter.RegisterDossier) -> History:
        """What an old register says; only of a counter whose registers are being migrated.

        Raises: Denied `backfill-not-allowed`, Invalid `history-needs-backfill`, `outcome-missing`.
        """
        told = (message.code, message.resolved_at, message.outcome, message.returned_at)
        if any(told) and not message.backfill:
            words = "Mã hồ sơ, ngày có kết quả, kết quả và ngày trả chỉ ghi được khi nhập sổ cũ (backfill)."
            raise Invalid("history-needs-backfill", words)
        if message.backfill and message.counter not in self.backfill_counters:
            raise Denied("backfill-not-allowed", "Quầy này không được phép nhập sổ cũ (backfill).")
        if (message.resolved_at is None) != (message.outcome is None):
            words = "Hồ sơ cũ đã giải quyết thì phải ghi cả ngày có kết quả và kết quả."
            raise Invalid("outcome-missing", words)
        at = message.returned_at
        returned = HandOver.of_old(at, message.return_by) if at is not None else None
        return History(message.code, None, message.resolved_at, message.outcome, returned)

    def _application(
        self, message: counter.RegisterDossier | counter.FileDossier, *, notices: bool = True
    ) -> Application:
        """Raises: Invalid `notices-not-configured`, and as `_open`."""
        applicant = self._open(message.applicant, ApplicantIn)
        others = OthersIn() if message.others is None else self._open(message.others, OthersIn)
        if notices and self.sealer is None and wants_notices(applicant, others):
            raise Invalid("notices-not-configured", "Máy chủ chưa có khóa công khai của dịch vụ thông báo.")
        return Application(
            counter=message.counter,
            procedure_code=message.procedure_code,
            channel=message.channel,
            applicant=applicant.applicant(),
            submitter=others.submitter.applicant() if others.submitter else None,
            mandated=others.mandated.applicant() if others.mandated else None,
            mandate=others.mandate.mandate() if others.mandate else None,
            checklist=lines(message.checklist),
            return_by=message.return_by,
            return_address=others.return_address,
            clerk=others.clerk,
            external_ref=message.external_ref,
            case=message.case,
            contact=sealed_contact(applicant, others, self.sealer),
        )

    def _open(self, sealed: str, model: type[M]) -> M:
        """Raises: Invalid `sealing-not-configured`, and as `open_sealed`."""
        if self.opener is None:
            raise Invalid("sealing-not-configured", "Máy chủ chưa có khóa để mở dữ liệu đã niêm phong.")
        return open_sealed(self.opener, sealed, model)

    def _stated(self, message: counter.CounterCommand, envelope: Envelope) -> datetime:
        """When it happened at the desk; without a word on it, when the command was sent."""
        now = self.now()
        return message.occurred_at or min(envelope.time or now, now)


def _request_id(envelope: Envelope) -> str:
    """The record is its own idempotency key; what makes two of them one dossier is the counter's reference."""
    return f"kafka|{envelope.source}|{envelope.id}"
