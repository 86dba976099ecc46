"""The own online form: a draft with files becomes a filing, once; the door can be closed."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image

from services.kit.sealing import Opener, new_private_key
from tests.component.service_fixtures import COUNTER, OTHER_COUNTER, PHONE, Intake, intake_settings, open_intake

PATH = "/v1/filings/drafts"


@pytest.fixture
async def door(mongodb_url: str, prefix: str) -> AsyncIterator[Intake]:
    """Intake whose counter takes filings by the own form."""
    notify = Opener(new_private_key())
    settings = intake_settings(mongodb_url, prefix, notify, online_form=(COUNTER,))
    async with open_intake(settings, notify) as service:
        yield service
        await service.mongo.drop()


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, "JPEG")
    return out.getvalue()


async def begin(door: Intake, **changes: Any) -> tuple[str, dict[str, str]]:
    """A saved draft and the headers of its owner."""
    started = (await door.http.post(PATH)).json()
    headers = {"Authorization": f"Draft {started['token']}"}
    body = door.body(**changes)
    del body["duplicate_confirmed"]
    url = f"{PATH}/{started['draft_id']}"
    saved = await door.http.put(url, json=body, headers=headers | {"If-Match": f'"{started["version"]}"'})
    assert saved.status_code == 200, saved.text
    return url, headers


async def test_a_draft_with_a_photo_becomes_a_filing_and_repeated_the_same_one(door: Intake) -> None:
    url, headers = await begin(door)
    jpeg = {"Content-Type": "image/jpeg"}
    sent = await door.http.post(f"{url}/files", params={"kind": "other"}, content=photo(), headers=headers | jpeg)
    assert sent.status_code == 201, sent.text
    first = await door.http.post(f"{url}/submit", headers=headers)
    assert first.status_code == 201, first.text
    answer = first.json()
    assert answer["answer_due_at"] > answer["filed_at"]
    again = await door.http.post(f"{url}/submit", headers=headers)
    assert (again.json(), again.headers["idempotent-replayed"]) == (answer, "true")
    shown = (await door.http.get(f"/v1/dossiers/{answer['code']}", headers=door.desk)).json()
    assert (shown["status"], shown["applicant"]["phone"]) == ("registered", PHONE)
    files = (await door.http.get(f"/v1/dossiers/{answer['code']}/files", headers=door.desk)).json()["files"]
    assert [file["sha256"] for file in files] == [sent.json()["sha256"]]
    [event] = await door.events(answer["code"], "dossier.registered.v1")
    assert event["channel"] == "online"
    draft = (await door.http.get(url, headers=headers)).json()
    assert (draft["content"], draft["files"], draft["filed_as"]) == ({}, [], answer["code"])


async def test_what_is_wrong_in_a_form_is_named_and_nothing_is_filed(door: Intake) -> None:
    before = await door.counts("dossiers", "outbox", "numbers")
    for changes, slug in (
        ({"applicant__id_number": "09619000123"}, None),
        ({"procedure_code": "9.999999"}, "procedure-unknown"),
        ({"counter": OTHER_COUNTER}, "counter-not-online"),
        ({"surprise": 1}, None),
        ({"clerk": "Cán bộ A"}, None),
        ({"fee_paid_vnd": 8000}, None),
        ({"competent_agency": "H99"}, None),
        ({"external_ref": "SO-0001"}, None),
        ({"checklist": [{"paper": 1, "state": "original"}]}, None),
    ):
        url, headers = await begin(door, **changes)
        reply = await door.http.post(f"{url}/submit", headers=headers)
        assert reply.status_code in (404, 422), reply.text
        assert slug is None or reply.json()["slug"] == slug
        assert "096190" not in reply.text
    await door.nothing_stored(before)


async def test_nobody_else_hands_in_a_draft(door: Intake) -> None:
    url, _ = await begin(door)
    for headers in ({}, {"Authorization": "Draft wrong"}, door.desk):
        reply = await door.http.post(f"{url}/submit", headers=headers)
        assert (reply.status_code, reply.json()["slug"]) == (404, "draft-unknown")


async def test_a_closed_door_is_not_there(intake: Intake) -> None:
    reply = await intake.http.post(PATH)
    assert reply.status_code in (404, 405)
