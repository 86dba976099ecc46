"""One answer per returned dossier; a low one is followed up in time; what people write stays in intake."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.kit.outbox import OUTBOX
from tests.component.citizen_fixtures import invitation, returned, same_answer
from tests.component.counter_fixtures import resolved
from tests.component.service_fixtures import COUNTER, OTHER_COUNTER, Intake, dossier, now, open_intake
from tests.replies import slug

COMMENT = "Cán bộ Nguyễn Văn A giải thích chưa rõ"
GOOD = {"overall": 5, "time_score": 2, "contacts_score": 2, "agencies_score": 1, "attitude_score": 2}
LOW = {"overall": 4, "attitude_score": 0, "comment": COMMENT}


async def by_link(intake: Intake, token: str, **body: Any) -> httpx.Response:
    return await intake.http.post(f"/v1/ratings/{token}", json=body or GOOD)


async def at_tablet(intake: Intake, code: str, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
    url = f"/v1/dossiers/{code}/rating"
    return await intake.http.post(url, json=body or GOOD, headers=intake.desk if headers is None else headers)


async def follow_ups(intake: Intake, headers: dict[str, str] | None = None, **params: Any) -> list[dict[str, Any]]:
    params = {"counter": COUNTER} | params
    reply = await intake.http.get("/v1/follow-ups", params=params, headers=headers or intake.desk)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["follow_ups"]
    return found


class TestByInvitation:
    async def test_the_answer_is_kept_and_told_once(self, intake: Intake) -> None:
        code = await returned(intake)
        token = await invitation(intake, code)
        first = await by_link(intake, token)
        again = await by_link(intake, token)
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        assert "idempotent-replayed" not in first.headers
        assert again.headers["idempotent-replayed"] == "true"
        [event] = await intake.events(code, "dossier.rated.v1")
        assert {name: event[name] for name in GOOD} == GOOD

    async def test_another_answer_is_refused(self, intake: Intake) -> None:
        token = await invitation(intake, await returned(intake))
        await by_link(intake, token)
        assert slug(await by_link(intake, token, overall=1)) == (409, "already-rated")

    async def test_ten_at_once_are_one_answer(self, intake: Intake) -> None:
        code = await returned(intake)
        token = await invitation(intake, code)
        replies = await asyncio.gather(*(by_link(intake, token, overall=1 + n % 5) for n in range(10)))
        assert sorted(reply.status_code for reply in replies) == [201] * 2 + [409] * 8
        assert len(await intake.events(code, "dossier.rated.v1")) == 1

    async def test_an_unknown_and_an_expired_invitation_get_the_same_answer(self, intake: Intake) -> None:
        token = await invitation(intake, await returned(intake))
        late = intake.settings.model_copy(update={"clock_offset_seconds": timedelta(days=91).total_seconds()})
        async with open_intake(late, intake.notify) as then:
            expired = await by_link(then, token)
        unknown = await by_link(intake, "x" * 16)
        assert slug(unknown) == (404, "invitation-unknown")
        assert same_answer(expired, unknown)
        assert (await by_link(intake, token)).status_code == 201

    @pytest.mark.parametrize(
        "body",
        [
            {"overall": 0}, {"overall": 6}, {"overall": "tốt"}, {}, {"overall": 5, "time_score": 3},
            {"overall": 5, "attitude_score": -1}, {"overall": 5, "comment": ""}, {"overall": 5, "comment": "x" * 4001},
            {"overall": 5, "comment": "\ud800"}, {"overall": 5, "stars": 5},
        ],
    )  # fmt: skip
    async def test_what_is_no_answer_is_refused(self, intake: Intake, body: dict[str, Any]) -> None:
        token = await invitation(intake, await returned(intake))
        headers = {"content-type": "application/json"}
        reply = await intake.http.post(f"/v1/ratings/{token}", content=_json(body), headers=headers)
        assert reply.status_code in {400, 422}
        assert await intake.documents("ratings") == []


class TestAtTheTablet:
    async def test_anonymous_and_wrong_role_and_wrong_counter(self, intake: Intake) -> None:
        code = await returned(intake)
        assert slug(await at_tablet(intake, code, {})) == (401, "key-missing")
        assert slug(await at_tablet(intake, code, await intake.key("service"))) == (403, "scope-missing")
        other = await intake.key(f"counter:{OTHER_COUNTER}")
        assert same_answer(await at_tablet(intake, code, other), await at_tablet(intake, dossier(4711), other))
        assert await intake.documents("ratings") == []

    async def test_only_after_the_result_was_handed_over(self, intake: Intake) -> None:
        code = await intake.register()
        assert slug(await at_tablet(intake, code)) == (409, "not-returned-yet")
        await intake.take(resolved(code))
        assert slug(await at_tablet(intake, code)) == (409, "not-returned-yet")

    async def test_then_the_invitation_is_used_up(self, intake: Intake) -> None:
        code = await returned(intake)
        assert (await at_tablet(intake, code)).status_code == 201
        assert (await at_tablet(intake, code)).headers["idempotent-replayed"] == "true"
        assert slug(await by_link(intake, await invitation(intake, code))) == (409, "already-rated")

    async def test_an_answer_before_the_hand_over_is_no_answer(self, intake: Intake) -> None:
        code = await returned(intake)
        before = (now() - timedelta(hours=1)).isoformat()
        assert slug(await at_tablet(intake, code, overall=5, occurred_at=before)) == (422, "moment-before-filing")


class TestFollowUps:
    async def test_a_low_score_is_listed_with_its_deadline_and_the_comment(self, intake: Intake) -> None:
        low, good = await returned(intake), await returned(intake)
        assert (await at_tablet(intake, low, **LOW)).status_code == 201
        assert (await at_tablet(intake, good)).status_code == 201
        [found] = await follow_ups(intake)
        assert (found["code"], found["comment"], found["overdue"]) == (low, COMMENT, False)
        opened, due = (datetime.fromisoformat(found[name]) for name in ("opened_at", "due_at"))
        assert timedelta(days=5) <= due - opened <= timedelta(days=20)

    async def test_it_is_overdue_when_nobody_closed_it_in_time_and_says_so_for_ever(self, intake: Intake) -> None:
        code = await returned(intake)
        await at_tablet(intake, code, **LOW)
        late = intake.settings.model_copy(update={"clock_offset_seconds": timedelta(days=30).total_seconds()})
        async with open_intake(late, intake.notify) as then:
            [found] = await follow_ups(then)
            assert found["overdue"]
            closed = await then.http.post(
                f"/v1/follow-ups/{code}/close", json={"outcome": "apologised", "note": "Đã gọi điện"}, headers=then.desk
            )
            assert (closed.status_code, closed.json()["overdue"]) == (200, True)
        assert await follow_ups(intake) == []
        [found] = await follow_ups(intake, open=False)
        assert (found["outcome"], found["note"], found["overdue"]) == ("apologised", "Đã gọi điện", True)

    async def test_it_is_closed_once(self, intake: Intake) -> None:
        code = await returned(intake)
        url = f"/v1/follow-ups/{code}/close"

        async def close(**body: str) -> httpx.Response:
            return await intake.http.post(url, json=body, headers=intake.desk)

        assert slug(await close(outcome="explained")) == (404, "follow-up-unknown")
        await at_tablet(intake, code, **LOW)
        assert slug(await close(outcome="whatever")) == (422, "request-invalid")
        assert (await close(outcome="explained")).status_code == 200
        assert (await close(outcome="explained")).status_code == 200
        assert slug(await close(outcome="corrected")) == (409, "follow-up-closed")

    async def test_a_good_answer_needs_none(self, intake: Intake) -> None:
        code = await returned(intake)
        await at_tablet(intake, code)
        reply = await intake.http.post(
            f"/v1/follow-ups/{code}/close", json={"outcome": "explained"}, headers=intake.desk
        )
        assert slug(reply) == (404, "follow-up-unknown")

    async def test_only_its_own_counter_and_operators_see_and_close_it(self, intake: Intake) -> None:
        code = await returned(intake)
        await at_tablet(intake, code, **LOW)
        url = f"/v1/follow-ups/{code}/close"
        other, service = await intake.key(f"counter:{OTHER_COUNTER}"), await intake.key("service")
        for headers, params in ((other, {"counter": COUNTER}), (service, {"counter": COUNTER}), (intake.desk, {})):
            assert slug(await intake.http.get("/v1/follow-ups", params=params, headers=headers)) == (
                403,
                "scope-missing",
            )
        assert await follow_ups(intake, other, counter=OTHER_COUNTER) == []
        body = {"outcome": "explained"}
        assert slug(await intake.http.post(url, json=body, headers=other)) == (404, "follow-up-unknown")
        assert slug(await intake.http.post(url, json=body, headers=service)) == (403, "scope-missing")
        operator = await intake.key("operator")
        listed = (await intake.http.get("/v1/follow-ups", headers=operator)).json()
        assert [found["code"] for found in listed["follow_ups"]] == [code]

    async def test_they_are_paged_without_gap_or_repeat(self, intake: Intake) -> None:
        codes = [await returned(intake) for _ in range(3)]
        for code in codes:
            await at_tablet(intake, code, **LOW)
        params = {"counter": COUNTER, "limit": "2"}
        first = (await intake.http.get("/v1/follow-ups", params=params, headers=intake.desk)).json()
        rest = await follow_ups(intake, limit="2", after=first["next_after"])
        assert [found["code"] for found in (*first["follow_ups"], *rest)] == codes


class TestSummary:
    async def test_counts_and_averages_are_of_what_was_answered(self, intake: Intake) -> None:
        answers = (GOOD, {"overall": 2, "time_score": 0}, {"overall": 4}, {"overall": 4, "time_score": 1})
        for answer in answers:
            await at_tablet(intake, await returned(intake), **answer)
        reply = await intake.http.get("/v1/ratings/summary", params={"counter": COUNTER}, headers=intake.desk)
        shown = reply.json()
        assert (shown["count"], shown["low"]) == (4, 1)
        assert shown["overall"] == {"1": 0, "2": 1, "3": 0, "4": 2, "5": 1}
        assert shown["average"] == {"overall": 3.8, "time": 1.0, "contacts": 2.0, "agencies": 1.0, "attitude": 2.0}
        assert shown["answered"] == {"time": 3, "contacts": 1, "agencies": 1, "attitude": 1}

    async def test_days_are_days_of_viet_nam_and_both_are_included(self, intake: Intake) -> None:
        await at_tablet(intake, await returned(intake))
        [rating] = await intake.documents("ratings")
        day = (rating["rated_at"] + timedelta(hours=7)).date()
        for since, until, count in ((0, 0, 1), (-1, -1, 0), (1, 1, 0), (-1, 1, 1)):
            params = {"counter": COUNTER, "from": str(day + timedelta(since)), "to": str(day + timedelta(until))}
            reply = await intake.http.get("/v1/ratings/summary", params=params, headers=intake.desk)
            assert reply.json()["count"] == count, params

    async def test_nothing_yet_is_nothing(self, intake: Intake) -> None:
        reply = await intake.http.get("/v1/ratings/summary", params={"counter": COUNTER}, headers=intake.desk)
        assert (reply.json()["count"], reply.json()["average"]["overall"]) == (0, None)

    async def test_of_all_counters_only_for_operators(self, intake: Intake) -> None:
        url = "/v1/ratings/summary"
        assert slug(await intake.http.get(url)) == (401, "key-missing")
        assert slug(await intake.http.get(url, headers=intake.desk)) == (403, "scope-missing")
        other = {"counter": OTHER_COUNTER}
        assert slug(await intake.http.get(url, params=other, headers=intake.desk)) == (403, "scope-missing")
        assert (await intake.http.get(url, headers=await intake.key("operator"))).status_code == 200


async def test_a_comment_is_in_no_event_and_in_no_log(intake: Intake, capsys: pytest.CaptureFixture[str]) -> None:
    code = await returned(intake)
    await at_tablet(intake, code, **LOW)
    assert [body async for body in intake.mongo.collection(OUTBOX).find({"events.type": "vn.motcua.dossier.rated.v1"})]
    assert COMMENT not in str(await intake.documents(OUTBOX))
    assert "Nguyễn Văn A" not in str(await intake.events(code, "dossier.rated.v1"))
    printed = capsys.readouterr()
    assert COMMENT not in printed.out + printed.err
    assert (await intake.documents("ratings"))[0]["answer"]["comment"] == COMMENT


def _json(body: dict[str, Any]) -> bytes:
    import json

    return json.dumps(body).encode()
