"""What a citizen finds with a code: nothing of others, nothing personal, and no way to guess the second factor."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx

from contracts.events.notify import NoticeDelivered
from contracts.events.routing import DossierExtended, DossierOverdue, DossierSupplementRequested, DossierTransferred
from contracts.types import NoticeChannel, NoticeKind
from tests.component.citizen_fixtures import LAST4, other_than, returned, same_answer, sent_code, track
from tests.component.counter_fixtures import resolved
from tests.component.service_fixtures import (
    CITIZEN_ID,
    NAME,
    OFFICE,
    PHONE,
    PROCEDURE,
    Intake,
    dossier,
    now,
    open_intake,
)
from tests.eventually import eventually
from tests.replies import slug


@asynccontextmanager
async def with_settings(intake: Intake, **changes: Any) -> AsyncIterator[Intake]:
    """Another process on the same database."""
    settings = intake.settings.model_copy(update=changes)
    async with open_intake(settings, intake.notify) as other:
        yield other


async def test_with_the_right_digits_the_whole_story_is_told_and_nothing_personal(intake: Intake) -> None:
    code = await intake.register(applicant__address="Ấp Thử, xã Thử")
    told = {"code": code, "occurred_at": now()}
    items = ("Giấy chứng sinh",)
    asked = DossierSupplementRequested(step=1, agency=OFFICE, reason="missing-papers", items=items, **told)
    await intake.take(asked)
    notice = NoticeDelivered(notice_id="n", kind=NoticeKind.SUPPLEMENT, channel=NoticeChannel.ZALO, **told)
    await intake.take(notice, topic="notice.events.v1")
    reply = await track(intake, code, LAST4)
    shown = reply.json()
    assert (reply.status_code, shown["status"], shown["status_code"]) == (200, "supplement", 5)
    assert [line["kind"] for line in shown["timeline"]] == ["submitted", "supplement-requested"]
    assert shown["timeline"][1]["items"] == ["Giấy chứng sinh"]
    assert [told["delivered"] for told in shown["informed"]] == [True]
    for personal in (NAME, PHONE, CITIZEN_ID, "Ấp Thử", PHONE[1:]):
        assert personal not in reply.text


async def test_what_is_asked_is_said_with_its_reason_in_words_and_with_what_may_be_done(intake: Intake) -> None:
    code = await intake.register()
    asked = DossierSupplementRequested(
        code=code, occurred_at=now(), step=1, agency=OFFICE, reason="paper-unreadable", items=("Giấy chứng sinh",)
    )
    await intake.take(asked)
    reply = await track(intake, code, LAST4)
    shown = reply.json()
    [request] = shown["requests"]
    assert request["items"] == [{"paper": None, "name": "Giấy chứng sinh", "reason_text": "Giấy tờ không đọc được"}]
    assert request["by_text"] == "Cơ quan giải quyết"
    assert shown["may"] == ["supplement", "withdraw"]
    assert "tính lại từ đầu" in shown["clock_text"]
    assert "paper-unreadable" not in reply.text


async def test_a_new_date_comes_with_an_apology_the_reason_and_both_dates(intake: Intake) -> None:
    """NĐ 61/2018/NĐ-CP Art 19.9."""
    code = await intake.register()
    before = (await track(intake, code, LAST4)).json()
    assert before["late"] is None
    due = now() + timedelta(days=30)
    moved = DossierExtended(
        code=code, occurred_at=now(), agency=OFFICE, reason="field-check", due_at=due, first_due_at=before["due_at"]
    )
    await intake.take(moved)
    reply = await track(intake, code, LAST4)
    late = reply.json()["late"]
    assert "xin lỗi" in late["apology"]
    assert (late["reason_text"], late["overdue"]) == ("Cần kiểm tra thực địa", False)
    assert (late["old_due_at"], late["new_due_text"]) == (before["due_at"], reply.json()["due_text"])
    assert reply.json()["due_at"] != before["due_at"]
    assert "field-check" not in reply.text


async def test_what_is_overdue_is_said_with_an_apology_though_no_agency_said_anything(intake: Intake) -> None:
    code = await intake.register()
    later = 60 * 86_400
    async with with_settings(intake, clock_offset_seconds=later) as then:
        late = (await track(then, code, LAST4)).json()["late"]
    assert late["overdue"]
    assert late["apology"].startswith("Xin lỗi")
    assert late["new_due_at"] is None
    told = DossierOverdue(code=code, occurred_at=now(), agency=OFFICE, due_at=now())
    await intake.take(told, DossierTransferred(code=code, occurred_at=now(), step=1, steps=1, agency=OFFICE,
                                               step_due_at=now(), due_at=now()))  # fmt: skip
    kinds = [line["text"] for line in (await track(intake, code, LAST4)).json()["timeline"]]
    assert "Quá hạn trả kết quả" in kinds


async def test_a_filing_shows_until_when_the_desk_must_answer_and_a_refusal_its_grounds_with_the_law(
    intake: Intake,
) -> None:
    body = intake.body(procedure_code=PROCEDURE)
    del body["duplicate_confirmed"]
    filed = await intake.http.post("/v1/filings", json=body, headers=intake.desk | {"Idempotency-Key": "filing"})
    code = filed.json()["code"]
    shown = (await track(intake, code, LAST4)).json()
    assert (shown["status"], shown["due_at"], shown["due_text"]) == ("registered", None, None)
    assert shown["answer_due_text"] in shown["advice"]
    assert [line["kind"] for line in shown["timeline"]] == ["registered"]
    refusal = {"grounds": ["not-competent-agency"]}
    assert (await intake.http.post(f"/v1/dossiers/{code}/refuse", json=refusal, headers=intake.desk)).status_code == 200
    reply = await track(intake, code, LAST4)
    [ground] = reply.json()["refusal"]
    assert ground["text"] == "Không thuộc thẩm quyền giải quyết"
    assert "NĐ 61/2018" in ground["basis"]
    assert (reply.json()["finished"], reply.json()["may"]) == (True, [])
    assert "not-competent-agency" not in reply.text


async def test_a_result_says_how_to_get_it_and_a_returned_one_may_be_rated(intake: Intake) -> None:
    code = await intake.register(return_by="post", return_address="Ấp Thử, xã Thử")
    await intake.take(resolved(code))
    assert "bưu chính" in (await track(intake, code, LAST4)).json()["advice"]
    done = await returned(intake)
    assert (await track(intake, done, LAST4)).json()["may"] == ["rate"]
    rated = await intake.http.post(f"/v1/dossiers/{done}/rating", json={"overall": 5}, headers=intake.desk)
    assert rated.status_code == 201
    assert (await track(intake, done, LAST4)).json()["may"] == []


async def test_without_digits_only_finished_or_not_is_told(intake: Intake) -> None:
    """TT 01/2018/TT-VPCP Art 16."""
    code = await intake.register()
    assert (await track(intake, code)).json() == {"code": code, "finished": False}
    assert (await track(intake, dossier(4711))).json() == {"code": dossier(4711), "finished": False}


async def test_wrong_digits_and_an_unknown_code_get_the_same_answer(intake: Intake) -> None:
    code = await intake.register()
    wrong, unknown = await track(intake, code, "0000"), await track(intake, dossier(4711), LAST4)
    assert slug(wrong) == slug(unknown) == (403, "tracking-refused")
    assert same_answer(wrong, unknown)


async def test_the_phone_of_whoever_handed_in_or_acts_for_the_owner_opens_it_too(intake: Intake) -> None:
    code = await intake.register(
        submitter={"full_name": "Nguyễn Văn B", "phone": "0901234001"},
        mandated={"full_name": "Nguyễn Văn C", "phone": "0901234002"},
        mandate={"paper": "Giấy ủy quyền"},
    )
    for digits in (LAST4, "4001", "4002"):
        assert (await track(intake, code, digits)).status_code == 200, digits
    assert (await track(intake, code, "4003")).status_code == 403


async def test_a_dossier_without_a_phone_is_not_opened_by_any_digits(intake: Intake) -> None:
    code = await intake.register(applicant__phone=None)
    for digits in ("0000", "----", LAST4):
        assert (await track(intake, code, digits)).status_code in {403, 422}


async def test_digits_that_are_none_are_refused(intake: Intake) -> None:
    code = await intake.register()
    for digits in ("123", "12345", "abcd", "１２３４", "1234\n", " 1234"):
        assert slug(await track(intake, code, digits)) == (422, "request-invalid"), digits


async def test_after_five_wrong_tries_the_dossier_is_closed_to_guessing_and_others_are_not(intake: Intake) -> None:
    code, other = await intake.register(), await intake.register()
    for _ in range(5):
        assert slug(await track(intake, code, "0000")) == (403, "tracking-refused")
    assert slug(await track(intake, code, "0001")) == (429, "too-many-tries")
    closed = await track(intake, code, LAST4)
    assert slug(closed) == (429, "too-many-tries")
    assert 0 < int(closed.headers["Retry-After"]) <= 900
    assert (await track(intake, other, LAST4)).status_code == 200


async def test_right_tries_do_not_count(intake: Intake) -> None:
    code = await intake.register()
    for _ in range(8):
        assert (await track(intake, code, LAST4)).status_code == 200


async def test_guessing_many_at_once_over_two_processes_does_not_get_round_the_limit(intake: Intake) -> None:
    code = await intake.register()
    guesses = [f"{number:04d}" for number in range(40)]
    async with with_settings(intake) as second:
        processes = (intake, second)
        replies = await asyncio.gather(*(track(processes[n % 2], code, digits) for n, digits in enumerate(guesses)))
        seen = Counter(slug(reply)[1] for reply in replies)
        assert seen == {"tracking-refused": 5, "too-many-tries": 35}
        for process in processes:
            assert slug(await track(process, code, LAST4)) == (429, "too-many-tries")


async def test_an_address_that_tries_the_same_digits_on_all_dossiers_is_stopped(intake: Intake) -> None:
    """Its own dossier, whose digits it knows, does not buy it more."""
    own = await intake.register()
    async with with_settings(intake, tracking_attempts_per_address="6/hour") as strict:
        for number in range(6):
            assert slug(await track(strict, dossier(100 + number), "0000")) == (403, "tracking-refused")
            assert (await track(strict, own, LAST4)).status_code == (200 if number < 5 else 429)
        assert slug(await track(strict, dossier(200), "0000")) == (429, "too-many-tries")
        assert (await track(strict, own)).status_code == 200


async def test_requests_of_one_address_are_limited_and_the_header_counts_only_from_a_trusted_proxy(
    intake: Intake,
) -> None:
    async def ask(process: Intake, forwarded: str) -> int:
        reply = await process.http.get(f"/v1/track/{dossier()}", headers={"X-Forwarded-For": forwarded})
        return reply.status_code

    async with with_settings(intake, public_requests="3/minute") as direct:
        assert [await ask(direct, f"203.0.113.{n}") for n in range(4)] == [200, 200, 200, 429]
    behind = with_settings(intake, public_requests="3/minute", trusted_proxies=("127.0.0.0/8",))
    async with behind as proxied:
        assert [await ask(proxied, "203.0.113.7") for _ in range(4)] == [200, 200, 200, 429]
        assert await ask(proxied, "203.0.113.8") == 200
        assert await ask(proxied, "203.0.113.9, 203.0.113.7") == 429


class TestOneTimeCode:
    async def test_it_tells_the_story_once(self, intake: Intake) -> None:
        code = await intake.register()
        digits = await sent_code(intake, code)
        reply = await track(intake, code, one_time_code=digits)
        assert (reply.status_code, reply.json()["status"]) == (200, "received")
        assert slug(await track(intake, code, one_time_code=digits)) == (403, "one-time-code-wrong")

    async def test_sending_one_answers_the_same_whether_or_not_the_dossier_exists_or_has_a_phone(
        self, intake: Intake
    ) -> None:
        real, silent = await intake.register(), await intake.register(applicant__phone=None)
        replies = [
            await intake.http.post(f"/v1/track/{code}/one-time-codes") for code in (real, real, silent, dossier(4711))
        ]
        assert [reply.status_code for reply in replies] == [202] * 4
        assert all(same_answer(replies[0], reply) for reply in replies)
        assert len(await intake.events(real, "dossier.code-issued.v1")) == 1
        assert await intake.events(silent, "dossier.code-issued.v1") == []

    async def test_how_many_an_address_asks_for_is_limited_over_all_dossiers(self, intake: Intake) -> None:
        async with with_settings(intake, code_requests_per_address="2/hour") as strict:
            codes = [await intake.register(), dossier(4711), await intake.register()]
            replies = [await strict.http.post(f"/v1/track/{code}/one-time-codes") for code in codes]
            assert [reply.status_code for reply in replies] == [202, 202, 429]

    async def test_only_codes_that_are_sent_use_up_the_dossiers_quota(self, intake: Intake) -> None:
        """Else a stranger who knows the code could keep its owner from ever getting one."""
        code = await intake.register()
        async with with_settings(intake, code_requests="2/day", code_requests_per_address="100/hour") as strict:
            for _ in range(5):  # one a minute is sent, the others are not
                assert (await strict.http.post(f"/v1/track/{code}/one-time-codes")).status_code == 202
            await eventually(lambda: intake.events(code, "dossier.code-issued.v1"))
        async with with_settings(intake, code_requests="2/day", clock_offset_seconds=120) as after:
            assert (await after.http.post(f"/v1/track/{code}/one-time-codes")).status_code == 202

            async def second() -> bool:
                return len(await intake.events(code, "dossier.code-issued.v1")) == 2

            await eventually(second)

    async def test_a_wrong_one_and_one_for_an_unknown_dossier_get_the_same_answer(self, intake: Intake) -> None:
        code = await intake.register()
        digits = await sent_code(intake, code)
        replies = [
            await track(intake, code, one_time_code=other_than(digits)),
            await track(intake, dossier(4711), one_time_code=digits),
            await track(intake, await intake.register(), one_time_code=digits),
        ]
        assert slug(replies[0]) == (403, "one-time-code-wrong")
        assert all(same_answer(replies[0], reply) for reply in replies)

    async def test_it_cannot_be_guessed(self, intake: Intake) -> None:
        code = await intake.register()
        digits = await sent_code(intake, code)
        replies: list[httpx.Response] = await asyncio.gather(
            *(track(intake, code, one_time_code=f"{int(digits) ^ number:06d}") for number in range(1, 21))
        )
        seen = Counter(reply.status_code for reply in replies)
        assert seen == {403: 5, 429: 15}
        assert slug(await track(intake, code, one_time_code=digits)) == (429, "too-many-tries")
        assert (await track(intake, code, LAST4)).status_code == 200

    async def test_it_is_good_for_ten_minutes(self, intake: Intake) -> None:
        code = await intake.register()
        digits = await sent_code(intake, code)
        async with with_settings(intake, clock_offset_seconds=601) as later:
            assert slug(await track(later, code, one_time_code=digits)) == (403, "one-time-code-wrong")
        assert (await track(intake, code, one_time_code=digits)).status_code == 200

    async def test_neither_the_code_nor_the_phone_is_on_the_topic_in_clear(self, intake: Intake) -> None:
        code = await intake.register()
        digits = await sent_code(intake, code)
        [event] = await intake.events(code, "dossier.code-issued.v1")
        assert digits not in str(event)
        assert PHONE not in str(event)
        assert digits not in str(await intake.documents("one_time_codes"))
