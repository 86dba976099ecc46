"""A result is collected online: a code from the phone, a hand-over, documents with their checksums."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from contracts.events.routing import DossierResolved
from contracts.types import Mechanism, Outcome, Timeliness
from tests.component.service_fixtures import OFFICE, PROCEDURE, Intake, now
from tests.component.test_intake_form import photo
from tests.eventually import eventually


async def resolved(intake: Intake) -> str:
    code = await intake.register()
    await intake.take(
        DossierResolved(
            code=code, occurred_at=now(), agency=OFFICE, mechanism=Mechanism.ONE_STOP, procedure_code=PROCEDURE,
            outcome=Outcome.GRANTED, timeliness=Timeliness.EARLY, due_at=now(), first_due_at=now(),
        )
    )  # fmt: skip
    return code


async def with_document(intake: Intake, code: str) -> bytes:
    headers = intake.desk | {"Content-Type": "image/jpeg"}
    params = {"kind": "result", "name": "Giấy khai sinh.jpg"}
    sent = await intake.http.post(f"/v1/dossiers/{code}/files", params=params, content=photo(), headers=headers)
    assert sent.status_code == 201, sent.text
    return photo()


async def code_from_phone(intake: Intake, code: str) -> str:
    assert (await intake.http.post(f"/v1/track/{code}/one-time-codes")).status_code == 202

    async def sent() -> list[dict[str, Any]]:
        return await intake.events(code, "dossier.code-issued.v1")

    event = (await eventually(sent))[-1]
    digits: str = json.loads(intake.notify.open(event["secret"]))["code"]
    return digits


async def test_a_citizen_collects_the_electronic_result_with_a_code(intake: Intake) -> None:
    code = await resolved(intake)
    document = await with_document(intake, code)
    digits = await code_from_phone(intake, code)
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
    assert (used.status_code, used.json()["slug"]) == (403, "one-time-code-wrong")
    assert len(await intake.events(code, "dossier.returned.v1")) == 1


async def test_a_result_on_paper_only_is_not_handed_over_online(intake: Intake) -> None:
    code = await resolved(intake)
    digits = await code_from_phone(intake, code)
    reply = await intake.http.post(f"/v1/track/{code}/collect", json={"one_time_code": digits})
    assert (reply.status_code, reply.json()["slug"]) == (409, "result-not-electronic")
    assert await intake.events(code, "dossier.returned.v1") == []


async def test_nothing_is_collected_before_there_is_a_result(intake: Intake) -> None:
    code = await intake.register()
    digits = await code_from_phone(intake, code)
    reply = await intake.http.post(f"/v1/track/{code}/collect", json={"one_time_code": digits})
    assert (reply.status_code, reply.json()["slug"]) == (409, "result-not-ready")


@pytest.mark.parametrize("digits", ["000000", "999999"])
async def test_without_the_right_code_nothing_opens(intake: Intake, digits: str) -> None:
    code = await resolved(intake)
    await with_document(intake, code)
    reply = await intake.http.post(f"/v1/track/{code}/collect", json={"one_time_code": digits})
    assert (reply.status_code, reply.json()["slug"]) == (403, "one-time-code-wrong")
    gone = await intake.http.get("/v1/results/not-a-token/not-a-file")
    assert (gone.status_code, gone.json()["slug"]) == (404, "download-unknown")
