"""What may be done with a step, as forms: each is one action of the domain's table and reads as that command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from contracts.events import agency as said
from contracts.types import Count, Money, Outcome, ReasonCode, ShortText, StopKind
from services.kit.clock import VIETNAM
from services.routing.domain.case import Action
from services.routing.http import OfficerAccount

END_OF_DAY = time(17)


class StepIn(BaseModel):
    """Which step, and which state of the case was seen."""

    step: Count
    revision: int | None = Field(default=None, ge=0)


class ReasonIn(StepIn):
    reason: ReasonCode


class CompleteIn(StepIn):
    outcome: Outcome = Outcome.GRANTED
    ground: ReasonCode | None = None


class DenyIn(CompleteIn):
    outcome: Outcome
    ground: ReasonCode


def _lines(typed: Any) -> Any:
    return [line.strip() for line in typed.splitlines() if line.strip()] if isinstance(typed, str) else typed


def _digits(typed: Any) -> Any:
    """`120.000 đ` as people write money."""
    return (
        typed.lower().removesuffix("đồng").removesuffix("đ").replace(".", "").strip()
        if isinstance(typed, str)
        else typed
    )


class SupplementIn(ReasonIn):
    items: Annotated[tuple[ShortText, ...], BeforeValidator(_lines)] = Field(min_length=1, max_length=30)
    legal_basis: ShortText | None = None


class PaymentIn(StepIn):
    amount_vnd: Annotated[Money, BeforeValidator(_digits)]
    legal_basis: ShortText


class HaltIn(ReasonIn):
    kind: StopKind = StopKind.CONSULTATION
    legal_basis: ShortText


class ExtendIn(ReasonIn):
    day: date = Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))
    hour: time = END_OF_DAY

    @property
    def due_at(self) -> datetime:
        return datetime.combine(self.day, self.hour.replace(tzinfo=None), VIETNAM)


class SendBackIn(ReasonIn):
    to_step: Count | None = None


class AssignIn(StepIn):
    officer: OfficerAccount


Fields = Mapping[str, Any]


def _said(value: StepIn) -> Fields:
    return value.model_dump(exclude={"step"}, exclude_none=True)


def _extended(value: StepIn) -> Fields:
    assert isinstance(value, ExtendIn)
    return {"reason": value.reason, "due_at": value.due_at, "revision": value.revision}


@dataclass(frozen=True)
class Task:
    """One thing to do."""

    slug: str
    """In the page's address."""
    action: Action
    words: str
    button: str
    model: type[StepIn]
    message: type[said.AgencyAction] | None = None
    """None: not an agency's message but its own affair."""
    done: str = ""
    """Said when it is done."""
    kind: str = "second"
    hint: str = ""
    at_once: bool = False
    """Nothing needs to be typed: a button on the dossier's own page."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Beside which field a refusal belongs."""
    said: Callable[[StepIn], Fields] = _said


DATES = {"due-date-in-past": "day", "due-date-not-later": "day", "due-date-too-far": "day"}
TASKS: tuple[Task, ...] = (
    Task(
        "nhan", Action.ACCEPT, "Nhận hồ sơ", "Nhận hồ sơ", StepIn, said.AcceptTransfer, "Đã nhận hồ sơ.",
        kind="", at_once=True,
    ),
    Task(
        "hoan-thanh", Action.COMPLETE, "Hoàn thành bước", "Hoàn thành", CompleteIn, said.CompleteStep,
        "Đã hoàn thành bước.", kind="", hint="Bước này xong và kết quả là đồng ý.",
    ),
    Task(
        "tiep-tuc", Action.RESUME, "Tiếp tục giải quyết", "Tiếp tục giải quyết", StepIn, said.ResumeProcessing,
        "Đồng hồ chạy tiếp.", kind="", at_once=True,
    ),
    Task(
        "yeu-cau-bo-sung", Action.REQUEST_SUPPLEMENT, "Yêu cầu bổ sung", "Gửi yêu cầu bổ sung", SupplementIn,
        said.RequestSupplement, "Đã yêu cầu bổ sung; đồng hồ dừng đến khi có đủ giấy tờ.",
        hint="Một lần, đầy đủ, chính xác. Khi đủ giấy tờ, thời hạn tính lại từ đầu.",
        fields={"supplement-already-requested": "legal_basis"},
    ),
    Task(
        "yeu-cau-nop-tien", Action.REQUEST_PAYMENT, "Yêu cầu thực hiện nghĩa vụ tài chính", "Gửi yêu cầu", PaymentIn,
        said.RequestPayment, "Đã yêu cầu thực hiện nghĩa vụ tài chính; đồng hồ dừng đến khi thực hiện xong.",
        hint="Thời gian chờ không tính vào thời hạn.",
    ),
    Task(
        "tam-dung", Action.HALT, "Tạm dừng giải quyết", "Tạm dừng", HaltIn, said.HaltProcessing,
        "Đã tạm dừng; đồng hồ dừng.", hint="Chỉ khi có văn bản cho phép không tính thời gian này vào thời hạn.",
    ),
    Task(
        "hen-lai", Action.EXTEND, "Xin lỗi và hẹn lại", "Ký xin lỗi và hẹn lại", ExtendIn, said.ExtendDueDate,
        "Đã xin lỗi và hẹn lại.", hint="Một lần, thủ trưởng cơ quan ký. Công dân được báo ngay.", fields=DATES,
        said=_extended,
    ),
    Task(
        "phan-cong", Action.ASSIGN, "Phân công cán bộ", "Phân công", AssignIn, None, "Đã phân công.",
        hint="Người đang vắng thì giao cho người thay thế.",
    ),
    Task(
        "tra-buoc-truoc", Action.SEND_BACK, "Trả lại bước trước", "Trả lại bước trước", SendBackIn, said.SendBackStep,
        "Đã trả lại bước trước.", hint="Hạn của bước trước giữ nguyên.", fields={"step-not-before": "to_step"},
    ),
    Task(
        "tra-lai", Action.DECLINE, "Không nhận, trả lại", "Trả lại", ReasonIn, said.DeclineTransfer,
        "Đã trả lại; hồ sơ chuyển cơ quan cấp trên.", kind="danger", hint="Hồ sơ chuyển cơ quan cấp trên.",
    ),
    Task(
        "tu-choi", Action.COMPLETE, "Từ chối giải quyết", "Từ chối giải quyết", DenyIn, said.CompleteStep,
        "Đã ghi nhận từ chối giải quyết.", kind="danger", hint="Phải nêu căn cứ (NĐ 61/2018 Điều 19 khoản 8).",
        fields={"ground-missing": "ground", "head-needed": "outcome"},
    ),
    Task(
        "lay-lai", Action.REOPEN, "Lấy lại bước đã hoàn thành nhầm", "Lấy lại bước này", StepIn, said.ReopenStep,
        "Đã lấy lại bước.", hint="Khi bước sau chưa nhận.",
    ),
)  # fmt: skip
