"""What a citizen finds with a code: nothing of anybody else, nothing personal, and no way to guess the digits."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx

from contracts.events.notify import NoticeDelivered
from contracts.events.routing import DossierSupplementRequested
from contracts.types import NoticeChannel, NoticeKind
from tests.component.service_fixtures import CITIZEN_ID, NAME, PHONE, Intake, dossier, now

LAST4 = PHONE[-4:]


async def track(intake: Intake, code: str, last4: str | None = None) -> httpx.Response:
    return await intake.http.get(f"/v1/track/{code}", params={"phone_last4": last4} if last4 else {})


def slug(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["slug"]


async def test_with_the_right_digits_the_whole_story_is_told_and_nothing_personal(intake: Intake) -> None:
    code = await intake.register(applicant__address="Ấp Thử, xã Thử")
    told = {"code": code, "occurred_at": now()}
    items = ("Giấy chứng sinh",)
    await intake.take(DossierSupplementRequested(step=1, agency="H12.970.02", reason="missing", items=items, **told))
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


async def test_without_digits_only_finished_or_not_is_told(intake: Intake) -> None:
    """TT 01/2018/TT-VPCP Art 16."""
    code = await intake.register()
    assert (await track(intake, code)).json() == {"code": code, "finished": False}
    assert (await track(intake, dossier(4711))).json() == {"code": dossier(4711), "finished": False}


async def test_wrong_digits_and_an_unknown_code_get_the_same_answer(intake: Intake) -> None:
    code = await intake.register()
    wrong, unknown = await track(intake, code, "0000"), await track(intake, dossier(4711), LAST4)
    assert slug(wrong) == slug(unknown) == (403, "tracking-refused")
    assert wrong.json()["detail"] == unknown.json()["detail"]


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
    assert slug(await track(intake, code, "0001")) == (403, "too-many-tries")
    assert slug(await track(intake, code, LAST4)) == (403, "too-many-tries")
    assert (await track(intake, other, LAST4)).status_code == 200


async def test_right_tries_do_not_count(intake: Intake) -> None:
    code = await intake.register()
    for _ in range(8):
        assert (await track(intake, code, LAST4)).status_code == 200


async def test_guessing_many_at_once_does_not_get_round_the_limit(intake: Intake) -> None:
    code = await intake.register()
    guesses = [f"{number:04d}" for number in range(40)]
    replies = await asyncio.gather(*(track(intake, code, digits) for digits in guesses))
    seen = Counter(slug(reply)[1] for reply in replies)
    assert seen["tracking-refused"] <= 5
    assert seen["tracking-refused"] + seen["too-many-tries"] == 40
