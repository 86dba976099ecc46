"""The sender under oversight: the money of the day holds notices back, and operators see the gateways at work."""

from __future__ import annotations

from typing import Any

import pytest

from services.notify import board, budget
from services.notify.domain.notice import Notice
from services.notify.domain.policy import midnight
from tests.component.notify_fixtures import COUNTER, Town, code, now
from tests.component.notify_fixtures import town as town
from tests.eventually import eventually


async def test_beyond_a_cap_notices_wait_for_the_next_day_but_one_time_codes_do_not(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "REFRESH_EVERY_S", 0.0)
    await town.happens(town.submitted(code(1)), town.submitted(code(2)))
    async with town.working(zalo_price_vnd=300, counter_daily_cap_vnd=600):
        await town.reaches(code(1), "delivered")
        await town.reaches(code(2), "delivered")
        await town.happens(town.submitted(code(3)), town.code_issued(code(1)))

        async def held() -> Notice:
            notice = await town.notice(code(3))
            assert notice.reason
            return notice

        async def code_came() -> bool:
            return len(await town.messages(provider="esms")) == 1

        notice = await eventually(held)
        assert notice.next_at is not None
        assert notice.next_at >= midnight(now())
        await eventually(code_came)
    headers = await town.key([f"counter:{COUNTER}"])
    bill = (await town.api.get("/v1/costs", headers=headers)).json()
    assert {one["key"]: one["vnd"] for one in bill["by_provider"]} == {"zalo": 600, "esms": 0}
    assert (bill["today"]["vnd"], bill["today"]["counter_cap_vnd"]) == (600, None)


async def test_operators_see_the_gateways_at_work(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "SAVE_EVERY_S", 0.0)
    headers = await town.key(["operator"])
    await town.happens(town.submitted(code(1), "0599999118"))
    async with town.working():
        await town.reaches(code(1), "delivered")

        async def shown() -> dict[str, Any]:
            body = (await town.api.get("/v1/providers", headers=headers)).json()
            gateways = {one["provider"]: one for one in body["providers"]}
            assert gateways["esms"]["receipt_at"] is not None
            return gateways

        gateways = await eventually(shown)
    assert (gateways["esms"]["taken_quarter"], gateways["esms"]["points"]) == (1, 100)
    assert (gateways["zalo"]["calls_minute"], gateways["zalo"]["errors_minute"]) == (1, 0)
