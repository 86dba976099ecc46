"""Sending a notice again: who may, once per request, three times at most, with a trace of who and why."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.types import NoticeChannel, NoticeKind
from services.notify.domain.notice import Attempt, Notice
from services.notify.domain.resend import SAME_TEXT_REFUSED
from services.notify.domain.transitions import State
from services.notify.store import NOTICES, RECIPIENTS, RESENDS
from tests.component.notify_fixtures import COUNTER, PHONE, Town, code, now
from tests.component.notify_fixtures import town as town
from tests.component.notify_log_fixtures import change, ended
from tests.eventually import eventually

CLERK = f"counter:{COUNTER}"


async def resend(
    town: Town, id: str, headers: dict[str, str], key: str = "request-0001", **body: Any
) -> httpx.Response:
    sent = {"reason": "citizen-asked"} | body
    return await town.api.post(f"/v1/notices/{id}/resend", json=sent, headers=headers | {"Idempotency-Key": key})


async def refused(town: Town, id: str, **body: Any) -> tuple[int, str]:
    reply = await resend(town, id, await town.key([CLERK]), **body)
    return reply.status_code, reply.json()["slug"]


async def finish(town: Town, id: str, state: State = State.UNDELIVERABLE) -> None:
    await change(town, NOTICES, id, lambda notice: replace(notice, state=state, next_at=None))


async def test_anonymous_callers_are_refused(town: Town) -> None:
    assert (await resend(town, (await ended(town)).id, {})).status_code == 401


@pytest.mark.parametrize("scope", ["counter:H99.02", "agency:H99.01", "service"])
async def test_others_than_the_counter_and_operators_are_refused(town: Town, scope: str) -> None:
    reply = await resend(town, (await ended(town)).id, await town.key([scope]))
    assert (reply.status_code, reply.json()["slug"]) == (403, "scope-missing")
    assert len(await town.notices()) == 1


async def test_a_notice_that_is_not_there_is_missing(town: Town) -> None:
    assert await refused(town, "n-0") == (404, "notice-unknown")


async def test_a_resent_notice_reaches_the_phone_and_says_who_wanted_it(town: Town) -> None:
    old = await ended(town)
    headers = await town.key([CLERK])
    reply = await resend(town, old.id, headers, note="Gặp tại quầy")
    assert reply.status_code == 201, reply.text
    shown = reply.json()
    key_id = headers["Authorization"].split("_")[1]
    assert shown["id"] == f"{old.id}.r1"
    assert shown["resend"] == {
        "resend_of": old.id, "by": key_id, "reason": "citizen-asked", "reason_words": "người dân đề nghị gửi lại",
    }  # fmt: skip
    assert (shown["state"], shown["history"][0]["reason"]) == ("created", "resent")

    async with town.working():
        await reaches(town, shown["id"], State.DELIVERED)
    [message] = await town.messages()
    assert message["tracking_id"] == f"{old.id}.r1-1"
    record = await town.mongo.collection(RESENDS.collection).find_one({"notice_id": shown["id"]})
    assert record is not None
    assert (record["by"], record["why"], record["note"]) == (key_id, "citizen-asked", "Gặp tại quầy")
    history = (await town.notices())[0].history
    assert (history[-1].reason, history[-1].state) == ("resent", State.UNDELIVERABLE)


async def test_the_same_request_twice_makes_one_and_the_same_key_for_another_is_refused(town: Town) -> None:
    old = await ended(town)
    headers = await town.key([CLERK])
    replies = await asyncio.gather(*(resend(town, old.id, headers) for _ in range(4)))
    assert {reply.status_code for reply in replies} == {201}
    assert {reply.json()["id"] for reply in replies} == {f"{old.id}.r1"}
    assert len(await town.notices()) == 2
    await finish(town, f"{old.id}.r1")
    assert (await resend(town, old.id, headers)).json()["id"] == f"{old.id}.r1"
    other = await resend(town, old.id, headers, reason="not-received")
    assert (other.status_code, other.json()["slug"]) == (409, "idempotency-key-reused")
    assert len(await town.notices()) == 2


async def test_two_clerks_at_once_make_one_message(town: Town) -> None:
    old = await ended(town)
    headers = [await town.key([CLERK]) for _ in range(5)]
    replies = await asyncio.gather(*(resend(town, old.id, one) for one in headers))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409, 409]
    assert {reply.json()["slug"] for reply in replies if reply.status_code == 409} == {"notice-not-ended"}
    assert len(await town.notices()) == 2


async def test_three_times_is_enough_whichever_of_them_is_named(town: Town) -> None:
    old = await ended(town)
    headers, named = await town.key([CLERK]), old.id
    for number in (1, 2, 3):
        reply = await resend(town, named, headers, key=f"request-{number}-of-many")
        assert (reply.status_code, reply.json()["id"]) == (201, f"{old.id}.r{number}")
        named = reply.json()["id"]
        await finish(town, named)
    assert await refused(town, old.id) == (409, "resends-too-many")
    assert await refused(town, named) == (409, "resends-too-many")


async def test_what_is_on_its_way_waits_for_its_end(town: Town) -> None:
    await town.happens(town.submitted(code()))
    assert await refused(town, (await town.notice(code())).id) == (409, "notice-not-ended")


async def test_a_text_that_a_gateway_had_just_now_waits_before_it_is_said_again(town: Town) -> None:
    old, headers = await ended(town), await town.key([CLERK])

    async def last_called(ago: timedelta) -> None:
        call = Attempt(f"{old.id}-1", 1, NoticeChannel.SMS, at=now() - ago, called_at=now() - ago, provider="esms")
        await change(town, NOTICES, old.id, lambda notice: replace(notice, attempts=(call,)))

    await last_called(timedelta(seconds=100))
    reply = await resend(town, old.id, headers)
    assert (reply.status_code, reply.json()["slug"]) == (409, "resend-too-soon")
    seconds = reply.json()["retry_after_s"]
    assert 200 < seconds <= SAME_TEXT_REFUSED.total_seconds() - 100
    assert reply.headers["retry-after"] == str(seconds)
    assert len(await town.notices()) == 1
    await last_called(SAME_TEXT_REFUSED + timedelta(seconds=1))
    assert (await resend(town, old.id, headers)).status_code == 201


async def test_what_is_not_true_any_more_is_not_said_again(town: Town) -> None:
    assert await refused(town, (await ended(town, 1, State.CANCELLED)).id) == (409, "notice-untrue")
    old = await ended(town, 2, State.DELIVERED)
    await town.happens(town.withdrawn(code(2)))
    assert await refused(town, old.id) == (409, "notice-untrue")


async def test_without_the_contact_it_cannot_be_sent(town: Town) -> None:
    old = await ended(town)
    await change(town, RECIPIENTS, old.code, lambda recipient: replace(recipient, contact=None))
    assert await refused(town, old.id) == (409, "contact-wiped")


async def test_a_one_time_code_is_never_sent_again(town: Town) -> None:
    old = await ended(town)
    await change(town, NOTICES, old.id, lambda notice: replace(notice, kind=NoticeKind.ONE_TIME_CODE))
    assert await refused(town, old.id) == (409, "notice-not-resendable")


@pytest.mark.parametrize("note", ["gọi 0901 234 567", "CCCD 001099000001", PHONE])
async def test_a_note_with_a_number_of_a_person_is_refused(town: Town, note: str) -> None:
    assert await refused(town, (await ended(town)).id, note=note) == (422, "note-personal")


async def test_bad_requests_are_refused_with_their_fields(town: Town) -> None:
    old, headers = await ended(town), await town.key([CLERK])
    for body in ({"reason": ""}, {"reason": "Vì dân hỏi"}, {"note": "x" * 201}, {"again": True}):
        assert (await resend(town, old.id, headers, **body)).json()["slug"] == "request-invalid"
    reply = await town.api.post(f"/v1/notices/{old.id}/resend", json={"reason": "citizen-asked"}, headers=headers)
    assert (reply.status_code, reply.json()["slug"]) == (422, "idempotency-key-missing")


async def test_the_repetition_takes_the_old_ones_place_on_the_call_list(town: Town) -> None:
    old, headers = await ended(town), await town.key([CLERK])

    async def to_call() -> list[str]:
        reply = await town.api.get("/v1/call-list", params={"counter": COUNTER}, headers=headers)
        return [entry["notice_id"] for entry in reply.json()["entries"]]

    assert await to_call() == [old.id]
    first = (await resend(town, old.id, headers)).json()["id"]
    assert await to_call() == []
    await finish(town, first)
    assert await to_call() == [first]
    await resend(town, first, headers, key="request-0002")
    assert await to_call() == []


async def test_a_repetition_is_cancelled_when_its_dossier_is_withdrawn(town: Town) -> None:
    old = await ended(town)
    again = (await resend(town, old.id, await town.key([CLERK]))).json()["id"]
    await town.happens(town.withdrawn(code()))
    async with town.working():
        await reaches(town, again, State.CANCELLED)
    assert [m for m in await town.messages() if m["tracking_id"].startswith(again)] == []


async def reaches(town: Town, id: str, state: State) -> Notice:
    async def check() -> Notice:
        found = await NOTICES.read(town.mongo, id)
        assert found is not None
        assert found.state is state, f"{found.state} {found.reason}"
        return found

    return await eventually(check)
