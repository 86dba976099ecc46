"""What only a simulator offers: the ledger of everything accepted, faults on demand, and the wall of phones."""

from __future__ import annotations

import asyncio
import json
import re
from time import time
from typing import Any

import pytest

from local.simulators.magic import MAGIC_NUMBERS
from local.simulators.rig import RECEIVED_TEMPLATE, Gateways
from tests.component.simulator_fixtures import gateways as gateways
from tests.component.simulator_fixtures import running as running
from tests.eventually import eventually

pytestmark = pytest.mark.asyncio


async def page(gateways: Gateways, **query: Any) -> Any:
    return (await gateways.http.get("/control/messages", params=query)).json()


async def all_delivered(gateways: Gateways) -> bool:
    return all(message["delivered_at"] for message in await gateways.messages())


async def test_the_process_says_that_it_lives(gateways: Gateways) -> None:
    assert (await gateways.http.get("/livez")).status_code == 200


async def test_the_ledger_is_paged_by_a_cursor_that_loses_and_repeats_nothing(gateways: Gateways) -> None:
    start = (await page(gateways))["next"]
    for number in range(5):
        await gateways.zalo("84912345671", tracking_id=f"n-{number}")
    seen, cursor, more = [], start, True
    while more:
        answer = await page(gateways, after=cursor, limit=2)
        seen += [message["tracking_id"] for message in answer["messages"]]
        cursor, more = answer["next"], answer["more"]
    assert seen == [f"n-{number}" for number in range(5)]
    assert await page(gateways, after=cursor) == {"messages": [], "next": cursor, "more": False}


async def test_the_ledger_can_be_asked_for_one_gateway_or_one_phone(gateways: Gateways) -> None:
    await gateways.zalo("84912345671")
    await gateways.sms("0912345671")
    await gateways.sms("0912345672")
    assert len(await gateways.messages(provider="esms")) == 2
    assert len(await gateways.messages(phone="0912345671")) == 2
    assert len(await gateways.messages(phone="84912345671", provider="zalo")) == 1
    assert (await gateways.http.get("/control/messages", params={"phone": "x"})).status_code == 422


async def test_times_in_the_ledger_are_epoch_milliseconds_of_the_wall_clock(gateways: Gateways) -> None:
    await gateways.http.put("/control/clock", json={"offset_seconds": 7_200})
    before = int(time() * 1000)
    await gateways.zalo("84912345671")
    await eventually(lambda: all_delivered(gateways))
    (message,) = await gateways.messages()
    assert before <= message["accepted_at"] <= message["delivered_at"] <= time() * 1000


async def test_stats_count_acceptance_delivery_and_refusals_by_code(gateways: Gateways) -> None:
    await gateways.zalo("84912345671")
    await gateways.zalo("84599999118")
    await gateways.sms("0599999899")
    await eventually(lambda: all_delivered(gateways))
    stats = (await gateways.http.get("/control/stats")).json()
    assert (stats["zalo"]["accepted"], stats["zalo"]["delivered"], stats["zalo"]["refused"]) == (1, 1, {"-118": 1})
    assert (stats["esms"]["accepted"], stats["esms"]["refused"]) == (0, {"99": 1})
    assert stats["zalo_quota"] == {"daily": 20_000, "remaining": 19_999}


async def test_faults_that_are_not_named_return_to_their_start(gateways: Gateways) -> None:
    await gateways.faults(http_502=0.5, receipt_delay_ms=[7, 9])
    assert (await gateways.http.get("/control/faults")).json()["receipt_delay_ms"] == [7, 9]
    calm = (await gateways.faults(throttle=0.25)).json()
    assert (calm["http_502"], calm["throttle"], calm["receipt_delay_ms"]) == (0.0, 0.25, [0, 20])


@pytest.mark.parametrize(
    "wrong",
    [
        {"http_503": 0.1},
        {"http_502": 1.5},
        {"http_502": -0.1},
        {"receipt_delay_ms": [9, 7]},
        {"zalo_daily_quota": -1},
        {"zalo_daily_quota": True},
        {"expire_tokens_now": "yes"},
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused_and_changes_nothing(
    gateways: Gateways, wrong: dict[str, Any]
) -> None:
    before = (await gateways.http.get("/control/faults")).json()
    assert (await gateways.faults(**wrong)).status_code == 422
    assert (await gateways.http.get("/control/faults")).json() == before


async def test_rates_strike_the_same_requests_again_after_a_reset(gateways: Gateways) -> None:
    async def pattern() -> list[int]:
        await gateways.start_over()
        await gateways.faults(http_502=0.5)
        return [(await gateways.sms("x")).status_code for _ in range(40)]

    first = await pattern()
    assert set(first) == {200, 502}
    assert await pattern() == first


async def test_a_reset_forgets_messages_and_faults_but_neither_tokens_nor_the_numbering(gateways: Gateways) -> None:
    await gateways.zalo("84912345671")
    cursor = (await page(gateways))["next"]
    await gateways.faults(http_502=1.0)
    await gateways.http.post("/control/reset")
    assert await gateways.messages() == []
    assert (await gateways.zalo("84912345671")).json()["error"] == 0
    (message,) = (await page(gateways, after=cursor))["messages"]
    assert message["seq"] == cursor + 1


async def test_the_magic_numbers_are_listed_and_marked_as_fictitious(gateways: Gateways) -> None:
    listed = (await gateways.http.get("/control/magic")).json()
    assert [one["number"] for one in listed["numbers"]] == [magic.number for magic in MAGIC_NUMBERS]
    assert "không có thật" in listed["note"]
    screen = (await gateways.http.get("/phones/0599999118")).text
    assert "không có thật" in screen


async def test_an_unknown_template_cannot_be_changed(gateways: Gateways) -> None:
    assert (await gateways.http.put("/control/templates/1", json={"status": "DISABLE"})).status_code == 404


async def test_the_wall_shows_the_latest_phones_with_their_newest_message_first(gateways: Gateways) -> None:
    await gateways.sms("0912345671", Content="MOTCUA: tin dau tien")
    await eventually(lambda: all_delivered(gateways))
    await gateways.sms("0912345671", Content="MOTCUA: tin thu hai")
    await gateways.zalo("84912345673")
    await eventually(lambda: all_delivered(gateways))
    wall = (await gateways.http.get("/phones")).text
    assert wall.index("0912 345 673") < wall.index("0912 345 671")
    assert wall.index("tin thu hai") < wall.index("tin dau tien")
    assert RECEIVED_TEMPLATE["office_name"] in wall
    assert 'lang="vi"' in wall or "lang=vi" in wall


async def test_the_wall_asks_nothing_of_the_outside_and_refreshes_itself_without_scripts(gateways: Gateways) -> None:
    await gateways.zalo("84912345671")
    reply = await gateways.http.get("/phones")
    assert "http://" not in reply.text
    assert "https://" not in reply.text
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in reply.text
    assert "unsafe" not in reply.headers["content-security-policy"]
    for file in re.findall(r'(?:src|href)="(/phones/files/[^"]+)"', reply.text):
        assert (await gateways.http.get(file)).status_code == 200
    assert (await gateways.http.get("/phones/files/wall.html")).status_code == 404


async def news(gateways: Gateways, after: int, only: str = "") -> tuple[str, int, dict[str, Any]]:
    """The next event of the stream: name, number, data."""
    params = {"after": str(after)} | ({"only": only} if only else {})
    said: dict[str, str] = {}
    async with gateways.http.stream("GET", "/phones/stream", params=params) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        async for line in reply.aiter_lines():
            if not line:
                break
            name, _, value = line.partition(": ")
            said[name] = value
    return said["event"], int(said["id"]), json.loads(said["data"])


async def number_of(gateways: Gateways) -> int:
    """Where the stream is now, as the page says."""
    found = re.search(r'data-number="([0-9]+)"', (await gateways.http.get("/phones")).text)
    assert found is not None
    return int(found[1])


async def test_the_stream_brings_a_phone_as_soon_as_something_happens_to_it(gateways: Gateways) -> None:
    await gateways.sms("0912345672", Content="MOTCUA: da co")
    await eventually(lambda: all_delivered(gateways))
    number = await number_of(gateways)
    waiting = asyncio.create_task(news(gateways, number))
    await gateways.sms("0912345671", Content="MOTCUA: <b>tin moi</b>")
    name, _, data = await waiting
    assert name == "phones"
    assert [phone["id"] for phone in data["phones"]] == ["84912345671"]
    await eventually(lambda: all_delivered(gateways))
    _, last, data = await news(gateways, number)
    assert "&lt;b&gt;tin moi" in data["phones"][0]["html"]
    assert data["sums"] == {"accepted": 2, "zalo": 0, "sms": 2, "waiting": 0, "failed": 0}
    assert last == await number_of(gateways)


async def test_the_stream_of_one_phone_brings_no_other(gateways: Gateways) -> None:
    number = await number_of(gateways)
    await gateways.sms("0912345671", Content="MOTCUA: mot")
    await gateways.sms("0912345672", Content="MOTCUA: hai")
    _, _, data = await news(gateways, number, only="84912345672")
    assert [phone["id"] for phone in data["phones"]] == ["84912345672"]


async def test_whoever_was_away_too_long_or_over_a_reset_looks_at_everything_anew(gateways: Gateways) -> None:
    await gateways.sms("0912345671", Content="MOTCUA: mot")
    number = await number_of(gateways)
    await gateways.http.post("/control/reset")
    assert (await news(gateways, number))[0] == "anew"
    assert (await news(gateways, number + 1_000_000))[0] == "anew"


async def test_a_typed_number_leads_to_its_phone(gateways: Gateways) -> None:
    reply = await gateways.http.get("/phones", params={"so": "0912 345 671"})
    assert (reply.status_code, reply.headers["location"]) == (303, "/phones/0912345671")
    reply = await gateways.http.get("/phones", params={"so": "<b>113</b>"})
    assert (reply.status_code, "<b>113" in reply.text) == (404, False)


async def test_one_phone_shows_only_its_own_messages(gateways: Gateways) -> None:
    await gateways.sms("0912345671", Content="MOTCUA: cho may mot")
    await gateways.sms("0912345672", Content="MOTCUA: cho may hai")
    await eventually(lambda: all_delivered(gateways))
    screen = (await gateways.http.get("/phones/84912345671")).text
    assert "cho may mot" in screen
    assert "cho may hai" not in screen
    assert (await gateways.http.get("/phones/113")).status_code == 404


async def test_a_message_under_way_or_lost_is_not_on_the_screen(gateways: Gateways) -> None:
    await gateways.sms("0599999801", Content="MOTCUA: tin khong den")
    assert "tin khong den" not in (await gateways.http.get("/phones/0599999801")).text


async def test_what_a_message_contains_is_shown_as_text_never_as_markup(gateways: Gateways) -> None:
    await gateways.sms("0912345671", Content="MOTCUA: <script>alert(1)</script>")
    await eventually(lambda: all_delivered(gateways))
    screen = (await gateways.http.get("/phones/0912345671")).text
    assert "<script>" not in screen
    assert "&lt;script&gt;" in screen
    assert "<img" not in (await gateways.http.get("/phones/<img>")).text
