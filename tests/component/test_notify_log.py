"""The delivery log: what is found, in which order, in pages that stay where they are, and for whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.types import NoticeChannel, NoticeKind
from services.notify.domain.notice import Attempt
from services.notify.domain.transitions import State
from services.notify.queries import notice_log
from services.notify.store import NOTICES
from tests.component.notify_fixtures import COUNTER, PHONE, Town, code, now
from tests.component.notify_fixtures import town as town
from tests.component.notify_log_fixtures import keep, notice

LOG = "/v1/notices"
OTHER = "H99.02"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


async def read(town: Town, scope: str = "operator", **query: Any) -> dict[str, Any]:
    reply = await town.api.get(LOG, params=query, headers=await town.key([scope]))
    assert reply.status_code == 200, reply.text
    page: dict[str, Any] = reply.json()
    return page


async def ids(town: Town, scope: str = "operator", **query: Any) -> list[str]:
    return [shown["id"] for shown in (await read(town, scope, **query))["notices"]]


async def pages(town: Town, scope: str = "operator", **query: Any) -> list[list[str]]:
    """All pages, one after the other."""
    headers, found, after = await town.key([scope]), [], None
    while True:
        params = query | ({"after": after} if after else {})
        body = (await town.api.get(LOG, params=params, headers=headers)).json()
        found.append([shown["id"] for shown in body["notices"]])
        after = body["next"]
        if after is None:
            return found
        assert len(found) < 500


async def test_without_a_key_nothing_is_shown(town: Town) -> None:
    assert (await town.api.get(LOG)).status_code == 401


@pytest.mark.parametrize("scope", ["counter:H99.02", "agency:H99.01"])
async def test_the_wrong_counter_is_refused_before_anything_is_looked_at(town: Town, scope: str) -> None:
    reply = await town.api.get(LOG, params={"counter": COUNTER, "after": "nowhere"}, headers=await town.key([scope]))
    assert (reply.status_code, reply.json()["slug"]) == (403, "scope-missing")


async def test_who_has_no_counter_at_all_is_refused(town: Town) -> None:
    reply = await town.api.get(LOG, headers=await town.key(["agency:H99.01"]))
    assert (reply.status_code, reply.json()["slug"]) == (403, "scope-missing")


async def test_counters_see_their_own_and_operators_see_all(town: Town) -> None:
    at = now()
    await keep(town, notice(1, at - MINUTE), notice(2, at, counter=OTHER))
    assert await ids(town, f"counter:{COUNTER}") == ["n-00001"]
    assert await ids(town, f"counter:{OTHER}") == ["n-00002"]
    assert await ids(town, "operator") == ["n-00002", "n-00001"]
    assert await ids(town, "service", counter=COUNTER) == ["n-00001"]


async def test_a_key_of_two_counters_sees_both_in_one_order(town: Town) -> None:
    at = now()
    await keep(town, *(notice(n, at - n * MINUTE, counter=[COUNTER, OTHER, "H99.03"][n % 3]) for n in range(9)))
    reply = await town.api.get(LOG, headers=await town.key([f"counter:{COUNTER}", f"counter:{OTHER}"]))
    assert [shown["id"] for shown in reply.json()["notices"]] == [f"n-{n:05d}" for n in range(9) if n % 3 != 2]


async def test_a_line_says_in_words_what_happened_and_shows_no_phone(town: Town) -> None:
    await town.happens(town.submitted(code()))
    async with town.working():
        sent = await town.reaches(code(), "delivered")
    reply = await town.api.get(LOG, headers=await town.key(["operator"]))
    [shown] = reply.json()["notices"]
    assert (shown["id"], shown["code"], shown["counter"]) == (sent.id, code(), COUNTER)
    assert (shown["state"], shown["state_words"]) == ("delivered", "đã đến máy")
    assert (shown["kind_words"], shown["channel_words"]) == ("đã tiếp nhận, hẹn trả kết quả", "Zalo")
    assert shown["provider"] == shown["attempts"][0]["provider"] == "zalo"
    assert shown["attempts"][0]["provider_words"] == "Zalo"
    assert shown["history"][0]["state_words"] == "đang gửi"
    assert PHONE[1:] not in reply.text


async def test_filters_narrow_the_log(town: Town) -> None:
    at = now()
    text = Attempt("n-00002-1", 1, NoticeChannel.SMS, at=at, called_at=at, provider="esms")
    await keep(
        town,
        notice(1, at - 1 * MINUTE),
        notice(2, at - 2 * MINUTE, channel=NoticeChannel.SMS, attempts=(text,), state=State.SENT),
        notice(3, at - 3 * MINUTE, kind=NoticeKind.RESOLVED, state=State.FAILED, reason="sms-payload"),
        notice(40, at - 4 * MINUTE, state=State.UNDELIVERABLE, reason="sms-recipient"),
    )
    for query, numbers in (
        ({"state": "failed"}, [3]),
        ({"state": ["failed", "undeliverable"]}, [3, 40]),
        ({"kind": "resolved"}, [3]),
        ({"channel": "sms"}, [2]),
        ({"provider": "esms"}, [2]),
        ({"reason": "sms-recipient"}, [40]),
        ({"code": code(40)}, [40]),
        ({"code": code(1)[:-1]}, [1, 2, 3]),
        ({"code": "H99.02"}, []),
        ({"channel": "sms", "state": "failed"}, []),
    ):
        expected = [f"n-{number:05d}" for number in numbers]
        assert await ids(town, **query) == expected, query
        assert await ids(town, f"counter:{COUNTER}", **query) == expected, query


async def test_from_and_to_bound_the_log_to_the_millisecond(town: Town) -> None:
    at = now() - DAY
    await keep(town, *(notice(n, at + timedelta(milliseconds=n)) for n in range(5)))
    first, last = (at + timedelta(milliseconds=n) for n in (1, 3))
    assert await ids(town, **{"from": first.isoformat(), "to": last.isoformat()}) == ["n-00002", "n-00001"]


async def test_of_a_whole_dossier_code_notices_of_last_month_are_found_without_asking_for_them(town: Town) -> None:
    then = now() - 60 * DAY
    old = f"{COUNTER}-{then:%y%m%d}-0001"
    await keep(town, notice(1, then + MINUTE, code=old))
    assert await ids(town) == []
    assert await ids(town, code=old) == ["n-00001"]


@pytest.mark.parametrize(
    ("since", "until", "slug"), [(0, 1, "period-reversed"), (93, 0, "period-too-long"), (1, 1, "period-reversed")]
)
async def test_a_period_that_makes_no_sense_is_refused(town: Town, since: int, until: int, slug: str) -> None:
    at = now()
    query = {"from": (at - since * DAY).isoformat(), "to": (at - until * DAY).isoformat()}
    reply = await town.api.get(LOG, params=query, headers=await town.key(["operator"]))
    assert (reply.status_code, reply.json()["slug"]) == (422, slug)


@pytest.mark.parametrize("after", ["nowhere", "2026-11-23T00:00:00~n-1", "~", "0001-01-01T00:00:00+14:00~x"])
async def test_a_page_that_was_made_up_is_refused(town: Town, after: str) -> None:
    reply = await town.api.get(LOG, params={"after": after}, headers=await town.key(["operator"]))
    assert (reply.status_code, reply.json()["slug"]) == (422, "page-unknown")


@pytest.mark.parametrize("scope", ["operator", f"counter:{COUNTER}"])
async def test_pages_hold_every_notice_once_newest_first(town: Town, scope: str) -> None:
    """Over days and ten-minute edges, and many made in the same millisecond."""
    at = now()
    moments = [at - (n // 4) * timedelta(hours=7) for n in range(60)]
    await keep(town, *(notice(n, moment) for n, moment in enumerate(moments)))
    expected = sorted(range(60), key=lambda n: (moments[n], f"n-{n:05d}"), reverse=True)
    for limit in (1, 7, 60, 100):
        found = await pages(town, scope, limit=limit)
        assert [id for page in found for id in page] == [f"n-{n:05d}" for n in expected]
        assert all(len(page) == limit for page in found[:-1])


async def test_a_page_stays_where_it_is_while_notices_are_made_and_change(town: Town) -> None:
    at = now()
    await keep(town, *(notice(n, at - n * MINUTE) for n in range(6)))
    first = await read(town, limit=3)
    await keep(town, notice(99, at + timedelta(seconds=1)))
    second = await read(town, limit=3, after=first["next"])
    assert [shown["id"] for shown in second["notices"]] == ["n-00003", "n-00004", "n-00005"]
    assert second["next"] is None


@pytest.mark.parametrize("scope", ["operator", f"counter:{COUNTER}"])
async def test_a_rare_word_is_found_over_several_short_pages(
    town: Town, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page looks through a limited number of notices."""
    monkeypatch.setattr(notice_log, "MOST_LOOKED_AT", 10)
    at = now()
    rare = {17, 58}
    await keep(
        town,
        *(notice(n, at - n * timedelta(hours=6), reason="sms-payload" if n in rare else "") for n in range(60)),
    )
    found = await pages(town, scope, reason="sms-payload", limit=10)
    assert [id for page in found for id in page] == ["n-00017", "n-00058"]
    assert len(found) > 3


async def test_the_place_in_the_log_is_written_once(town: Town) -> None:
    """Whatever becomes of a notice, the log finds it where it was made."""
    at: datetime = now() - DAY
    made = notice(1, at, state=State.SENT, next_at=at)
    tokens = notice_tokens(made)
    assert notice_tokens(replace(made, state=State.FAILED, next_at=None)) & tokens == {t for t in tokens if is_log(t)}
    assert len([t for t in tokens if is_log(t)]) == 2


def notice_tokens(made: Any) -> set[str]:
    return set(NOTICES.to_document(made)["tokens"])


def is_log(token: str) -> bool:
    return token.startswith(("day:", "slot:"))
