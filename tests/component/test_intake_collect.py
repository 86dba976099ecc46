"""A result is collected online: a code from the phone, a hand-over, documents with their checksums."""

from __future__ import annotations

import hashlib

import pytest

from tests.component.citizen_fixtures import sent_code
from tests.component.counter_fixtures import with_result
from tests.component.form_fixtures import AS_JPEG, PHOTO
from tests.component.service_fixtures import Intake
from tests.replies import slug


async def with_document(intake: Intake, code: str) -> bytes:
    params = {"kind": "result", "name": "Giấy khai sinh.jpg"}
    url, headers = f"/v1/dossiers/{code}/files", intake.desk | AS_JPEG
    sent = await intake.http.post(url, params=params, content=PHOTO, headers=headers)
    assert sent.status_code == 201, sent.text
    return PHOTO


async def test_a_citizen_collects_the_electronic_result_with_a_code(intake: Intake) -> None:
    code = await with_result(intake)
    document = await with_document(intake, code)
    digits = await sent_code(intake, code)
    reply = await intake.http.post(f"/v1/track/{code}/collect", json={"one_time_code": digits})
    assert reply.status_code == 200, reply.text
    [file] = reply.json()["files"]
    fetched = await intake.http.get(file["path"])
    assert (fetched.content, file["sha256"]) == (document, hashlib.sha256(document).hexdigest())
    shown = (await intake.http.get(f"/v1/dossiers/{code}", headers=intake.desk)).json()
    assert (shown["status"], shown["hand_over"]["method"], shown["hand_over"]["proof"]) == (
        "returned", "online", "one_time_code",
    )  # fmt: skip
    used = await intake.http.post(f"/v1/track/{code}/collect", json={"one_time_code": digits})
    assert slug(used) == (403, "one-time-code-wrong")
    assert len(await intake.events(code, "dossier.returned.v1")) == 1


async def test_a_result_on_paper_only_is_not_handed_over_online(intake: Intake) -> None:
    code = await with_result(intake)
    digits = await sent_code(intake, code)
    reply = await intake.http.post(f"/v1/track/{code}/collect", json={"one_time_code": digits})
    assert slug(reply) == (409, "result-not-electronic")
    assert await intake.events(code, "dossier.returned.v1") == []


async def test_nothing_is_collected_before_there_is_a_result(intake: Intake) -> None:
    code = await intake.register()
    digits = await sent_code(intake, code)
    reply = await intake.http.post(f"/v1/track/{code}/collect", json={"one_time_code": digits})
    assert slug(reply) == (409, "result-not-ready")


@pytest.mark.parametrize("digits", ["000000", "999999"])
async def test_without_the_right_code_nothing_opens(intake: Intake, digits: str) -> None:
    code = await with_result(intake)
    await with_document(intake, code)
    reply = await intake.http.post(f"/v1/track/{code}/collect", json={"one_time_code": digits})
    assert slug(reply) == (403, "one-time-code-wrong")
    gone = await intake.http.get("/v1/results/not-a-token/not-a-file")
    assert slug(gone) == (404, "download-unknown")
