"""The published procedure catalogue (công khai thủ tục hành chính), on the compacted topic."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from contracts.events.base import NAMESPACE, Message
from contracts.types import Channel, Count, LimitUnit, Mechanism, Moment, Money, ProcedureCode, ShortText


class LimitRule(BaseModel):
    """A limit of its own for a channel, a case (trường hợp) or both; the most specific rule that fits is applied."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    channel: Channel | None = None
    """Absent: every channel."""
    case: ShortText | None = None
    """Name of the case, as published; absent: every case."""
    value: float = Field(gt=0, le=10_000, allow_inf_nan=False)
    unit: LimitUnit


class ProcedurePublished(Message):
    """A version of a procedure (thủ tục hành chính) came into use."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.procedure.published.v1"

    procedure_code: ProcedureCode
    version: Count
    name: ShortText
    field: ShortText
    """Lĩnh vực."""
    mechanism: Mechanism
    agencies: tuple[ShortText, ...] = Field(min_length=1, max_length=20)
    """Names of the agencies in the order in which they act, as published; routing maps them to its directory."""
    limit_value: float | None = Field(default=None, gt=0, le=10_000, allow_inf_nan=False)
    limit_unit: LimitUnit | None = None
    """Absent, as the value is, when no limit is published."""
    fee_vnd: Money | None = None
    published_at: Moment
    statutory_limit_value: float | None = Field(default=None, gt=0, le=10_000, allow_inf_nan=False)
    """The limit of the law, where the province has cut it (cắt giảm thời gian); absent: as `limit_value`."""
    statutory_limit_unit: LimitUnit | None = None
    level: ShortText | None = None
    """Cấp thực hiện: tỉnh, huyện, xã."""
    result: ShortText | None = None
    """Kết quả thực hiện."""
    papers: tuple[ShortText, ...] = Field(default=(), max_length=200)
    """Names of the papers required (thành phần hồ sơ), in the order of their numbers."""
    limits: tuple[LimitRule, ...] = Field(default=(), max_length=40)
    """Limits that differ from `limit_value` by channel or case."""
