"""The same bad input at every door: a stable slug and a sentence, nothing stored, and the next good dossier comes."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace

import pytest

from services.kit.ids import new_id
from tests.component.counter_fixtures import REPLIES, TOPIC, dossier_of, sealed
from tests.component.desk_fixtures import act, filed
from tests.component.door_fixtures import (
    DOORS,
    IN_WINDOWS_1258,
    Command,
    Desk,
    Door,
    Filing,
    Form,
    Portal,
    Register,
    Said,
    http_said,
)
from tests.component.form_fixtures import AS_JPEG, PHOTO, begun, saved
from tests.component.form_fixtures import online as online
from tests.component.ledger import events
from tests.component.register_fixtures import XLSX, csv_of, post, row, xlsx
from tests.component.service_fixtures import COUNTER, NAME, Intake
from tests.replies import refused
from tests.unit.intake.file_fixtures import cut, pdf

ELEVEN = "09619000123"
"""A CCCD has 12 digits."""
NO_DAY = "2026-02-30"
DECOMPOSED = unicodedata.normalize("NFD", "Nguyễn Thị Bưởi")
COMPOSED = "Nguyễn Thị Bưởi"
MB = 2**20
KEPT = (
    "dossiers", "numbers", "requests", "filings_of_a_person", "attachments", "files.files", "files.chunks",
    "files.waiting",
)  # fmt: skip


@pytest.fixture(params=DOORS, ids=lambda door: door.__name__.lower())
def door(request: pytest.FixtureRequest, online: Intake) -> Door:
    made: Door = request.param(online)
    return made


async def stays_out(door: Door, said: Said, before: dict[str, int]) -> None:
    """Nothing of it is kept but the answer, nothing waits, and the door is open for the next."""
    assert said.code == ""
    assert said.words.rstrip()
    assert ELEVEN not in said.words
    assert await door.intake.counts(*KEPT) == before
    told = await events(door.intake.mongo)
    assert {event["topic"] for event in told} <= {REPLIES, f"{TOPIC}.dlq.intake"}
    assert await door.intake.parked() == []
    good = await door.hand_in()
    assert good.code, good
    assert (await dossier_of(door.intake, good.code)).code == good.code


BY_HTTP, BY_KAFKA = (Desk, Filing, Form), (Command, Portal)


def expected(door: Door, http: str, kafka: str, register: str) -> str:
    return http if isinstance(door, BY_HTTP) else kafka if isinstance(door, BY_KAFKA) else register


async def test_a_citizens_number_of_eleven_digits(door: Door) -> None:
    before = await door.intake.counts(*KEPT)
    said = await door.hand_in(applicant__id_number=ELEVEN)
    wrong = "citizen-id-invalid"
    assert said.slug == expected(door, f"request-invalid/{wrong}", wrong, wrong)
    await stays_out(door, said, before)


async def test_a_day_that_does_not_exist(door: Door) -> None:
    before = await door.intake.counts(*KEPT)
    said = await door.hand_in_on(NO_DAY)
    assert said.slug == expected(door, "request-invalid", "data-invalid", "date-impossible")
    await stays_out(door, said, before)


async def test_text_in_windows_1258(door: Door) -> None:
    before = await door.intake.counts(*KEPT)
    said = await door.hand_in_windows_1258()
    assert said.slug == expected(door, "json-malformed", "data-invalid", "file-not-utf8")
    await stays_out(door, said, before)


async def test_a_decomposed_name_is_kept_composed(door: Door) -> None:
    assert DECOMPOSED != COMPOSED
    said = await door.hand_in(applicant__full_name=DECOMPOSED)
    assert (await dossier_of(door.intake, said.code)).applicant.full_name == COMPOSED
    for collection in ("dossiers", "filings_of_a_person"):
        assert DECOMPOSED not in repr(await door.intake.documents(collection))


async def test_the_same_person_spelled_in_either_way_is_one_person(online: Intake) -> None:
    """Else the warning of a second dossier could be passed by an Apple keyboard."""
    first = await online.register(applicant__full_name=COMPOSED, applicant__id_number=None)
    again = online.body(applicant__full_name=DECOMPOSED, applicant__id_number=None, duplicate_confirmed=False)
    assert refused(await online.post_dossier(again), 409, "duplicate-suspected")["duplicates"] == [first]


async def test_what_a_clerk_writes_of_papers_and_law_is_kept_composed(online: Intake) -> None:
    code = await filed(online, checklist=[])
    asked = {"items": [{"name": DECOMPOSED, "reason": "missing-papers"}], "legal_basis": f"Điều 1 {DECOMPOSED}"}
    assert (await act(online, code, "request-completion", **asked)).status_code == 200
    [request] = (await dossier_of(online, code)).requests
    assert (request.items[0].name, request.legal_basis) == (COMPOSED, f"Điều 1 {COMPOSED}")


async def test_a_sealed_mandate_of_a_day_that_does_not_exist_is_refused_in_words(online: Intake) -> None:
    door = Command(online)
    before = await online.counts(*KEPT)
    mandate = {"paper": "Giấy ủy quyền", "signed_on": NO_DAY}
    said = await door.send(door.message(others=sealed(online, mandated={"full_name": NAME}, mandate=mandate)))
    assert (said.slug, said.words.startswith("Dữ liệu đã niêm phong chưa đúng ở mục mandate.signed_on")) == (
        "applicant-invalid", True,
    )  # fmt: skip
    await stays_out(door, said, before)


@pytest.mark.parametrize("cut_at", [1, 100, 2000, -400, -1])
async def test_a_truncated_workbook(online: Intake, cut_at: int) -> None:
    door = Register(online)
    before = await online.counts(*KEPT)
    said = await door.load(xlsx(row(9))[:cut_at])
    assert said.slug in {"file-malformed", "file-type-differs", "file-type-unknown"}
    await stays_out(door, said, before)


async def test_a_register_of_which_some_lines_are_in_another_encoding(online: Intake) -> None:
    """Two offices wrote it together: the first bad line is named, and the good ones before it are not kept either."""
    door = Register(online)
    before = await online.counts(*KEPT)
    content = csv_of(row(1), row(2), row(3, **{"Tên tổ chức, cá nhân": "?"}))
    reply = await post(online, content.replace(b"?", IN_WINDOWS_1258), type="text/csv")
    body = refused(reply, 422, "file-not-utf8")
    assert (body["line"], body["detail"].startswith("Dòng 4 ")) == (4, True)
    await stays_out(door, http_said(reply), before)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["utf-8", "utf-8 with a mark"])
async def test_a_register_as_csv_in_utf8(online: Intake, mark: bytes) -> None:
    content = mark + csv_of(row(1, **{"Tên tổ chức, cá nhân": DECOMPOSED}))
    said = await Register(online).load(content, "text/csv; charset=utf-8")
    assert (await dossier_of(online, said.code)).applicant.full_name == COMPOSED


async def test_thirty_megabytes_at_every_address_that_takes_a_body(online: Intake) -> None:
    content = b"%PDF-1.7\n" + bytes(30 * MB)
    desk, operator = online.desk | {"Idempotency-Key": new_id()}, await online.key("operator")
    code = await filed(online, checklist=[])
    url, owner = await begun(online)
    before = await online.counts(*KEPT, "outbox", "drafts", "procedures")
    for method, path, headers, slug in (
        ("POST", "/v1/dossiers", desk, "body-too-large"),
        ("POST", "/v1/dossiers/batch", desk, "body-too-large"),
        ("POST", "/v1/filings", desk, "body-too-large"),
        ("PUT", url, owner | {"If-Match": '"0"'}, "body-too-large"),
        ("POST", f"{url}/submit", owner, "body-too-large"),
        ("POST", f"{url}/files?kind=other", owner, "file-too-big"),
        ("POST", f"/v1/dossiers/{code}/files?kind=other", desk, "file-too-big"),
        ("POST", f"/v1/track/{code}/supplement", {}, "body-too-large"),
        ("POST", "/v1/feedback", {}, "body-too-large"),
        ("POST", f"/v1/registers/{COUNTER}/imports", desk | {"Content-Type": XLSX}, "body-too-large"),
        ("POST", "/v1/catalogue/imports", operator | {"Content-Type": XLSX}, "body-too-large"),
    ):
        reply = await online.http.request(method, path, content=content, headers=headers)
        assert (path, reply.json()["slug"]) == (path, slug)
        assert (reply.status_code, await online.counts(*before)) == (422 if slug == "file-too-big" else 413, before)
    for door in (Desk(online), Filing(online), Form(online), Register(online)):
        assert (await door.hand_in()).code, door


async def test_a_file_that_is_not_its_type_leaves_the_draft_as_it_was(
    online: Intake,
) -> None:
    url, headers = await saved(online)
    before = await online.counts(*KEPT)
    for content, declared, slug in (
        (PHOTO, "application/pdf", "file-type-differs"),
        (xlsx(row(1)), "application/pdf", "file-type-differs"),
        (cut(pdf(9)), "application/pdf", "file-unreadable"),
        (b"", "image/jpeg", "file-empty"),
    ):
        sent = headers | {"Content-Type": declared}
        reply = await online.http.post(f"{url}/files?kind=other", content=content, headers=sent)
        assert refused(reply, 422, slug)["detail"].endswith(".")
        assert await online.counts(*KEPT) == before
    good = await online.http.post(f"{url}/files?kind=other", content=PHOTO, headers=headers | AS_JPEG)
    assert good.status_code == 201
    assert (await online.http.post(f"{url}/submit", headers=headers)).status_code == 201


@pytest.mark.parametrize("declared", ["text/plain", "application/xml", "multipart/form-data; boundary=x", XLSX])
async def test_a_registration_that_says_it_is_no_json(online: Intake, declared: str) -> None:
    before = await online.counts(*KEPT)
    headers = online.desk | {"Idempotency-Key": new_id(), "Content-Type": declared}
    reply = await online.http.post("/v1/dossiers", content=json.dumps(online.body()).encode(), headers=headers)
    assert refused(reply, 422, "request-invalid")["detail"].endswith(".")
    await stays_out(Desk(online), http_said(reply), before)


async def test_a_record_that_says_it_is_no_json_is_a_dead_letter_and_the_next_command_is_taken(online: Intake) -> None:
    door = Command(online)
    before = await online.counts(*KEPT)
    record = online.record(door.message(), TOPIC)
    headers = tuple((name, b"text/xml" if name == "content-type" else value) for name, value in record.headers)
    await online.consumer.handle([replace(record, headers=headers)])
    assert await online.buried() == ["content-type-unknown"]
    await stays_out(door, Said("content-type-unknown", "-"), before)


async def test_the_form_keeps_what_was_typed_wrong_so_that_it_can_be_mended(online: Intake) -> None:
    url, headers = await saved(online, applicant__id_number=ELEVEN)
    assert (await online.http.post(f"{url}/submit", headers=headers)).status_code == 422
    draft = (await online.http.get(url, headers=headers)).json()
    assert (draft["content"]["applicant"]["id_number"], draft["filed_as"]) == (ELEVEN, None)
    body = draft["content"] | {"applicant": {"full_name": NAME}}
    mended = await online.http.put(url, json=body, headers=headers | {"If-Match": f'"{draft["version"]}"'})
    assert mended.status_code == 200
    assert (await online.http.post(f"{url}/submit", headers=headers)).status_code == 201
