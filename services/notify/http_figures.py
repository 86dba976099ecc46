"""HTTP in: public figures, costs and the state of the gateways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response

from contracts.types import UnitCode
from services.kit.clock import Now
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.notify.domain.costs import Caps, day_of
from services.notify.queries.costs import Costs, costs
from services.notify.queries.delivery_figures import DeliveryFigures, delivery_figures
from services.notify.queries.providers import Providers, providers
from services.notify.spending import month_of

PUBLIC_CACHE = "public, max-age=60"
Month = Annotated[
    str | None,
    Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="Tháng, YYYY-MM; trống: tháng này"),
]


@dataclass
class Figures:
    """The routes."""

    mongo: Mongo
    now: Now
    caps: Caps

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/v1", tags=["figures"])
        router.add_api_route("/public/delivery-figures", self.public, methods=["GET"])
        router.add_api_route("/costs", self.costs, methods=["GET"])
        router.add_api_route("/providers", self.providers, methods=["GET"])
        return router

    async def public(self, response: Response, month: Month = None) -> DeliveryFigures:
        """Số liệu công khai: tỷ lệ chuyển đi trong 10 giây, tỷ lệ đến máy; không cần khóa truy cập."""
        response.headers["Cache-Control"] = PUBLIC_CACHE
        now = self.now()
        return await delivery_figures(self.mongo, month or month_of(day_of(now)), now)

    async def costs(self, caller: CallerDep, month: Month = None, counter: UnitCode | None = None) -> Costs:
        """Chi phí gửi thông báo của một tháng; khóa của quầy chỉ xem quầy mình."""
        own = caller.units("counter")
        if counter is None and len(own) == 1 and not caller.may("operator", "service"):
            [counter] = own
        caller.require("operator", "service", *([f"counter:{counter}"] if counter is not None else []))
        now = self.now()
        return await costs(self.mongo, month or month_of(day_of(now)), counter, self.caps, now)

    async def providers(self, caller: CallerDep) -> Providers:
        """Tình trạng các cổng gửi tin: điểm, lỗi, hạn mức, lúc tạm ngừng."""
        caller.require("operator", "service")
        return await providers(self.mongo)
