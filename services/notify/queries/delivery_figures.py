"""How well notices are delivered, for everybody to read: sums of a month, nothing of any one notice."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from contracts.types import NoticeChannel
from services.kit.mongo import Mongo
from services.notify.domain.figures import BUCKETS, ENDS, LONGER
from services.notify.domain.transitions import State
from services.notify.figures import FIGURES

LATE = "late"


class HandedOver(BaseModel):
    """Chuyển sang cổng gửi tin."""

    total: int = Field(
        description="Số thông báo đã chuyển cho cổng gửi tin, hoặc kết thúc mà chưa cổng nào nhận, trong tháng"
    )
    within_10_s: int = Field(description="Số chuyển trong 10 giây kể từ khi phát sinh sự việc")
    over_10_s: int = Field(
        description="Số chuyển sau 10 giây, hoặc kết thúc mà chưa cổng nào nhận; không tính số điện thoại sai"
    )
    held_for_quiet_hours: int = Field(description="Số giữ lại qua giờ yên tĩnh ban đêm, không tính vào tỷ lệ")
    share_within_10_s: float | None = Field(
        description="Tỷ lệ chuyển trong 10 giây (0 đến 1); trống khi chưa có số liệu"
    )


class Ended(BaseModel):
    """Kết quả gửi."""

    delivered: int = Field(description="Số đã đến máy người nhận")
    undeliverable: int = Field(description="Số không kênh nào gửi đến được, bộ phận một cửa gọi điện")
    failed: int = Field(description="Số lỗi do hệ thống hoặc cổng gửi tin")
    expired: int = Field(description="Số quá thời hạn có ích mà chưa gửi được")
    cancelled: int = Field(description="Số hủy vì nội dung không còn đúng, không tính vào tỷ lệ")
    delivered_late: int = Field(description="Số có báo nhận muộn, sau khi đã kết thúc theo cách khác")
    share_delivered: float | None = Field(description="Tỷ lệ đã đến máy (0 đến 1); trống khi chưa có số liệu")


class ByChannel(Ended):
    """Một kênh."""

    channel: NoticeChannel = Field(description="Kênh: zalo hoặc sms")


class DeliveryFigures(BaseModel):
    """Số liệu gửi thông báo của một tháng."""

    month: str = Field(description="Tháng, theo giờ Việt Nam")
    as_of: datetime = Field(description="Thời điểm tổng hợp")
    handed_over: HandedOver = Field(description="Chuyển sang cổng gửi tin")
    ended: Ended = Field(description="Kết quả gửi")
    by_channel: list[ByChannel] = Field(description="Kết quả theo kênh")
    waited: dict[str, int] = Field(
        description="Số đã đến máy theo thời gian chờ: s10 (đến 10 giây), s30, m1, m5, m15, h1, h24, longer (lâu hơn)"
    )


async def delivery_figures(mongo: Mongo, month: str, now: datetime) -> DeliveryFigures:
    """One month, over everything."""
    whole: Counter[str] = Counter()
    channels: dict[str, Counter[str]] = {channel.value: Counter() for channel in NoticeChannel}
    async for document in mongo.collection(FIGURES).find({"month": month}):
        sums = _flat(document)
        whole.update(sums)
        channels[document["channel"]].update(sums)
    within, over, held = (whole[f"handed.{word}"] for word in ("within", "over", "held"))
    return DeliveryFigures(
        month=month,
        as_of=now,
        handed_over=HandedOver(
            total=within + over + held,
            within_10_s=within,
            over_10_s=over,
            held_for_quiet_hours=held,
            share_within_10_s=_share(within, within + over),
        ),
        ended=Ended(**_ended(whole)),
        by_channel=[ByChannel(channel=NoticeChannel(name), **_ended(sums)) for name, sums in channels.items()],
        waited={name: whole[f"waited.{name}"] for name in (*BUCKETS, LONGER)},
    )


def _flat(document: dict[str, Any]) -> dict[str, int]:
    parts = ((part, document.get(part, {})) for part in ("handed", "ended", "waited"))
    return {f"{part}.{name}": number for part, sums in parts for name, number in sums.items()}


def _ended(sums: Counter[str]) -> dict[str, Any]:
    by_state = {state.value: sums[f"ended.{state.value}"] for state in ENDS}
    late, delivered = sums[f"ended.{LATE}"], by_state[State.DELIVERED.value]
    judged = sum(by_state.values()) - by_state[State.CANCELLED.value]
    return {**by_state, "delivered_late": late, "share_delivered": _share(delivered, judged)}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
