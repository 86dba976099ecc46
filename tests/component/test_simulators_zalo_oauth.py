"""Zalo OAuth v4 as the simulator speaks it: rotation, single use, and failures that look like success."""

from __future__ import annotations

import asyncio

import pytest

from local.simulators.rig import Gateways, open_gateways
from tests.component.simulator_fixtures import gateways as gateways
from tests.component.simulator_fixtures import running as running

pytestmark = pytest.mark.asyncio


async def test_a_consent_code_buys_a_pair_whose_life_is_a_string_of_seconds(gateways: Gateways) -> None:
    reply = await gateways.token()
    assert reply.status_code == 200
    pair = reply.json()
    assert pair["expires_in"] == "90000"
    assert pair["access_token"] != pair["refresh_token"]


async def test_a_refresh_rotates_the_pair_and_the_new_refresh_token_works_in_turn(gateways: Gateways) -> None:
    first = (await gateways.token()).json()
    second = (await gateways.refresh(first["refresh_token"])).json()
    third = (await gateways.refresh(second["refresh_token"])).json()
    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3
    gateways.access_token = third["access_token"]
    assert (await gateways.zalo("84912345671")).json()["error"] == 0


async def test_a_consumed_refresh_token_gets_an_empty_body_with_http_200(gateways: Gateways) -> None:
    pair = (await gateways.token()).json()
    await gateways.refresh(pair["refresh_token"])
    again = await gateways.refresh(pair["refresh_token"])
    assert (again.status_code, again.content) == (200, b"")


async def test_of_two_workers_that_refresh_at_once_only_one_gets_a_pair(gateways: Gateways) -> None:
    pair = (await gateways.token()).json()
    replies = await asyncio.gather(*(gateways.refresh(pair["refresh_token"]) for _ in range(2)))
    assert sorted(bool(reply.content) for reply in replies) == [False, True]


async def test_an_unknown_refresh_token_is_refused_with_14014_in_the_vendors_shape(gateways: Gateways) -> None:
    reply = await gateways.refresh("never-issued")
    assert reply.status_code == 200
    body = reply.json()
    assert body["error"] == -14014
    assert body["error_name"] == "Invalid refresh token."
    assert body["message"] == ""
    assert {"error_reason", "ref_doc", "error_description"} <= body.keys()


async def test_the_error_code_may_come_as_a_quoted_string(gateways: Gateways) -> None:
    await gateways.faults(oauth_error_as_string=True)
    assert (await gateways.refresh("never-issued")).json()["error"] == "-14014"


async def test_a_wrong_application_is_refused_with_14002(gateways: Gateways) -> None:
    reply = await gateways.token(app_id="1")
    assert (reply.status_code, reply.json()["error"]) == (200, -14002)


@pytest.mark.parametrize("wrong", [{"secret_key": "x"}, {"code": "x"}, {"code_verifier": "short"}, {"grant_type": "x"}])
async def test_a_wrong_secret_code_verifier_or_grant_issues_nothing(gateways: Gateways, wrong: dict[str, str]) -> None:
    body = (await gateways.token(**wrong)).json()
    assert body["error"] != 0
    assert "access_token" not in body


async def test_a_fresh_consent_gives_a_code_that_works_once(gateways: Gateways) -> None:
    code = (await gateways.http.post("/control/consent")).json()["code"]
    assert "access_token" in (await gateways.token(code=code)).json()
    assert "access_token" not in (await gateways.token(code=code)).json()


async def test_a_fresh_code_dies_after_ten_minutes(gateways: Gateways) -> None:
    code = (await gateways.http.post("/control/consent")).json()["code"]
    await gateways.http.put("/control/clock", json={"offset_seconds": 601})
    assert "access_token" not in (await gateways.token(code=code)).json()


async def test_the_configured_code_is_reusable_unless_the_settings_make_it_single_use(gateways: Gateways) -> None:
    assert "access_token" in (await gateways.token()).json()
    async with open_gateways(zalo_auth_code_single_use=True) as strict:
        assert "access_token" not in (await strict.token()).json()


async def test_an_access_token_goes_stale_after_25_hours(gateways: Gateways) -> None:
    await gateways.http.put("/control/clock", json={"offset_seconds": 90_001})
    assert (await gateways.zalo("84912345671")).json()["error"] == -124


async def test_a_token_can_be_refused_with_124_long_before_its_time_and_a_refresh_heals_it(gateways: Gateways) -> None:
    pair = (await gateways.token()).json()
    gateways.access_token = pair["access_token"]
    await gateways.faults(expire_tokens_now=True)
    reply = await gateways.zalo("84912345671")
    assert (reply.status_code, reply.json()["error"]) == (200, -124)
    gateways.access_token = (await gateways.refresh(pair["refresh_token"])).json()["access_token"]
    assert (await gateways.zalo("84912345671")).json()["error"] == 0


async def test_a_bearer_header_is_not_the_access_token_header(gateways: Gateways) -> None:
    bearer = {"Authorization": f"Bearer {gateways.access_token}"}
    assert (await gateways.http.get("/zalo/message/quota", headers=bearer)).json()["error"] == -124


async def test_the_token_endpoint_can_break_with_an_html_502(gateways: Gateways) -> None:
    await gateways.faults(http_502=1.0)
    reply = await gateways.token()
    assert reply.status_code == 502
    assert reply.headers["content-type"].startswith("text/html")
