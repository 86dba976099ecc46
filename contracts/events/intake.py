"""Events that intake publishes on `dossier.events.v1`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from contracts.events.base import NAMESPACE, DossierEvent
from contracts.types import (
    Channel,
    Count,
    HandOverMethod,
    HandOverProof,
    Mechanism,
    Moment,
    Money,
    ProcedureCode,
    ReasonCode,
    ReceivedBy,
    Reference,
    Sealed,
    ShortText,
    UnitCode,
)


class DossierRegistered(DossierEvent):
    """Filed online, waiting for a clerk (mới đăng ký, portal status 1)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.registered.v1"

    procedure_code: ProcedureCode
    procedure_version: Count
    channel: Channel
    counter: UnitCode
    answer_due_at: Moment
    """The clerk must answer by then: 8 working hours (NQ 66.7/2025/NQ-CP Art 8.1)."""


class DossierSubmitted(DossierEvent):
    """Complete and received (được tiếp nhận, portal status 2): the time limit runs from here."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.submitted.v1"

    procedure_code: ProcedureCode
    procedure_version: Count
    """Version of the catalogue under which the dossier was filed; it keeps it for life."""
    procedure_name: ShortText
    mechanism: Mechanism
    channel: Channel
    counter: UnitCode
    """Desk that received it (nơi tiếp nhận)."""
    received_at: Moment
    """When it was complete and correct (NĐ 309/2026 Art 17.3)."""
    due_at: Moment
    """Promised return (thời gian hẹn trả kết quả), printed on the receipt."""
    contact: Sealed | None = None
    """Phone and preferred channel, sealed for notify; absent when the citizen wants no notices."""
    external_ref: Reference | None = None
    """The counter software's own reference, so that it can match the code to its record."""


class DossierRefused(DossierEvent):
    """Not accepted, with coded reasons (từ chối tiếp nhận, refusal slip form 03, portal status 3)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.refused.v1"

    counter: UnitCode
    reasons: tuple[ReasonCode, ...] = Field(min_length=1)


class DossierSupplemented(DossierEvent):
    """The missing papers arrived; the dossier is complete: the limit starts anew from zero
    (thời hạn giải quyết được tính lại từ đầu, NĐ 61/2018 Art 19.4)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.supplemented.v1"

    counter: UnitCode
    due_at: Moment
    """New promised return: the full limit from `occurred_at`."""


class DossierPaid(DossierEvent):
    """Financial duty done (đã thực hiện nghĩa vụ tài chính): the clock resumes."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.paid.v1"

    amount_vnd: Money
    """Whole đồng."""
    reference: Reference


class DossierWithdrawn(DossierEvent):
    """The citizen took it back (công dân yêu cầu rút hồ sơ, portal status 7; TT 03/2025 Art 7)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.withdrawn.v1"

    counter: UnitCode
    reason: ReasonCode | None = None


class DossierReturned(DossierEvent):
    """Result handed to the citizen (đã trả kết quả, portal status 10)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.returned.v1"

    counter: UnitCode
    method: HandOverMethod
    received_by: ReceivedBy
    proof: HandOverProof


class DossierRated(DossierEvent):
    """Satisfaction answer (đánh giá mức độ hài lòng; TT 01/2018 Art 13 indicators 1, 3, 4, 7)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.dossier.rated.v1"

    overall: int = Field(ge=1, le=5)
    time_score: int | None = Field(default=None, ge=0, le=2)
    contacts_score: int | None = Field(default=None, ge=0, le=2)
    agencies_score: int | None = Field(default=None, ge=0, le=2)
    attitude_score: int | None = Field(default=None, ge=0, le=2)
