"""Bodies of the desk's requests, and what they become."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from contracts.events.counter import ChecklistLine, OneTimeCode, Sets, WantedPaper
from contracts.problems import Invalid
from contracts.types import (
    Channel,
    HandOverMethod,
    HandOverProof,
    IdentityCheck,
    Moment,
    Money,
    ProcedureCode,
    ReasonCode,
    ReceivedBy,
    Reference,
    ShortText,
    UnitCode,
)
from services.intake.applicants import ApplicantIn, OthersIn, ReceiverIn, Text, sealed_contact
from services.intake.commands.answer_filing import Asked
from services.intake.commands.application import Application
from services.intake.domain.checklist import Line
from services.kit.sealing import Sealer


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ApplicationIn(OthersIn):
    """One dossier's own part: procedure, papers, the other people."""

    model_config = ConfigDict(extra="forbid")

    procedure_code: ProcedureCode
    checklist: tuple[ChecklistLine, ...] = Field(default=(), max_length=200)
    sets: Sets = 1
    return_by: HandOverMethod = HandOverMethod.COUNTER
    fee_paid_vnd: Money | None = None
    competent_agency: UnitCode | None = None
    case: ShortText | None = None
    """The published case (trường hợp) it falls under, where the procedure has several."""
    external_ref: Reference | None = None

    def application(
        self, counter: str, channel: Channel, applicant: ApplicantIn, handed_in_at: str | None, sealer: Sealer | None
    ) -> Application:
        return Application(
            counter=counter,
            procedure_code=self.procedure_code,
            channel=channel,
            applicant=applicant.applicant(),
            submitter=self.submitter.applicant() if self.submitter else None,
            mandated=self.mandated.applicant() if self.mandated else None,
            mandate=self.mandate.mandate() if self.mandate else None,
            handed_in_at=handed_in_at,
            competent_agency=self.competent_agency,
            checklist=lines(self.checklist),
            sets=self.sets,
            return_by=self.return_by,
            return_address=self.return_address,
            fee_paid_vnd=self.fee_paid_vnd,
            clerk=self.clerk,
            external_ref=self.external_ref,
            case=self.case,
            contact=sealed_contact(applicant, self, sealer),
        )


class OnTheSpotIn(_Body):
    """Solved and handed over at once (NĐ 61/2018 Art 17.4)."""

    received_by: ReceivedBy = ReceivedBy.OWNER
    identity_check: IdentityCheck | None = None


class RegisterIn(ApplicationIn):
    """Body of `POST /v1/dossiers`."""

    counter: UnitCode
    handed_in_at: UnitCode | None = None
    """Where the citizen handed it in, when that is another desk (nơi nộp)."""
    channel: Channel = Channel.COUNTER
    applicant: ApplicantIn
    duplicate_confirmed: bool = False
    on_the_spot: OnTheSpotIn | None = None
    occurred_at: Moment | None = None
    backfill: bool = False

    @property
    def wants_notices(self) -> bool:
        return wants_notices(self.applicant, self)


class RegisterManyIn(_Body):
    """Body of `POST /v1/dossiers/batch`: many dossiers of one applicant."""

    counter: UnitCode
    handed_in_at: UnitCode | None = None
    channel: Channel = Channel.COUNTER
    applicant: ApplicantIn
    dossiers: tuple[ApplicationIn, ...] = Field(min_length=1, max_length=50)
    duplicate_confirmed: bool = False
    occurred_at: Moment | None = None

    @property
    def wants_notices(self) -> bool:
        return any(wants_notices(self.applicant, dossier) for dossier in self.dossiers)


class FileIn(ApplicationIn):
    """Body of `POST /v1/filings`: by post, left at the desk, or entered with the citizen's help."""

    counter: UnitCode
    handed_in_at: UnitCode | None = None
    channel: Channel = Channel.POST
    applicant: ApplicantIn
    occurred_at: Moment | None = None

    @property
    def wants_notices(self) -> bool:
        return wants_notices(self.applicant, self)


class AcceptIn(_Body):
    """Body of `POST /v1/dossiers/{code}/accept`."""

    checklist: tuple[ChecklistLine, ...] = Field(default=(), max_length=200)
    fee_paid_vnd: Money | None = None
    clerk: Text | None = None
    occurred_at: Moment | None = None
    case: ShortText | None = None
    """The case that the clerk found it to be; absent: as it was filed."""


class CompletionIn(_Body):
    """Body of `POST /v1/dossiers/{code}/request-completion`."""

    items: tuple[WantedPaper, ...] = Field(default=(), max_length=30)
    legal_basis: ShortText | None = None
    occurred_at: Moment | None = None

    def asked(self) -> tuple[Asked, ...]:
        return tuple(Asked(item.reason, item.paper, item.name) for item in self.items)


class RefuseIn(_Body):
    """Body of `POST /v1/dossiers/{code}/refuse`."""

    grounds: tuple[ReasonCode, ...] = Field(default=(), max_length=10)
    occurred_at: Moment | None = None


class SupplementIn(_Body):
    """Body of `POST /v1/dossiers/{code}/supplement`."""

    checklist: tuple[ChecklistLine, ...] = Field(default=(), max_length=200)
    occurred_at: Moment | None = None


class PaymentIn(_Body):
    """Body of `POST /v1/dossiers/{code}/payment`."""

    amount_vnd: Money
    reference: Reference
    occurred_at: Moment | None = None


class WithdrawIn(_Body):
    """Body of `POST /v1/dossiers/{code}/withdraw`."""

    reason: ReasonCode | None = None
    occurred_at: Moment | None = None


class HandOverIn(_Body):
    """Body of `POST /v1/dossiers/{code}/hand-over`."""

    method: HandOverMethod = HandOverMethod.COUNTER
    received_by: ReceivedBy = ReceivedBy.OWNER
    proof: HandOverProof = HandOverProof.SIGNATURE
    identity_check: IdentityCheck | None = None
    one_time_code: OneTimeCode | None = None
    receiver: ReceiverIn | None = None
    occurred_at: Moment | None = None


def lines(checklist: tuple[ChecklistLine, ...]) -> tuple[Line, ...]:
    return tuple(Line(line.paper, line.state, line.reason) for line in checklist)


def require_notices(sealer: Sealer | None, *, wanted: bool) -> None:
    """Raises: Invalid `notices-not-configured`: somebody expects to be told, and nobody can be."""
    if sealer is None and wanted:
        raise Invalid("notices-not-configured", "Máy chủ chưa có khóa công khai của dịch vụ thông báo.")


def wants_notices(applicant: ApplicantIn, others: OthersIn) -> bool:
    """Whether somebody expects to be told."""
    phone = applicant.phone or others.phone_of_somebody()
    return phone is not None and applicant.notify_by != "none"
