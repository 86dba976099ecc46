"""What clerks and operators may read, and who may not."""

from __future__ import annotations

import pytest

from tests.component.notify_fixtures import COUNTER, PHONE, Town, code
from tests.component.notify_fixtures import town as town

PATHS = [f"/v1/dossiers/{code()}/notices", f"/v1/call-list?counter={COUNTER}", "/v1/notices/{id}"]


async def paths(town: Town) -> list[str]:
    await town.happens(town.submitted(code()))
    notice = await town.notice(code())
    return [path.replace("{id}", notice.id) for path in PATHS]


async def test_anonymous_and_unknown_keys_see_nothing(town: Town) -> None:
    for path in await paths(town):
        assert (await town.api.get(path)).status_code == 401
        wrong = {"Authorization": "Bearer mc_0123456789ab_" + "x" * 32}
        assert (await town.api.get(path, headers=wrong)).status_code == 401


@pytest.mark.parametrize("scope", ["counter:H99.02", "agency:H99.01"])
async def test_other_counters_and_agencies_are_refused(town: Town, scope: str) -> None:
    headers = await town.key([scope])
    for path in await paths(town):
        reply = await town.api.get(path, headers=headers)
        assert (reply.status_code, reply.json()["slug"]) == (403, "scope-missing")


@pytest.mark.parametrize("scope", ["operator", "service", f"counter:{COUNTER}"])
async def test_the_recipients_counter_operators_and_services_may_read(town: Town, scope: str) -> None:
    headers = await town.key([scope])
    for path in await paths(town):
        reply = await town.api.get(path, headers=headers)
        assert reply.status_code == 200
        assert PHONE[1:] not in reply.text


async def test_a_dossiers_notices_show_their_way(town: Town) -> None:
    await town.happens(town.submitted(code(), "0599999118"))
    async with town.working():
        notice = await town.reaches(code(), "delivered")
    body = (await town.api.get(PATHS[0], headers=await town.key(["operator"]))).json()
    assert body["wants_notices"] is True
    [shown] = body["notices"]
    assert (shown["id"], shown["state"], shown["channel"], shown["kind"]) == (
        notice.id,
        "delivered",
        "sms",
        "received",
    )
    assert [attempt["channel"] for attempt in shown["attempts"]] == ["zalo", "sms"]
    assert [entry["state"] for entry in shown["history"]] == ["sending", "created", "sending", "sent", "delivered"]


async def test_what_is_not_there_is_missing(town: Town) -> None:
    headers = await town.key(["operator"])
    for path, slug in ((PATHS[0], "dossier-unknown"), ("/v1/notices/n-0", "notice-unknown")):
        reply = await town.api.get(path, headers=headers)
        assert (reply.status_code, reply.json()["slug"]) == (404, slug)
    assert (await town.api.get("/v1/call-list", headers=headers)).status_code == 422
