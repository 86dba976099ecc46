"""Complaints and suggestions: a reference and a token at once, an answer in time, read by nobody else."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.intake.commands.feedback import REFERENCE_PATTERN
from services.kit.ids import new_id
from tests.component.citizen_fixtures import same_answer
from tests.component.service_fixtures import COUNTER, OTHER_COUNTER, PHONE, Intake, dossier, open_intake
from tests.replies import slug

TEXT = "Tôi chờ ở quầy hai giờ mà không ai giải thích."
WRITER = {"name": "Nguyễn Văn A", "phone": PHONE, "email": "a@example.vn"}


async def submit(intake: Intake, key: str | None = None, **changes: Any) -> httpx.Response:
    body = {"kind": "complaint", "text": TEXT, **changes}
    return await intake.http.post("/v1/feedback", json=body, headers={"Idempotency-Key": key} if key else {})


async def read(intake: Intake, reference: str, token: str) -> httpx.Response:
    return await intake.http.get(f"/v1/feedback/{reference}", headers={"Authorization": f"Feedback {token}"})


async def answer(intake: Intake, reference: str, headers: dict[str, str], text: str = "Xin lỗi.") -> httpx.Response:
    return await intake.http.post(f"/v1/feedback/{reference}/answer", json={"text": text}, headers=headers)


async def waiting(intake: Intake, headers: dict[str, str], **params: Any) -> list[str]:
    reply = await intake.http.get("/v1/feedback", params=params, headers=headers)
    assert reply.status_code == 200, reply.text
    return [found["reference"] for found in reply.json()["feedback"]]


async def test_it_gets_a_reference_a_token_and_a_date(intake: Intake) -> None:
    """Ten working days: QĐ 163/2025/QĐ-CTUBND (Ninh Bình) Art 19."""
    reply = await submit(intake, **WRITER)
    given = reply.json()
    assert reply.status_code == 201
    assert re.fullmatch(REFERENCE_PATTERN.strip("^$"), given["reference"])
    assert (given["state"], given["overdue"], given["answer"]) == ("received", False, None)
    took, due = (datetime.fromisoformat(given[name]) for name in ("received_at", "due_at"))
    assert timedelta(days=11) < due - took < timedelta(days=30)
    assert given["token"] not in str(await intake.documents("feedback"))


async def test_its_answer_is_read_with_the_token_and_shows_nobody(intake: Intake) -> None:
    given = (await submit(intake, **WRITER)).json()
    operator = await intake.key("operator")
    assert (await answer(intake, given["reference"], operator)).status_code == 200
    reply = await read(intake, given["reference"], given["token"])
    assert (reply.json()["state"], reply.json()["answer"]) == ("answered", "Xin lỗi.")
    for personal in (*WRITER.values(), TEXT):
        assert personal not in reply.text


async def test_a_wrong_token_and_an_unknown_reference_get_the_same_answer(intake: Intake) -> None:
    given, other = (await submit(intake)).json(), (await submit(intake)).json()
    unknown = given["reference"][:-8] + "00000000"
    replies = [
        await read(intake, unknown, given["token"]),
        await read(intake, given["reference"], other["token"]),
        await read(intake, given["reference"], ""),
        await intake.http.get(f"/v1/feedback/{given['reference']}"),
    ]
    assert slug(replies[0]) == (404, "feedback-unknown")
    assert all(same_answer(replies[0], reply) for reply in replies)


class TestSentAgain:
    async def test_the_same_key_gets_the_same_reference_and_token(self, intake: Intake) -> None:
        key = new_id()
        first, again = await submit(intake, key), await submit(intake, key)
        assert first.json() == again.json()
        assert again.headers["idempotent-replayed"] == "true"
        assert await intake.counts("feedback") == {"feedback": 1}
        assert (await read(intake, first.json()["reference"], again.json()["token"])).status_code == 200
        assert key not in str(await intake.documents("requests"))

    async def test_at_once_they_are_one(self, intake: Intake) -> None:
        key = new_id()
        replies = await asyncio.gather(*(submit(intake, key) for _ in range(5)))
        assert len({reply.json()["token"] for reply in replies}) == 1
        assert await intake.counts("feedback") == {"feedback": 1}

    async def test_the_same_key_with_another_text_is_a_conflict(self, intake: Intake) -> None:
        key = new_id()
        await submit(intake, key)
        assert slug(await submit(intake, key, text="Khác.")) == (409, "idempotency-key-reused")

    async def test_a_key_that_others_could_have_chosen_too_is_refused(self, intake: Intake) -> None:
        assert slug(await submit(intake, "1")) == (422, "request-invalid")

    async def test_without_a_key_each_is_one_of_its_own(self, intake: Intake) -> None:
        first, second = await submit(intake), await submit(intake)
        assert first.json()["reference"] != second.json()["reference"]


class TestTheDesk:
    async def test_anonymous_and_wrong_role(self, intake: Intake) -> None:
        reference = (await submit(intake)).json()["reference"]
        assert slug(await intake.http.get("/v1/feedback")) == (401, "key-missing")
        assert slug(await answer(intake, reference, {})) == (401, "key-missing")
        for headers in (intake.desk, await intake.key("service"), await intake.key("agency:H12.970")):
            assert slug(await intake.http.get("/v1/feedback", headers=headers)) == (403, "scope-missing")
            assert slug(await answer(intake, reference, headers)) == (403, "scope-missing")

    async def test_a_supervisor_sees_what_is_about_the_own_counter(self, intake: Intake) -> None:
        code = await intake.register()
        about_dossier = (await submit(intake, dossier_code=code, counter=OTHER_COUNTER)).json()["reference"]
        about_counter = (await submit(intake, counter=COUNTER)).json()["reference"]
        elsewhere = (await submit(intake, counter=OTHER_COUNTER)).json()["reference"]
        general = (await submit(intake, dossier_code=dossier(4711))).json()["reference"]
        supervisor = await intake.key(f"counter:{COUNTER}", "supervisor")
        assert await waiting(intake, supervisor) == sorted([about_dossier, about_counter])
        assert slug(await answer(intake, elsewhere, supervisor)) == (404, "feedback-unknown")
        assert slug(await answer(intake, general, supervisor)) == (404, "feedback-unknown")
        operator = await intake.key("operator")
        assert await waiting(intake, operator) == sorted([about_dossier, about_counter, elsewhere, general])

    async def test_an_answered_one_leaves_the_list_and_is_answered_once(self, intake: Intake) -> None:
        operator = await intake.key("operator")
        reference = (await submit(intake, **WRITER)).json()["reference"]
        shown = (await intake.http.get("/v1/feedback", headers=operator)).json()["feedback"][0]
        assert (shown["text"], shown["writer"]) == (TEXT, WRITER)
        assert (await answer(intake, reference, operator)).status_code == 200
        assert (await answer(intake, reference, operator)).status_code == 200
        assert slug(await answer(intake, reference, operator, "Khác.")) == (409, "feedback-answered")
        assert await waiting(intake, operator) == []
        assert await waiting(intake, operator, open=False) == [reference]

    async def test_it_is_overdue_after_its_term(self, intake: Intake) -> None:
        given = (await submit(intake)).json()
        late = intake.settings.model_copy(update={"clock_offset_seconds": timedelta(days=40).total_seconds()})
        async with open_intake(late, intake.notify) as then:
            assert (await read(then, given["reference"], given["token"])).json()["overdue"]
            await answer(then, given["reference"], await then.key("operator"))
        assert (await read(intake, given["reference"], given["token"])).json()["overdue"]

    async def test_lists_are_paged_without_gap_or_repeat(self, intake: Intake) -> None:
        operator = await intake.key("operator")
        all_of_them = sorted([(await submit(intake)).json()["reference"] for _ in range(3)])
        page = (await intake.http.get("/v1/feedback", params={"limit": 2}, headers=operator)).json()
        rest = await waiting(intake, operator, limit=2, after=page["next_after"])
        assert [found["reference"] for found in page["feedback"]] + rest == all_of_them


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "praise"}, {"text": ""}, {"text": "x" * 4001}, {"phone": "123"}, {"email": "a@"}, {"name": ""},
        {"dossier_code": "x"}, {"counter": "x"}, {"subject": "x"},
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_refused_and_not_stored(intake: Intake, changes: dict[str, Any]) -> None:
    reply = await submit(intake, **changes)
    assert slug(reply) == (422, "request-invalid")
    assert await intake.documents("feedback") == []


async def test_an_unknown_dossier_is_taken_like_any_other(intake: Intake) -> None:
    """The answer must not tell which codes exist."""
    real, unknown = (
        await submit(intake, dossier_code=await intake.register()),
        await submit(intake, dossier_code=dossier(4711)),
    )
    assert real.status_code == unknown.status_code == 201
    assert set(real.json()) == set(unknown.json())


async def test_one_address_sends_ten_an_hour(intake: Intake) -> None:
    replies = [await submit(intake) for _ in range(11)]
    assert [reply.status_code for reply in replies] == [201] * 10 + [429]
    assert int(replies[-1].headers["Retry-After"]) > 3000


async def test_nothing_of_it_is_on_a_topic(intake: Intake) -> None:
    before = await intake.counts("outbox")
    reference = (await submit(intake, **WRITER)).json()["reference"]
    await answer(intake, reference, await intake.key("operator"))
    assert await intake.counts("outbox") == before
