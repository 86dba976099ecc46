"""Which SMS gateway takes a text: points that follow errors and late receipts, kept over restarts, and shown."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from contracts.types import NoticeChannel
from services.notify import board
from services.notify.balance import Balance
from services.notify.board import ProviderBoard
from services.notify.domain.results import Result, Verdict
from services.notify.health import Health
from tests.component.notify_fixtures import Town
from tests.component.notify_fixtures import town as town

MINUTE = timedelta(minutes=1)
CHANNELS = {"zalo": NoticeChannel.ZALO, "esms": NoticeChannel.SMS, "speedsms": NoticeChannel.SMS}


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


def make(town: Town, clock: Clock, wanted: dict[str, int] | None = None) -> Balance:
    return Balance(town.mongo, Health(clock.now), wanted or {"esms": 60, "speedsms": 40})


def heed(balance: Balance, provider: str, verdict: Verdict, times: int = 5) -> None:
    for _ in range(times):
        balance.heed(provider, Result(verdict), 0.2)


def shifts(provider: str, reason: str) -> float:
    labels = {"provider": provider, "reason": reason}
    return REGISTRY.get_sample_value("motcua_provider_shifts_total", labels) or 0.0


def settled(balance: Balance, clock: Clock, minutes: int, per_minute: int = 6, **verdicts: Verdict) -> None:
    """Minutes of traffic."""
    for _ in range(minutes):
        clock.moment += MINUTE
        for provider, verdict in verdicts.items():
            heed(balance, provider, verdict, per_minute)
        balance.tick()


async def test_a_broken_gateway_loses_all_it_has_minute_by_minute_and_gets_it_back_slowly(town: Town) -> None:
    clock = Clock()
    balance, before = make(town, clock), shifts("esms", "errors")
    settled(balance, clock, 3, esms=Verdict.NO_ANSWER, speedsms=Verdict.TAKEN)
    assert dict(balance.weights.points) == {"esms": 30, "speedsms": 70}
    assert shifts("esms", "errors") - before == 3
    settled(balance, clock, 5, esms=Verdict.NO_ANSWER, speedsms=Verdict.TAKEN)
    assert dict(balance.weights.points) == {"esms": 0, "speedsms": 100}
    assert {balance.order(throw / 100)[0] for throw in range(100)} == {"speedsms"}
    assert balance.order(0.5) == ["speedsms", "esms"]
    settled(balance, clock, 10, speedsms=Verdict.TAKEN)
    assert balance.weights.points["esms"] == 0
    settled(balance, clock, 7, speedsms=Verdict.TAKEN)
    assert balance.weights.points["esms"] == 10
    settled(balance, clock, 60, esms=Verdict.TAKEN, speedsms=Verdict.TAKEN)
    assert dict(balance.weights.points) == {"esms": 60, "speedsms": 40}


async def test_few_calls_a_day_that_all_fail_move_points_once_for_each_five(town: Town) -> None:
    clock = Clock()
    balance = make(town, clock)
    settled(balance, clock, 4, per_minute=1, esms=Verdict.TRANSIENT)
    assert balance.weights.points["esms"] == 60
    settled(balance, clock, 1, per_minute=1, esms=Verdict.TRANSIENT)
    settled(balance, clock, 4, per_minute=1, esms=Verdict.TRANSIENT)
    assert balance.weights.points["esms"] == 50


async def test_when_both_are_down_nothing_moves(town: Town) -> None:
    clock = Clock()
    balance = make(town, clock)
    settled(balance, clock, 30, esms=Verdict.TRANSIENT, speedsms=Verdict.NO_ANSWER)
    assert dict(balance.weights.points) == {"esms": 60, "speedsms": 40}


async def test_a_gateway_whose_receipts_come_late_loses_points_every_five_minutes(town: Town) -> None:
    clock = Clock()
    balance = make(town, clock)
    for minute in range(20):
        clock.moment += MINUTE
        for provider in ("esms", "speedsms"):
            heed(balance, provider, Verdict.TAKEN, 4)
            on_time = provider == "speedsms" or minute == 0
            for _ in range(4):
                balance.arrived(provider, timedelta(seconds=3) if on_time else 6 * MINUTE)
        balance.tick()
    # Late from the second minute on; seen six minutes later, then every five.
    assert dict(balance.weights.points) == {"esms": 30, "speedsms": 70}


async def test_texts_are_drawn_by_points(town: Town) -> None:
    balance = make(town, Clock(), {"esms": 3, "speedsms": 1})
    first = Counter(balance.order(throw / 1000)[0] for throw in range(1000))
    assert first == {"esms": 750, "speedsms": 250}


async def test_a_restart_knows_the_points_unless_the_settings_changed(town: Town) -> None:
    clock = Clock()
    balance = make(town, clock)
    settled(balance, clock, 2, esms=Verdict.BILLING)
    balance.arrived("speedsms", MINUTE)
    await balance.save()

    restarted = make(town, clock)
    await restarted.load()
    assert dict(restarted.weights.points) == {"esms": 40, "speedsms": 60}
    assert restarted.weights.shifts == balance.weights.shifts
    assert restarted.health.providers["speedsms"].receipt_at == clock.moment
    restarted.tick()
    clock.moment += 15 * MINUTE
    restarted.tick()
    assert restarted.weights.points["esms"] == 50

    changed = make(town, clock, {"esms": 7, "speedsms": 0})
    await changed.load()
    assert dict(changed.weights.points) == {"esms": 100, "speedsms": 0}


async def test_who_takes_the_lead_begins_with_what_the_one_before_left(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    first, second = (ProviderBoard(town.mongo, make(town, clock), CHANNELS, dict) for _ in range(2))
    await second.refresh()
    heed(first.balance, "esms", Verdict.TRANSIENT)
    await first.refresh()
    assert second.balance.weights.points["esms"] == 60
    await second.refresh()
    assert second.balance.weights.points["esms"] == 60
    monkeypatch.setattr(board, "AWAY_S", -1.0)
    await second.refresh()
    assert second.balance.weights.points["esms"] == 50


async def test_without_anything_stored_it_begins_at_rest(town: Town) -> None:
    balance = make(town, Clock())
    await balance.load()
    assert dict(balance.weights.points) == {"esms": 60, "speedsms": 40}


@pytest.mark.parametrize("scope", ["counter:H99.01", "agency:H99.01"])
async def test_only_operators_see_the_gateways(town: Town, scope: str) -> None:
    assert (await town.api.get("/v1/providers")).status_code == 401
    reply = await town.api.get("/v1/providers", headers=await town.key([scope]))
    assert (reply.status_code, reply.json()["slug"]) == (403, "scope-missing")


async def test_operators_see_how_each_gateway_does(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = await town.key(["operator"])
    assert (await town.api.get("/v1/providers", headers=headers)).json() == {"as_of": None, "providers": []}
    clock = Clock()
    balance = make(town, clock)
    until = clock.moment + timedelta(hours=1)
    picture = ProviderBoard(town.mongo, balance, CHANNELS, lambda: {"zalo": until})
    heed(balance, "esms", Verdict.TRANSIENT, 6)
    heed(balance, "esms", Verdict.TAKEN, 4)
    balance.tick()
    balance.arrived("esms", MINUTE)
    balance.heed("zalo", Result(Verdict.TAKEN, quota_left=12), 0.3)
    await picture.refresh()
    heed(balance, "speedsms", Verdict.TAKEN)
    await picture.refresh()

    body = (await town.api.get("/v1/providers", headers=headers)).json()
    shown: dict[str, dict[str, Any]] = {one["provider"]: one for one in body["providers"]}
    moment = "2026-11-23T02:00:00Z"
    assert body["as_of"] == moment
    assert shown["esms"] == {
        "provider": "esms", "provider_words": "eSMS.vn", "channel": "sms", "points": 50, "resting": 60,
        "shifted_at": moment, "shifted_why": "errors", "shifted_words": "bớt điểm vì nhiều lỗi",
        "closed_until": None, "calls_minute": 10, "errors_minute": 6, "mean_call_ms": 200,
        "calls_quarter": 10, "errors_quarter": 6, "taken_quarter": 4, "late_quarter": 0,
        "quota_left": None, "receipt_at": moment, "error_at": moment,
    }  # fmt: skip
    assert (shown["zalo"]["points"], shown["zalo"]["quota_left"]) == (None, 12)
    assert shown["zalo"]["closed_until"] == "2026-11-23T03:00:00Z"
    assert (shown["speedsms"]["points"], shown["speedsms"]["calls_minute"]) == (50, 0)
    assert shown["speedsms"]["shifted_words"] == "nhận thêm điểm của cổng gặp sự cố"

    monkeypatch.setattr(board, "SAVE_EVERY_S", 0.0)
    clock.moment = until
    await picture.refresh()
    again = (await town.api.get("/v1/providers", headers=headers)).json()
    assert {one["closed_until"] for one in again["providers"]} == {None}
    assert {one["calls_minute"] for one in again["providers"]} == {0}
