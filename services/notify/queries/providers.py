"""How the gateways do, as the process that sends last wrote it down."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from contracts.types import NoticeChannel
from services.kit.mongo import Mongo
from services.notify.board import PROVIDERS
from services.notify.domain.state_words import PROVIDER_WORDS
from services.notify.domain.weights import Why
from services.notify.store import SENDER

SHIFT_WORDS = {
    Why.ERRORS: "bớt điểm vì nhiều lỗi",
    Why.SLOW: "bớt điểm vì báo nhận chậm",
    Why.RELIEF: "nhận thêm điểm của cổng gặp sự cố",
    Why.BACK: "trở về mức thường",
}


class Provider(BaseModel):
    """One gateway."""

    provider: str
    provider_words: str
    channel: NoticeChannel
    points: int | None = Field(description="Điểm hiện nay: trong 100 tin SMS thì gửi bao nhiêu qua cổng này")
    resting: int | None = Field(description="Điểm lúc bình thường")
    shifted_at: datetime | None = Field(description="Lần thay đổi điểm gần nhất")
    shifted_why: Why | None
    shifted_words: str
    closed_until: datetime | None = Field(description="Tạm ngừng đến lúc này; trống: không ngừng")
    calls_minute: int = Field(description="Số cuộc gọi trong phút vừa qua")
    errors_minute: int = Field(description="Trong đó lỗi của cổng")
    mean_call_ms: int | None = Field(description="Thời gian trung bình một cuộc gọi (mili giây)")
    calls_quarter: int = Field(description="Số cuộc gọi trong 15 phút vừa qua")
    errors_quarter: int = Field(description="Trong đó lỗi của cổng")
    taken_quarter: int = Field(description="Số tin cổng đã nhận trong 15 phút vừa qua")
    late_quarter: int = Field(description="Trong đó quá 5 phút chưa có báo nhận, hoặc báo nhận muộn hơn 5 phút")
    quota_left: int | None = Field(description="Hạn mức còn lại trong ngày mà cổng cho biết")
    receipt_at: datetime | None = Field(description="Báo nhận gần nhất")
    error_at: datetime | None = Field(description="Lỗi gần nhất")


class Providers(BaseModel):
    """Tình trạng các cổng gửi tin."""

    as_of: datetime | None = Field(description="Thời điểm ghi; cũ hơn một phút nghĩa là tiến trình gửi không chạy")
    providers: list[Provider]


async def providers(mongo: Mongo) -> Providers:
    """As of a few seconds ago, or of when the process that sends stopped."""
    document = await mongo.collection(SENDER).find_one({"_id": PROVIDERS})
    if document is None:
        return Providers(as_of=None, providers=[])
    return Providers(as_of=document["at"], providers=[_provider(one) for one in document["providers"]])


def _provider(picture: dict[str, object]) -> Provider:
    why, name = picture["shifted_why"], str(picture["provider"])
    words = SHIFT_WORDS[Why(str(why))] if why else ""
    return Provider.model_validate(
        {**picture, "provider_words": PROVIDER_WORDS.get(name, name), "shifted_words": words}
    )
