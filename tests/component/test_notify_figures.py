"""Sums of what was sent: what it cost and whose cap is reached, and the figures that everybody may read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from contracts.types import NoticeChannel, NoticeKind
from services.kit.commit import Committer
from services.kit.store import Ref
from services.kit.work import Cause, Item, Work
from services.notify import budget
from services.notify.budget import Budget, spent_today
from services.notify.consumers import SOURCE
from services.notify.domain.costs import Caps, day_of
from services.notify.domain.notice import Attempt
from services.notify.domain.policy import VIETNAM, midnight
from services.notify.spending import add_spending, month_of
from tests.component.notify_fixtures import COUNTER, Town, code, now
from tests.component.notify_fixtures import town as town
from tests.component.notify_log_fixtures import notice

PUBLIC = "/v1/public/delivery-figures"
OTHER = "H99.02"
RECEIVED, CODE = NoticeKind.RECEIVED, NoticeKind.ONE_TIME_CODE


@dataclass(frozen=True)
class Spend:
    """A gateway took a message."""

    counter: str = COUNTER
    provider: str = "esms"
    vnd: int | None = 350
    parts: int = 1
    kind: NoticeKind = RECEIVED

    def needs(self) -> Iterable[Ref]:
        return ()

    def decide(self, work: Work, now: datetime) -> None:
        channel = NoticeChannel.ZALO if self.provider == "zalo" else NoticeChannel.SMS
        calling = Attempt("n-1-1", 1, channel, at=now, called_at=now, provider=self.provider, parts=self.parts)
        before = notice(1, now, counter=self.counter, kind=self.kind, attempts=(calling,))
        taken = replace(calling, result="taken", cost_vnd=self.vnd)
        add_spending(work, before, replace(before, attempts=(taken,)))


async def spend(town: Town, *spent: Spend, day: date | None = None, lane: str = "") -> None:
    committer = Committer(town.mongo, SOURCE, now, lane=lane)
    moment = None if day is None else datetime.combine(day, time(12), VIETNAM).astimezone(UTC)
    await committer.run_all([Item(one, Cause("test")) for one in spent], now=moment)


async def costs(town: Town, scope: str = "operator", **query: str) -> dict[str, Any]:
    reply = await town.api.get("/v1/costs", params=query, headers=await town.key([scope]))
    assert reply.status_code == 200, reply.text
    body: dict[str, Any] = reply.json()
    return body


def row(key: str, messages: int, parts: int, vnd: int, unpriced: int = 0) -> dict[str, Any]:
    return {"key": key, "messages": messages, "parts": parts, "vnd": vnd, "unpriced": unpriced}


async def test_costs_of_a_month_by_counter_gateway_kind_and_day(town: Town) -> None:
    first, second = date(2026, 11, 1), date(2026, 11, 30)
    await spend(town, Spend(), Spend(parts=3, vnd=1050), day=first)
    smpp = Spend(counter=OTHER, provider="smpp", vnd=None)
    await spend(town, Spend(provider="zalo", vnd=200, kind=CODE), smpp, day=second)
    await spend(town, Spend(vnd=9999), day=date(2026, 12, 1))
    body = await costs(town, month="2026-11")
    assert body["total"] == row("", 4, 6, 1600, 1)
    assert body["by_counter"] == [row(COUNTER, 3, 5, 1600), row(OTHER, 1, 1, 0, 1)]
    assert body["by_provider"] == [row("esms", 2, 4, 1400), row("smpp", 1, 1, 0, 1), row("zalo", 1, 1, 200)]
    assert body["by_kind"] == [row("one_time_code", 1, 1, 200), row("received", 3, 5, 1400, 1)]
    assert body["by_day"] == [row("2026-11-01", 2, 4, 1400), row("2026-11-30", 2, 2, 200, 1)]
    assert (await costs(town, month="2026-10"))["total"] == row("", 0, 0, 0)


async def test_loops_that_add_at_once_in_lanes_of_their_own_lose_nothing(town: Town) -> None:
    lanes = ["sender", "receipts", "sender", "receipts", "", ""]
    await asyncio.gather(*(spend(town, *[Spend(vnd=1)] * 20, lane=lane) for lane in lanes))
    assert (await costs(town))["total"] == row("", 120, 120, 120)
    assert (await spent_today(town.mongo, now())).by_counter == {COUNTER: 120}


async def test_counters_see_their_own_costs_and_nobody_elses(town: Town) -> None:
    await spend(town, Spend(), Spend(counter=OTHER, vnd=1))
    assert (await costs(town, f"counter:{OTHER}"))["total"]["vnd"] == 1
    assert (await costs(town, f"counter:{OTHER}", counter=OTHER))["today"]["vnd"] == 1
    assert (await costs(town, "service"))["total"]["vnd"] == 351
    assert (await town.api.get("/v1/costs")).status_code == 401
    for scope, query in ((f"counter:{OTHER}", {"counter": COUNTER}), ("agency:H99.01", {})):
        reply = await town.api.get("/v1/costs", params=query, headers=await town.key([scope]))
        assert (reply.status_code, reply.json()["slug"]) == (403, "scope-missing")
    two = await town.key([f"counter:{OTHER}", f"counter:{COUNTER}"])
    assert (await town.api.get("/v1/costs", headers=two)).status_code == 403
    assert (await town.api.get("/v1/costs", params={"counter": COUNTER}, headers=two)).status_code == 200


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "11-2026", "2026-11-01", "1999-01"])
async def test_a_month_is_a_month(town: Town, month: str) -> None:
    headers = await town.key(["operator"])
    for path in (PUBLIC, "/v1/costs"):
        reply = await town.api.get(path, params={"month": month}, headers=headers)
        assert (reply.status_code, reply.json()["slug"]) == (422, "request-invalid")


def made(counter: str = COUNTER, kind: NoticeKind = RECEIVED) -> Any:
    return notice(1, now(), counter=counter, kind=kind)


def reached(cap: str) -> float:
    return REGISTRY.get_sample_value("motcua_spending_caps_reached_total", {"cap": cap}) or 0.0


async def test_a_counters_cap_closes_paid_channels_for_that_counter_until_midnight(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "REFRESH_EVERY_S", 0.0)
    purse = Budget(town.mongo, now, Caps(counter=700), ["zalo", "esms"])
    before = reached("counter")
    await spend(town, Spend(), Spend(counter=OTHER, vnd=10_000))
    assert purse.capped(made()) == {}
    await purse.refresh()
    assert purse.capped(made()) == {}
    await spend(town, Spend(provider="zalo"))
    await purse.refresh()
    until = midnight(now())
    assert purse.capped(made()) == {"zalo": until, "esms": until}
    assert set(purse.capped(made(OTHER))) == {"zalo", "esms"}
    assert purse.capped(made("H99.03")) == {}
    assert purse.capped(made(kind=CODE)) == {}
    assert purse.closed(COUNTER, now()) == until
    assert purse.closed(COUNTER, until) is None
    assert reached("counter") - before == 2


async def test_the_cap_of_a_day_closes_for_everybody_and_is_told_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "REFRESH_EVERY_S", 0.0)
    purse = Budget(town.mongo, now, Caps(day=700), ["esms"])
    before = reached("day")
    await spend(town, Spend(), Spend(counter=OTHER))
    await spend(town, Spend(vnd=10_000), day=day_of(now()) - timedelta(days=1))
    await purse.refresh()
    for counter in (COUNTER, OTHER, "H99.03"):
        assert set(purse.capped(made(counter))) == {"esms"}
    assert reached("day") - before == 1


async def test_where_there_is_no_cap_nothing_is_read(town: Town) -> None:
    purse = Budget(town.mongo, now, Caps(), ["esms"])
    await spend(town, Spend(vnd=10**9))
    await purse.refresh()
    assert purse._spent is None
    assert purse.capped(made()) == {}


async def test_an_empty_month_has_figures_without_shares_for_everybody(town: Town) -> None:
    reply = await town.api.get(PUBLIC, params={"month": "2026-01"})
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "public, max-age=60"
    body = reply.json()
    assert body["handed_over"] == {
        "total": 0, "within_10_s": 0, "over_10_s": 0, "held_for_quiet_hours": 0, "share_within_10_s": None,
    }  # fmt: skip
    assert body["ended"]["share_delivered"] is None
    assert {one["channel"] for one in body["by_channel"]} >= {"zalo", "sms"}


async def test_what_reached_the_phones_is_in_the_public_figures_once(town: Town) -> None:
    """By Zalo, by SMS after Zalo, to nobody; whatever is delivered twice."""
    phones = ("0901234567", "0599999118", "0599999899")
    events = [town.submitted(code(number), phone) for number, phone in enumerate(phones)]
    await town.happens(*events)
    async with town.working():
        await town.reaches(code(0), "delivered")
        await town.reaches(code(1), "delivered")
        await town.reaches(code(2), "undeliverable")
    await town.happens(*events)
    body = (await town.api.get(PUBLIC)).json()
    assert body["month"] == month_of(day_of(now()))
    assert body["handed_over"] == {
        "total": 3, "within_10_s": 2, "over_10_s": 1, "held_for_quiet_hours": 0, "share_within_10_s": 0.6667,
    }  # fmt: skip
    assert (body["ended"]["delivered"], body["ended"]["undeliverable"]) == (2, 1)
    assert body["ended"]["share_delivered"] == 0.6667
    channels = {one["channel"]: one for one in body["by_channel"]}
    assert (channels["zalo"]["delivered"], channels["sms"]["delivered"]) == (1, 1)
    assert channels["sms"]["undeliverable"] == 1
    assert sum(body["waited"].values()) == 2
    bill = await costs(town)
    assert {one["key"]: one["messages"] for one in bill["by_provider"]} == {"zalo": 1, "esms": 1}
    assert bill["total"] == row("", 2, 2, 0, 2)
    for phone in phones:
        assert phone[1:] not in str(body)


async def test_a_wrong_number_is_not_in_the_share_and_a_contact_that_we_cannot_open_is(town: Town) -> None:
    await town.happens(town.submitted(code(0), "02438251234"))
    await town.happens(town.submitted(code(1), contact="A" * 80))
    async with town.working():
        await town.reaches(code(0), "undeliverable")
        await town.reaches(code(1), "failed")
    handed = (await town.api.get(PUBLIC)).json()["handed_over"]
    assert (handed["within_10_s"], handed["over_10_s"], handed["share_within_10_s"]) == (0, 1, 0.0)


async def test_the_descriptions_of_public_figures_are_vietnamese(town: Town) -> None:
    schemas = (await town.api.get("/openapi.json")).json()["components"]["schemas"]
    for name in ("HandedOver", "Ended", "DeliveryFigures"):
        for field in schemas[name]["properties"].values():
            assert not field["description"].isascii(), field


async def test_a_month_begins_at_midnight_in_viet_nam() -> None:
    assert month_of(day_of(datetime(2026, 11, 30, 16, 59, 59, tzinfo=UTC))) == "2026-11"
    assert month_of(day_of(datetime(2026, 11, 30, 17, 0, tzinfo=UTC))) == "2026-12"
