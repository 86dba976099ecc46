"""What a citizen hands in, whichever door it comes by; and how it becomes a dossier."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from contracts.problems import Invalid, Missing
from contracts.types import Channel, HandOverMethod
from services.intake.domain.checklist import Line, check
from services.intake.domain.dossier import Dossier
from services.intake.domain.people import Applicant, Mandate
from services.intake.domain.procedure import Paper, Procedure
from services.intake.domain.status import Status
from services.intake.store import PROCEDURE_VERSIONS, PROCEDURES, version_id
from services.kit.work import Work


@dataclass(frozen=True)
class Application:
    """The content of a dossier as it is handed in."""

    counter: str
    procedure_code: str
    channel: Channel
    applicant: Applicant
    submitter: Applicant | None = None
    mandated: Applicant | None = None
    mandate: Mandate | None = None
    handed_in_at: str | None = None
    competent_agency: str | None = None
    checklist: tuple[Line, ...] = ()
    sets: int = 1
    return_by: HandOverMethod = HandOverMethod.COUNTER
    return_address: str | None = None
    fee_paid_vnd: int | None = None
    clerk: str | None = None
    external_ref: str | None = None
    case: str | None = field(default=None, repr=False)
    """The published case (trường hợp) it falls under, where the procedure has several."""
    contact: str | None = field(default=None, compare=False)
    """Sealed for notify; None: the citizen wants no notices or has no phone. Differs each time it is sealed."""

    @cached_property
    def content(self) -> str:
        """Tells whether a repeated reference comes with the same dossier."""
        said = repr(replace(self, contact=None, external_ref=None))
        # Beside the rest: of what states no case the fingerprint is the one that earlier releases stored.
        return fingerprint((said if self.case is None else f"{said}|{self.case}").encode())

    def dossier(self, code: str, procedure: Procedure, at: datetime) -> Dossier:
        """The dossier, not yet filed or received.

        Raises: Invalid `paper-…`, `case-not-published`, `return-address-missing`.
        """
        case = case_of(procedure, self.case)
        limit = procedure.limit_for(self.channel, case)
        if self.return_by is HandOverMethod.POST and not (self.return_address or self.applicant.address):
            raise Invalid("return-address-missing", "Trả kết quả qua bưu chính thì phải có địa chỉ nhận.")
        return Dossier(
            code=code,
            counter=self.counter,
            procedure_code=procedure.code,
            procedure_version=procedure.version,
            procedure_name=procedure.name,
            field=procedure.field,
            mechanism=procedure.mechanism,
            channel=self.channel,
            applicant=self.applicant,
            status=Status.REGISTERED,
            received_at=at,
            due_at=None,
            first_due_at=None,
            due_explained="",
            first_due_explained="",
            limit_value=limit.value if limit else None,
            limit_unit=limit.unit if limit else None,
            case=case,
            fee_vnd=procedure.fee_vnd,
            fee_paid_vnd=self.fee_paid_vnd,
            sets=self.sets,
            external_ref=self.external_ref,
            handed_in_at=None if self.handed_in_at == self.counter else self.handed_in_at,
            competent_agency=self.competent_agency,
            submitter=self.submitter,
            mandated=self.mandated,
            mandate=self.mandate,
            checklist=check(procedure.papers, self.checklist),
            return_by=self.return_by,
            return_address=self.return_address,
            clerk=self.clerk,
            contact=self.contact,
            can_be_told=self.contact is not None,
        )


def procedure_in_use(work: Work, code: str) -> Procedure:
    """Raises: Missing `procedure-unknown`."""
    procedure = work.get(PROCEDURES, code)
    if procedure is None:
        raise Missing("procedure-unknown", "Không có thủ tục này trong danh mục đang công bố.")
    return procedure


def case_of(procedure: Procedure, stated: str | None) -> str | None:
    """The case as it is published. Raises: Invalid `case-not-published`, with those that there are."""
    if stated is None:
        return None
    case = procedure.known_case(stated)
    if case is None:
        words = "Thủ tục này không công bố trường hợp đó; hãy chọn một trong các trường hợp ở `known`."
        raise Invalid("case-not-published", words, known=list(procedure.cases))
    return case


def papers_of(work: Work, dossier: Dossier) -> tuple[Paper, ...]:
    """The published list of papers of the version under which the dossier was filed."""
    version = version_of(work, dossier)
    return version.papers if version is not None else ()


def version_of(work: Work, dossier: Dossier) -> Procedure | None:
    """The version of the procedure under which the dossier was filed."""
    return work.get(PROCEDURE_VERSIONS, version_id(dossier.procedure_code, dossier.procedure_version))


def fingerprint(body: bytes) -> str:
    """Tells whether a repeated key comes with the same content."""
    return hashlib.sha256(body).hexdigest()
