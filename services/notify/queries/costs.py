"""What sending cost in a month."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from services.kit.mongo import Mongo
from services.notify.budget import spent_today
from services.notify.domain.costs import Caps
from services.notify.spending import SPENDING

NAMES = ("messages", "parts", "vnd", "unpriced")


class Cost(BaseModel):
    """Messages that gateways took, and what they cost."""

    key: str = Field(description="Theo mã: quầy, cổng gửi tin, loại thông báo hoặc ngày")
    messages: int = Field(description="Số tin")
    parts: int = Field(description="Số phần tin mà nhà mạng tính tiền")
    vnd: int = Field(description="Thành tiền (đồng)")
    unpriced: int = Field(description="Số tin chưa biết giá, không có trong thành tiền")


class Today(BaseModel):
    """Today against the caps."""

    vnd: int = Field(description="Đã chi hôm nay (đồng)")
    cap_vnd: int | None = Field(description="Mức trần trong ngày; trống: không đặt")
    counter_cap_vnd: int | None = Field(description="Mức trần trong ngày của mỗi quầy; trống: không đặt")


class Costs(BaseModel):
    """Chi phí gửi thông báo của một tháng."""

    month: str
    counter: str | None
    total: Cost
    by_counter: list[Cost]
    by_provider: list[Cost]
    by_kind: list[Cost]
    by_day: list[Cost]
    today: Today


async def costs(mongo: Mongo, month: str, counter: str | None, caps: Caps, now: datetime) -> Costs:
    """Of one counter, or of all."""
    groups: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    query = {"month": month} | ({"counter": counter} if counter is not None else {})
    async for document in mongo.collection(SPENDING).find(query):
        total = document["total"]
        groups["total"][""].update(total)
        groups["counter"][document["counter"]].update(total)
        groups["provider"][document["provider"]].update(total)
        for kind, sums in document["kinds"].items():
            groups["kind"][kind].update(sums)
        for day, sums in document["days"].items():
            groups["day"][f"{month}-{day}"].update(sums)
    spent = await spent_today(mongo, now)
    return Costs(
        month=month,
        counter=counter,
        total=_cost("", groups["total"][""]),
        by_counter=_rows(groups["counter"]),
        by_provider=_rows(groups["provider"]),
        by_kind=_rows(groups["kind"]),
        by_day=_rows(groups["day"]),
        today=Today(
            vnd=spent.total if counter is None else spent.by_counter.get(counter, 0),
            cap_vnd=caps.day if counter is None else None,
            counter_cap_vnd=caps.counter,
        ),
    )


def _rows(sums: Mapping[str, Counter[str]]) -> list[Cost]:
    return [_cost(key, sums[key]) for key in sorted(sums)]


def _cost(key: str, sums: Counter[str]) -> Cost:
    values: dict[str, Any] = {name: sums[name] for name in NAMES}
    return Cost(key=key, **values)
