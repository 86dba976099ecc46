"""Commands of agencies' own software on `agency.actions.v1` (key: dossier code)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from contracts.events.base import NAMESPACE, Message
from contracts.types import Count, DossierCode, Moment, Money, Outcome, ReasonCode, ShortText, StopKind, UnitCode


class AgencyAction(Message):
    """What an agency does with a step it was handed."""

    code: DossierCode
    agency: UnitCode
    step: Count
    occurred_at: Moment | None = None

    revision: int | None = Field(default=None, ge=0)
    """Revision of the case that the sender has seen; given: the action is refused when the case has moved on."""


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

    reason: ReasonCode | None = None
    due_at: Moment | None = None
    """Either absent: as the prepared apology proposes it."""


class RequestPayment(AgencyAction):
    """Yêu cầu thực hiện nghĩa vụ tài chính: the clock stops until it is done."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.agency.request-payment.v1"

    amount_vnd: Money
    """Whole đồng."""
    legal_basis: ShortText
    """The text that leaves the time until payment out of the limit."""


class HaltProcessing(AgencyAction):
    """Tạm dừng: a consultation whose time does not count, or a decision."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.agency.halt-processing.v1"

    kind: StopKind = StopKind.CONSULTATION
    """`consultation` or `decision`."""
    reason: ReasonCode
    legal_basis: ShortText
    """The text that leaves this time out of the limit."""


class ResumeProcessing(AgencyAction):
    """Tiếp tục giải quyết: the stop is over."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.agency.resume-processing.v1"


class SendBackStep(AgencyAction):
    """Trả lại bước trước: what came from the step before is not fit."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.agency.send-back-step.v1"

    to_step: Count | None = None
    """Absent: the one step before it."""
    reason: ReasonCode


class ReopenStep(AgencyAction):
    """Sửa nhầm lẫn: the agency completed the step by mistake and takes it back, while the next has not begun."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.agency.reopen-step.v1"


ACTIONS: tuple[type[AgencyAction], ...] = (
    AcceptTransfer,
    DeclineTransfer,
    CompleteStep,
    RequestSupplement,
    ExtendDueDate,
    RequestPayment,
    HaltProcessing,
    ResumeProcessing,
    SendBackStep,
    ReopenStep,
)
"""Everything an agency can say on `agency.actions.v1`."""
