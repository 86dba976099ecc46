"""Events that routing publishes on `dossier.events.v1`, and its thin copy for agencies."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from contracts.events.base import NAMESPACE, DossierEvent
from contracts.types import (
    Count,
    Mechanism,
    Moment,
    Money,
    Outcome,
    ProcedureCode,
    ReasonCode,
    ShortText,
    Timeliness,
    UnitCode,
)


class DossierTransferred(DossierEvent):
    """Handed to an agency for a step (chuyển hồ sơ, NĐ 61/2018 Art 18; portal status 4)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.transferred.v1"

    step: Count
    """Number of the step in the workflow, from 1."""
    steps: Count
    """How many steps the workflow has."""
    agency: UnitCode
    step_due_at: Moment
    """The agency's own share of the limit ends then."""
    due_at: Moment
    """The citizen's promised return."""


class DossierTransferAccepted(DossierEvent):
    """The agency took the step (nhận hồ sơ)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.transfer-accepted.v1"

    step: Count
    agency: UnitCode


class DossierTransferDeclined(DossierEvent):
    """The agency gave the step back with a coded reason (trả lại, không thuộc thẩm quyền ...)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.transfer-declined.v1"

    step: Count
    agency: UnitCode
    reason: ReasonCode


class DossierSupplementRequested(DossierEvent):
    """One complete request for missing papers (yêu cầu bổ sung, form 02, portal status 5): the clock stops."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.supplement-requested.v1"

    step: Count
    agency: UnitCode
    reason: ReasonCode
    items: tuple[ShortText, ...] = Field(min_length=1, max_length=30)
    """Names of the papers wanted, as the published checklist names them; never personal data."""
    legal_basis: ShortText | None = None
    """Required from the second request of a dossier on (NĐ 61/2018 Art 11: once)."""


class DossierPaymentRequested(DossierEvent):
    """Financial duty (yêu cầu thực hiện nghĩa vụ tài chính, portal status 6): the clock stops."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.payment-requested.v1"

    agency: UnitCode
    amount_vnd: Money
    """Whole đồng."""


class DossierHalted(DossierEvent):
    """Processing stopped by decision (dừng xử lý, portal status 8)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.halted.v1"

    agency: UnitCode
    reason: ReasonCode


class DossierDueSoon(DossierEvent):
    """Sắp đến hạn: the promised return is near (working time)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.due-soon.v1"

    agency: UnitCode
    due_at: Moment


class DossierOverdue(DossierEvent):
    """Quá hạn: the promised return has passed and the dossier is not resolved."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.overdue.v1"

    agency: UnitCode
    due_at: Moment


class DossierExtended(DossierEvent):
    """Apology with reason and new date (xin lỗi và hẹn lại, form 04): at most once (NĐ 61/2018 Art 19.9)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.extended.v1"

    agency: UnitCode
    reason: ReasonCode
    due_at: Moment
    """The new promised return."""
    first_due_at: Moment
    """The first promise, kept for ever."""


class DossierResolved(DossierEvent):
    """Processing ended, the result waits at the counter (đã xử lý xong, portal status 9)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.resolved.v1"

    agency: UnitCode
    """Agency of the last step."""
    mechanism: Mechanism
    procedure_code: ProcedureCode
    outcome: Outcome
    ground: ReasonCode | None = None
    """Coded legal ground of a denial (NĐ 61/2018 Art 19.8); absent in migrated registers that state none."""
    timeliness: Timeliness
    """Against the current promise, by date in Viet Nam."""
    due_at: Moment
    first_due_at: Moment


class AgencyTransferOpened(DossierEvent):
    """What an agency's own software needs to fetch a new transfer: codes and dates only.

    Key is the agency code. The dossier itself is read over the API with the agency's key.
    """

    TYPE: ClassVar[str] = f"{NAMESPACE}.agency.transfer-opened.v1"

    agency: UnitCode
    step: Count
    steps: Count
    procedure_code: ProcedureCode
    step_due_at: Moment
    due_at: Moment
