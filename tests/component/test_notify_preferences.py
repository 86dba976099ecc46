"""What citizens ask for at a desk, how soon a sender heeds it, and that no phone is kept or logged."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from contracts.types import NoticeChannel, NoticeKind
from services.kit.commit import Committer
from services.notify.consumers import SOURCE
from services.notify.preferences import LearnRefusal, Preferences, phone_key
from services.notify.preferences.preference import Wants
from services.notify.preferences.store import PREFERENCES, forget_empty
from tests.component.dump import whole_database
from tests.component.notify_fixtures import PHONE, Town, code, now, open_town
from tests.eventually import eventually

KEY = bytes(range(32))
SAID = f"+84 {PHONE[1:4]} {PHONE[4:7]} {PHONE[7:]}"
STORED = f"84{PHONE[1:]}"
PATH = "/v1/preferences"


@pytest.fixture
async def town(mongodb_url: str, prefix: str) -> AsyncIterator[Town]:
    key = base64.urlsafe_b64encode(KEY).decode()
    async with open_town(mongodb_url, prefix, notify_phone_key=key) as opened:
        yield opened


async def call(town: Town, method: str, headers: dict[str, str], path: str = PATH, **body: str) -> Any:
    return await town.api.request(method, path, json={"phone": PHONE, **body}, headers=headers)


async def known(town: Town) -> Preferences:
    preferences = Preferences(town.mongo, KEY)
    await preferences.refresh()
    return preferences


def committer(town: Town) -> Committer:
    return Committer(town.mongo, SOURCE, now)


async def test_a_wish_is_set_looked_up_and_taken_back_by_a_counter(town: Town) -> None:
    headers = await town.key(["counter:H99.01"])
    key_id = headers["Authorization"].split("_")[1]
    reply = await call(town, "PUT", headers, wants="none", why="other-owner")
    assert reply.status_code == 200
    shown = (await call(town, "POST", headers, f"{PATH}/look-up", phone=SAID)).json()
    assert shown == reply.json()
    assert (shown["wants"], shown["why"], shown["set_by"]) == ("none", "other-owner", key_id)
    assert shown["set_at"] is not None
    preference = (await known(town)).of(STORED)
    assert preference.silences(NoticeKind.RECEIVED)
    assert not preference.silences(NoticeKind.ONE_TIME_CODE)
    reply = await call(town, "DELETE", headers, why="correction")
    assert (reply.status_code, reply.json()["wants"], reply.json()["why"]) == (200, None, "correction")
    assert not (await known(town)).of(STORED).silences(NoticeKind.RECEIVED)


async def test_a_phone_of_which_nothing_is_known_has_no_wish_and_none_is_written(town: Town) -> None:
    headers = await town.key(["operator"])
    nothing = {"wants": None, "why": None, "set_by": "", "set_at": None, "zalo_refused_until": None}
    assert (await call(town, "POST", headers, f"{PATH}/look-up")).json() == nothing
    assert (await call(town, "DELETE", headers)).json() == nothing
    assert await town.mongo.collection(PREFERENCES.collection).count_documents({}) == 0


@pytest.mark.parametrize(("method", "path"), [("PUT", PATH), ("DELETE", PATH), ("POST", f"{PATH}/look-up")])
async def test_only_desks_and_operators_may(town: Town, method: str, path: str) -> None:
    assert (await call(town, method, {}, path, wants="none")).status_code == 401
    for scopes in (["agency:H99.01"], ["service"], ["backfill"]):
        reply = await call(town, method, await town.key(scopes), path, wants="none")
        assert (reply.status_code, reply.json()["slug"]) == (403, "scope-missing")
    for scopes in (["counter:H99.02"], ["operator"]):
        assert (await call(town, method, await town.key(scopes), path, wants="sms-only")).status_code == 200


@pytest.mark.parametrize("phone", ["02838220000", "+12025550123", "chín không một", "0101234567"])
async def test_what_is_no_mobile_is_refused_and_not_repeated(town: Town, phone: str) -> None:
    headers = await town.key(["operator"])
    for method, path in (("PUT", PATH), ("DELETE", PATH), ("POST", f"{PATH}/look-up")):
        reply = await call(town, method, headers, path, phone=phone, wants="none")
        assert (reply.status_code, reply.json()["slug"]) == (422, "phone-not-mobile")
        assert phone not in reply.text


async def test_wishes_and_grounds_are_from_closed_lists(town: Town) -> None:
    headers = await town.key(["operator"])
    for body in ({"wants": "fax"}, {"wants": "none", "why": f"gọi {PHONE}"}, {}, {"wants": "none", "phone": "1" * 31}):
        reply = await call(town, "PUT", headers, **body)
        assert (reply.status_code, reply.json()["slug"]) == (422, "request-invalid")
        assert PHONE not in reply.text


async def test_without_the_key_of_phones_there_are_no_preferences(mongodb_url: str, prefix: str) -> None:
    async with open_town(mongodb_url, prefix) as town:
        headers = await town.key(["operator"])
        for method, path in (("PUT", PATH), ("DELETE", PATH), ("POST", f"{PATH}/look-up")):
            reply = await call(town, method, headers, path, wants="none")
            assert (reply.status_code, reply.json()["slug"]) == (503, "preferences-off")
        preferences = Preferences(town.mongo, None)
        await preferences.refresh()
        assert preferences.of(STORED).says_nothing
        assert preferences.key_of(STORED) is None


async def test_neither_the_phone_nor_a_plain_hash_of_it_is_stored_or_logged(
    town: Town, capfd: pytest.CaptureFixture[str]
) -> None:
    headers = await town.key(["counter:H99.01"])
    await call(town, "PUT", headers, wants="none")
    await call(town, "POST", headers, f"{PATH}/look-up")
    await committer(town).run(LearnRefusal(phone_key(KEY, STORED), now() + timedelta(days=90)))
    await call(town, "DELETE", headers)
    said = "".join(capfd.readouterr())
    dump = whole_database(town.settings)
    assert phone_key(KEY, STORED) in dump
    for trace in (PHONE[1:], SAID):
        assert trace not in dump
        assert trace not in said
    assert phone_key(KEY, STORED) not in said


async def test_a_sender_sees_what_changed_and_asks_no_more_often_than_it_should(town: Town) -> None:
    headers = await town.key(["operator"])
    eager, slow = Preferences(town.mongo, KEY, every_s=0), Preferences(town.mongo, KEY, every_s=600)
    for preferences in (eager, slow):
        await preferences.refresh()
        assert preferences.of(STORED).says_nothing
    await call(town, "PUT", headers, wants="sms-only")
    await call(town, "PUT", headers, wants="none", phone="0901234568")
    for preferences in (eager, slow):
        await preferences.refresh()
    assert eager.of(STORED).sms_only(NoticeKind.RECEIVED, NoticeChannel.ZALO, now())
    assert eager.of("84901234568").wants is Wants.NONE
    assert slow.of(STORED).says_nothing
    await call(town, "DELETE", headers)
    await eager.refresh()
    assert eager.of(STORED).says_nothing
    assert eager.of("84901234568").wants is Wants.NONE


async def test_a_refusal_is_learned_once_and_forgotten_when_it_is_over(town: Town) -> None:
    key, until = phone_key(KEY, STORED), now() + timedelta(days=90)
    assert await committer(town).run(LearnRefusal(key, until)) is True
    assert await committer(town).run(LearnRefusal(key, until + timedelta(minutes=5))) is False
    preference = (await known(town)).of(STORED)
    assert preference.sms_only(NoticeKind.RECEIVED, NoticeChannel.ZALO, now())
    assert not preference.sms_only(NoticeKind.RECEIVED, NoticeChannel.ZALO, until)
    assert await forget_empty(town.mongo, until) == 0
    assert await forget_empty(town.mongo, until + timedelta(seconds=1)) == 1
    assert (await known(town)).of(STORED).says_nothing


async def test_a_wish_is_never_forgotten_and_an_emptied_row_only_after_all_senders_saw_it(town: Town) -> None:
    headers = await town.key(["operator"])
    await call(town, "PUT", headers, wants="none")
    await call(town, "PUT", headers, wants="sms-only", phone="0901234568")
    await call(town, "DELETE", headers, phone="0901234568")
    assert await forget_empty(town.mongo, now() + timedelta(days=6)) == 0
    assert await forget_empty(town.mongo, now() + timedelta(days=4000)) == 1
    assert (await known(town)).of(STORED).wants is Wants.NONE


async def test_asking_again_after_a_row_was_forgotten_begins_anew(town: Town) -> None:
    headers = await town.key(["operator"])
    await call(town, "PUT", headers, wants="none")
    await call(town, "DELETE", headers)
    assert await forget_empty(town.mongo, now() + timedelta(days=8)) == 1
    assert (await call(town, "PUT", headers, wants="zalo-first")).json()["wants"] == "zalo-first"
    assert (await known(town)).of(STORED).wants is Wants.ZALO_FIRST


async def test_reading_what_changed_uses_an_index(town: Town) -> None:
    found = town.mongo.collection(PREFERENCES.collection).find({"changed_at": {"$gte": now()}})
    plan = await found.explain()
    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])


async def test_who_opted_out_gets_nothing_but_the_codes_asked_for(town: Town) -> None:
    await call(town, "PUT", await town.key(["counter:H99.01"]), wants="none")
    await town.happens(town.submitted(code()), town.code_issued(code()))
    async with town.working():

        async def all_ended() -> bool:
            return all(notice.is_final for notice in await town.notices(code()))

        await eventually(all_ended)
    ends = {notice.kind: (notice.state, notice.reason) for notice in await town.notices(code())}
    assert ends["received"] == ("cancelled", "opted-out")
    assert ends["one_time_code"][0] == "delivered"
    assert len(await town.messages()) == 1


async def test_who_wants_texts_only_is_not_tried_on_zalo(town: Town) -> None:
    await call(town, "PUT", await town.key(["counter:H99.01"]), wants="sms-only")
    await town.happens(town.submitted(code()))
    async with town.working():
        notice = await town.reaches(code(), "delivered", timeout=20)
    assert [attempt.channel for attempt in notice.attempts] == ["sms"]


@pytest.mark.parametrize("refuses", ["139", "141"])
async def test_a_phone_that_refuses_us_on_zalo_is_tried_there_once(town: Town, refuses: str) -> None:
    phone = f"0599999{refuses}"
    await town.happens(town.submitted(code(), phone))
    async with town.working():
        first = await town.reaches(code(), "delivered", timeout=20)

        async def learned() -> bool:
            return (await known(town)).of(f"84{phone[1:]}").refused_by_zalo(now() + timedelta(days=89))

        await eventually(learned)
    assert [attempt.channel for attempt in first.attempts] == ["zalo", "sms"]
    await town.happens(town.submitted(code(8), phone))
    async with town.working():
        second = await town.reaches(code(8), "delivered", timeout=20)
    assert [attempt.channel for attempt in second.attempts] == ["sms"]
    assert phone[1:] not in whole_database(town.settings)
