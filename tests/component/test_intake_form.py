"""The own online form: a draft with files becomes a filing, once; the door can be closed."""

from __future__ import annotations

from tests.component.form_fixtures import AS_JPEG, PATH, PHOTO, saved
from tests.component.form_fixtures import online as online
from tests.component.service_fixtures import OTHER_COUNTER, PHONE, Intake
from tests.replies import slug


async def test_a_draft_with_a_photo_becomes_a_filing_and_repeated_the_same_one(online: Intake) -> None:
    url, headers = await saved(online)
    sent = await online.http.post(f"{url}/files", params={"kind": "other"}, content=PHOTO, headers=headers | AS_JPEG)
    assert sent.status_code == 201, sent.text
    first = await online.http.post(f"{url}/submit", headers=headers)
    assert first.status_code == 201, first.text
    answer = first.json()
    assert answer["answer_due_at"] > answer["filed_at"]
    again = await online.http.post(f"{url}/submit", headers=headers)
    assert (again.json(), again.headers["idempotent-replayed"]) == (answer, "true")
    shown = (await online.http.get(f"/v1/dossiers/{answer['code']}", headers=online.desk)).json()
    assert (shown["status"], shown["applicant"]["phone"]) == ("registered", PHONE)
    files = (await online.http.get(f"/v1/dossiers/{answer['code']}/files", headers=online.desk)).json()["files"]
    assert [file["sha256"] for file in files] == [sent.json()["sha256"]]
    [event] = await online.events(answer["code"], "dossier.registered.v1")
    assert event["channel"] == "online"
    draft = (await online.http.get(url, headers=headers)).json()
    assert (draft["content"], draft["files"], draft["filed_as"]) == ({}, [], answer["code"])


async def test_what_is_wrong_in_a_form_is_named_and_nothing_is_filed(online: Intake) -> None:
    before = await online.counts("dossiers", "outbox", "numbers")
    for changes, why in (
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
        url, headers = await saved(online, **changes)
        reply = await online.http.post(f"{url}/submit", headers=headers)
        assert reply.status_code in (404, 422), reply.text
        assert why is None or reply.json()["slug"] == why
        assert "096190" not in reply.text
    await online.nothing_stored(before)


async def test_nobody_else_hands_in_a_draft(online: Intake) -> None:
    url, _ = await saved(online)
    for headers in ({}, {"Authorization": "Draft wrong"}, online.desk):
        reply = await online.http.post(f"{url}/submit", headers=headers)
        assert slug(reply) == (404, "draft-unknown")


async def test_a_closed_door_is_not_there(intake: Intake) -> None:
    reply = await intake.http.post(PATH)
    assert reply.status_code in (404, 405)
