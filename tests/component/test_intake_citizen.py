"""What a citizen does alone, with a code on the phone: take the dossier back, bring papers."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from contracts.events.routing import DossierSupplementRequested
from services.intake.domain.procedure import Paper
from tests.component.citizen_fixtures import LAST4, other_than, returned, same_answer, sent_code, track
from tests.component.form_fixtures import AS_JPEG, PHOTO, begun
from tests.component.form_fixtures import online as online
from tests.component.service_fixtures import OFFICE, Intake, dossier, now
from tests.replies import slug


async def draft(intake: Intake, paper: int | None = 1) -> dict[str, str]:
    """A draft with a photo of a paper, as the body of a supplement names it."""
    url, headers = await begun(intake)
    if paper is not None:
        params = {"paper": paper}
        sent = await intake.http.post(f"{url}/files", params=params, content=PHOTO, headers=headers | AS_JPEG)
        assert sent.status_code == 201, sent.text
    return {"draft_id": url.rpartition("/")[2], "draft_token": headers["Authorization"].removeprefix("Draft ")}


async def act(intake: Intake, code: str, action: str, digits: str, **body: Any) -> httpx.Response:
    return await intake.http.post(f"/v1/track/{code}/{action}", json={"one_time_code": digits, **body})


@pytest.fixture
def intake(online: Intake) -> Intake:
    """The own form is open: drafts carry what citizens bring."""
    return online


@pytest.fixture
async def waiting(intake: Intake) -> str:
    """A dossier whose agency asked for a paper."""
    await intake.ask_for(Paper("Giấy chứng sinh", 1, case="Có"))
    code = await intake.register()
    asked = DossierSupplementRequested(
        code=code, occurred_at=now(), step=1, agency=OFFICE, reason="missing-papers", items=("Giấy chứng sinh",)
    )
    await intake.take(asked)
    return code


async def test_a_dossier_is_taken_back_with_a_code_once(intake: Intake) -> None:
    code = await intake.register()
    digits = await sent_code(intake, code)
    reply = await act(intake, code, "withdraw", digits, reason="no-longer-needed")
    assert (reply.status_code, reply.json()["status"], reply.json()["may"]) == (200, "withdrawn", [])
    assert reply.json()["timeline"][-1]["reason_text"] == "Ông/bà không còn nhu cầu"
    [event] = await intake.events(code, "dossier.withdrawn.v1")
    assert event["reason"] == "no-longer-needed"
    assert slug(await act(intake, code, "withdraw", digits)) == (403, "one-time-code-wrong")


async def test_papers_are_brought_with_a_code_and_the_limit_begins_anew(intake: Intake, waiting: str) -> None:
    """NĐ 61/2018/NĐ-CP Art 19.4."""
    before = (await track(intake, waiting, LAST4)).json()
    digits = await sent_code(intake, waiting)
    brought = await draft(intake)
    reply = await act(intake, waiting, "supplement", digits, **brought)
    shown = reply.json()
    assert (reply.status_code, shown["status"]) == (200, "in_process")
    assert shown["due_at"] >= before["due_at"]
    assert shown["requests"][0]["answered_at"] is not None
    desk = (await intake.http.get(f"/v1/dossiers/{waiting}", headers=intake.desk)).json()
    assert desk["checklist"][0]["state"] == "digital"
    files = (await intake.http.get(f"/v1/dossiers/{waiting}/files", headers=intake.desk)).json()["files"]
    assert [(file["paper"], file["size"]) for file in files] == [(1, len(PHOTO))]
    assert slug(await act(intake, waiting, "supplement", digits, **brought)) == (403, "one-time-code-wrong")


async def test_who_brings_nothing_changes_nothing_and_the_code_stays_good(intake: Intake, waiting: str) -> None:
    digits = await sent_code(intake, waiting)
    empty, wrong = await draft(intake, None), await draft(intake) | {"draft_token": "x" * 43}
    assert slug(await act(intake, waiting, "supplement", digits, **empty)) == (422, "files-missing")
    assert slug(await act(intake, waiting, "supplement", digits, **wrong)) == (404, "draft-unknown")
    assert (await act(intake, waiting, "supplement", digits, **await draft(intake))).status_code == 200


async def test_last_digits_are_not_enough_to_act(intake: Intake) -> None:
    code = await intake.register()
    for body in ({}, {"phone_last4": LAST4}, {"one_time_code": LAST4}):
        reply = await intake.http.post(f"/v1/track/{code}/withdraw", json=body)
        assert slug(reply) == (422, "request-invalid")
    assert (await track(intake, code, LAST4)).json()["status"] == "received"


async def test_a_wrong_code_and_an_unknown_dossier_get_the_same_answer_and_nothing_changes(
    intake: Intake, waiting: str
) -> None:
    digits = await sent_code(intake, waiting)
    for action, body in (("withdraw", {}), ("supplement", await draft(intake))):
        wrong = await act(intake, waiting, action, other_than(digits), **body)
        unknown = await act(intake, dossier(4711), action, digits, **body)
        assert slug(wrong) == (403, "one-time-code-wrong")
        assert same_answer(wrong, unknown)
    assert (await track(intake, waiting, LAST4)).json()["status"] == "supplement"


async def test_what_is_not_possible_now_does_not_use_the_code_up(intake: Intake) -> None:
    """TT 03/2025/TT-VPCP Art 7: not once a result exists."""
    code = await returned(intake)
    digits = await sent_code(intake, code)
    for _ in range(8):
        assert slug(await act(intake, code, "withdraw", digits)) == (409, "withdrawal-not-possible")
    assert (await track(intake, code, one_time_code=digits)).status_code == 200


async def test_codes_cannot_be_guessed_by_acting_either(intake: Intake) -> None:
    code = await intake.register()
    digits = await sent_code(intake, code)
    wrong = [f"{int(digits) ^ number:06d}" for number in range(1, 16)]
    replies = await asyncio.gather(*(act(intake, code, "withdraw", one) for one in wrong))
    assert sorted(reply.status_code for reply in replies) == [403] * 5 + [429] * 10
    assert slug(await act(intake, code, "withdraw", digits)) == (429, "too-many-tries")


async def test_one_code_sent_twice_at_once_acts_once(intake: Intake) -> None:
    code = await intake.register()
    digits = await sent_code(intake, code)
    replies = await asyncio.gather(*(act(intake, code, "withdraw", digits) for _ in range(4)))
    assert sorted(reply.status_code for reply in replies) == [200, 403, 403, 403]
    assert len(await intake.events(code, "dossier.withdrawn.v1")) == 1


async def test_bodies_that_make_no_sense_are_refused_before_the_code_is_looked_at(intake: Intake) -> None:
    code = await intake.register()
    digits = await sent_code(intake, code)
    assert slug(await act(intake, code, "withdraw", digits, reason="nguyen-van-a")) == (422, "reason-unknown")
    for body in ({}, {"draft_id": "x"}, {"checklist": [{"paper": 1, "state": "original"}]}):
        assert slug(await act(intake, code, "supplement", digits, **body)) == (422, "request-invalid")
    assert (await act(intake, code, "withdraw", digits)).status_code == 200


async def test_a_paper_that_the_procedure_does_not_have_is_refused_and_the_code_stays_good(
    intake: Intake, waiting: str
) -> None:
    digits = await sent_code(intake, waiting)
    assert slug(await act(intake, waiting, "supplement", digits, **await draft(intake, 7))) == (422, "paper-unknown")
    assert (await act(intake, waiting, "supplement", digits, **await draft(intake))).status_code == 200
