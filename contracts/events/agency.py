"""Commands of agencies' own software on `agency.actions.v1` (key: dossier code)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from contracts.events.base import NAMESPACE, Message
from contracts.types import Count, DossierCode, Moment, Outcome, ReasonCode, ShortText, UnitCode


class AgencyAction(Message):
    """What an agency does with a step it was handed."""

    code: DossierCode
    agency: UnitCode
    step: Count
    occurred_at: Moment | None = None


class AcceptTransfer(AgencyAction):
    """Nhận hồ sơ: the agency takes the step."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.agency.accept-transfer.v1"


class DeclineTransfer(AgencyAction):
    """Trả lại: not ours, or not fit; with a coded reason."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.agency.decline-transfer.v1"

    reason: ReasonCode


class CompleteStep(AgencyAction):
    """Hoàn thành bước xử lý; on the last step `outcome` is the dossier's."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.agency.complete-step.v1"

    outcome: Outcome = Outcome.GRANTED
    ground: ReasonCode | None = None
    """Coded legal ground; required where the outcome is a denial (NĐ 61/2018 Art 19.8)."""


class RequestSupplement(AgencyAction):
    """Yêu cầu bổ sung, hoàn thiện hồ sơ: once, complete, with reason and items."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.agency.request-supplement.v1"

    reason: ReasonCode
    items: tuple[ShortText, ...] = Field(min_length=1, max_length=30)
    legal_basis: ShortText | None = None
    """A second request needs a supervisor and this recorded basis (NĐ 61/2018 Art 11: once)."""


class ExtendDueDate(AgencyAction):
    """Xin lỗi và hẹn lại: at most once, with reason and new date."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.agency.extend-due-date.v1"

    reason: ReasonCode
    due_at: Moment
