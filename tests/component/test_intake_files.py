"""Files of a dossier over the real API and the real engine: what is taken, what is refused, who may read."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
from urllib.parse import quote

import httpx
import pytest
from PIL import Image

from contracts.events.routing import DossierTransferred
from services.intake.attachments.file_types import HEIC, JPEG, PDF, PNG
from tests.component.counter_fixtures import resolved
from tests.component.files_fixtures import (
    MB,
    STORED,
    attached,
    download,
    filed,
    listed,
    parts,
    upload,
)
from tests.component.files_fixtures import desk as desk
from tests.component.files_fixtures import narrow as narrow
from tests.component.service_fixtures import (
    OFFICE,
    OTHER_COUNTER,
    Intake,
    dossier,
    now,
)
from tests.replies import refused
from tests.unit.intake.file_fixtures import ALL, EXE, cut, good, pdf, photo, png_bomb


class TestUpload:
    @pytest.mark.parametrize("kind", ALL)
    async def test_each_type_is_taken_and_comes_back_as_it_was(self, desk: Intake, kind: str) -> None:
        code, content = await filed(desk), good(kind)
        reply = await upload(desk, code, content, kind, name="tệp")
        file = reply.json()
        assert reply.status_code == 201, reply.text
        assert reply.headers["location"] == f"/v1/dossiers/{code}/files/{file['id']}"
        assert (file["kind"], file["paper"], file["content_type"], file["size"]) == ("paper", 2, kind, len(content))
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        assert (file["replaced_at"], file["replaced_by"]) == (None, None)
        assert await listed(desk, code) == [file]
        assert (await download(desk, code, file["id"])).content == content

    async def test_a_file_of_many_parts_comes_back_as_it_was(self, desk: Intake) -> None:
        code, content = await filed(desk), photo(PNG, 1400, 900)
        assert len(content) > 3 * MB
        file = (await upload(desk, code, parts(content), PNG)).json()
        reply = await download(desk, code, file["id"])
        assert reply.content == content
        assert reply.headers["content-length"] == str(len(content))

    @pytest.mark.parametrize(
        ("content", "declared", "slug"),
        [
            (b"", PDF, "file-empty"),
            (EXE, PDF, "file-type-differs"),
            (EXE, "application/octet-stream", "file-type-unknown"),
            (b"<html>", "text/html", "file-type-unknown"),
            (photo(PNG), PDF, "file-type-differs"),
            (cut(pdf(5)), PDF, "file-unreadable"),
            (cut(photo(HEIC)), HEIC, "file-unreadable"),
            (pdf(0), PDF, "file-unreadable"),
            (pdf(password="x"), PDF, "file-encrypted"),
            (png_bomb(), PNG, "image-too-large"),
        ],
    )
    async def test_what_cannot_be_used_is_refused_in_words_and_leaves_nothing(
        self, desk: Intake, content: bytes, declared: str, slug: str
    ) -> None:
        code = await filed(desk)
        body = refused(await upload(desk, code, content, declared), 422, slug)
        assert body["detail"].endswith(".")
        assert await desk.counts(*STORED) == dict.fromkeys(STORED, 0)

    async def test_a_file_of_30_mb_is_refused_by_what_it_announces(self, desk: Intake) -> None:
        body = refused(await upload(desk, await filed(desk), bytes(30 * MB), PDF), 422, "file-too-big")
        assert "10 MB" in body["detail"]
        assert await desk.counts(*STORED) == dict.fromkeys(STORED, 0)

    async def test_a_file_of_30_mb_is_refused_while_it_comes_when_it_announces_nothing(self, desk: Intake) -> None:
        content = b"%PDF-1.7\n" + bytes(30 * MB)
        refused(await upload(desk, await filed(desk), parts(content), PDF), 422, "file-too-big")
        assert await desk.counts(*STORED) == dict.fromkeys(STORED, 0)

    async def test_what_no_dossier_could_hold_is_not_even_read(self, desk: Intake) -> None:
        reply = await upload(desk, await filed(desk), b"%PDF-", headers=desk.desk | {"Content-Length": "52428801"})
        assert refused(reply, 413, "body-too-large")["limit_bytes"] == 50 * MB

    async def test_a_long_body_is_taken_only_where_files_are(self, desk: Intake) -> None:
        code = await filed(desk)
        reply = await desk.http.post(f"/v1/dossiers/{code}/withdraw", content=bytes(300_000), headers=desk.desk)
        assert refused(reply, 413, "body-too-large")["limit_bytes"] == desk.settings.max_body_bytes

    async def test_the_files_of_a_dossier_are_bounded_together(self, narrow: Intake) -> None:
        code = await narrow.register()
        sizes = [len(await narrow_photo(seed)) for seed in (300, 301, 302)]
        assert sum(sizes[:2]) < 250_000 < sum(sizes)
        for seed in (300, 301):
            await attached(narrow, code, await narrow_photo(seed))
        reply = await upload(narrow, code, await narrow_photo(302))
        assert refused(reply, 422, "file-too-big")["limit_bytes"] == 250_000
        assert await narrow.counts("files.files", "files.waiting") == {"files.files": 2, "files.waiting": 2}

    async def test_a_paper_that_is_not_on_the_list_is_refused_and_not_kept(self, desk: Intake) -> None:
        code = await filed(desk)
        assert refused(await upload(desk, code, pdf(), paper=4), 422, "paper-unknown")["paper"] == 4
        refused(await upload(desk, code, pdf(), paper=None), 422, "paper-number-wrong")
        refused(await upload(desk, code, pdf(), kind="other"), 422, "paper-number-wrong")
        refused(await upload(desk, code, pdf(), kind="poem"), 422, "request-invalid")
        refused(await upload(desk, code, pdf(), paper=0), 422, "request-invalid")
        assert await desk.counts(*STORED) == dict.fromkeys(STORED, 0)

    async def test_an_ended_dossier_takes_no_more_papers(self, desk: Intake) -> None:
        code = await filed(desk)
        withdrawn = await desk.http.post(
            f"/v1/dossiers/{code}/withdraw", json={"reason": "no-longer-needed"}, headers=desk.desk
        )
        assert withdrawn.status_code == 200, withdrawn.text
        assert refused(await upload(desk, code, pdf()), 409, "file-not-expected")["state"] == "withdrawn"

    async def test_files_do_not_touch_the_dossier_that_clerks_work_on(self, desk: Intake) -> None:
        code = await filed(desk)
        before = await desk.documents("dossiers", _id=code)
        await attached(desk, code, pdf())
        assert await desk.documents("dossiers", _id=code) == before


async def narrow_photo(seed: int) -> bytes:
    return photo(PNG, 100 + seed % 10, seed)


class TestAgain:
    async def test_the_same_bytes_for_the_same_paper_are_one_file(self, desk: Intake) -> None:
        code = await filed(desk)
        first = await upload(desk, code, pdf())
        again = await upload(desk, code, pdf(), name="khác.pdf")
        assert (again.status_code, again.json()) == (201, first.json())
        assert "idempotent-replayed" not in first.headers
        assert again.headers["idempotent-replayed"] == "true"
        assert await desk.counts("files.files", "files.waiting") == {"files.files": 1, "files.waiting": 1}

    async def test_the_same_bytes_sent_at_once_are_one_file(self, desk: Intake) -> None:
        code = await filed(desk)
        replies = await asyncio.gather(*(upload(desk, code, pdf()) for _ in range(6)))
        assert {reply.status_code for reply in replies} == {201}
        assert len({reply.json()["id"] for reply in replies}) == 1
        assert len(await listed(desk, code)) == 1
        assert await desk.counts("files.files", "files.waiting") == {"files.files": 1, "files.waiting": 1}

    async def test_many_files_at_once_all_arrive(self, desk: Intake) -> None:
        code = await filed(desk)
        await asyncio.gather(*(upload(desk, code, pdf(pages)) for pages in range(1, 9)))
        assert len(await listed(desk, code)) == 8

    async def test_a_replaced_file_stays_visible_and_readable(self, desk: Intake) -> None:
        code = await filed(desk)
        old = await attached(desk, code, pdf(1))
        new = await attached(desk, code, pdf(2), replaces=old["id"])
        [was, is_now] = await listed(desk, code)
        assert is_now == new
        assert (was["id"], was["replaced_by"], was["replaced_at"]) == (old["id"], new["id"], new["uploaded_at"])
        assert (await download(desk, code, old["id"])).content == pdf(1)
        reply = await upload(desk, code, pdf(3), replaces=old["id"])
        assert refused(reply, 409, "file-replaced-already")["replaced_by"] == new["id"]
        assert len(await listed(desk, code)) == 2

    async def test_several_photos_give_way_to_one_scan(self, desk: Intake) -> None:
        code = await filed(desk)
        photos = [(await attached(desk, code, photo(JPEG, 100, side)))["id"] for side in (100, 101)]
        scan = await attached(desk, code, pdf(2), replaces=photos)
        assert [file["replaced_by"] for file in await listed(desk, code)] == [scan["id"], scan["id"], None]


class TestDownload:
    async def test_it_is_saved_under_its_name_and_never_guessed_at(self, desk: Intake) -> None:
        code = await filed(desk)
        file = await attached(desk, code, pdf(), name='../Giấy "khai" sinh.exe')
        reply = await download(desk, code, file["id"])
        name = 'Giấy "khai" sinh.exe.pdf'
        assert file["name"] == name
        assert reply.headers["content-type"] == PDF
        assert reply.headers["content-disposition"] == (
            f"attachment; filename=\"tep.pdf\"; filename*=UTF-8''{quote(name, safe='')}"
        )
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "private, no-store"
        digest = base64.b64encode(hashlib.sha256(pdf()).digest()).decode()
        assert reply.headers["digest"] == f"sha-256={digest}"
        assert reply.headers["repr-digest"] == f"sha-256=:{digest}:"
        assert reply.headers["etag"] == f'"{file["sha256"]}"'

    async def test_a_phones_photo_can_be_looked_at_in_any_browser(self, desk: Intake) -> None:
        code = await filed(desk)
        original = photo(HEIC, orientation=6, gps=True)
        file = await attached(desk, code, original, name="IMG_1.HEIC")
        reply = await download(desk, code, file["id"], **{"as": "jpeg"})
        assert (reply.status_code, reply.headers["content-type"]) == (200, JPEG)
        assert reply.headers["content-disposition"].endswith("IMG_1.jpg")
        assert reply.headers["etag"] != f'"{file["sha256"]}"'
        assert "digest" not in reply.headers
        with Image.open(io.BytesIO(reply.content)) as image:
            assert (image.format, image.size, dict(image.getexif())) == ("JPEG", (240, 320), {})
        assert (await download(desk, code, file["id"])).content == original, "the original is evidence"

    async def test_only_images_have_a_copy_for_viewing(self, desk: Intake) -> None:
        code = await filed(desk)
        file = await attached(desk, code, pdf())
        refused(await download(desk, code, file["id"], **{"as": "jpeg"}), 422, "file-not-an-image")
        refused(await download(desk, code, file["id"], **{"as": "gif"}), 422, "request-invalid")

    async def test_a_file_of_another_dossier_is_not_found_under_this_one(self, desk: Intake) -> None:
        mine, other = await filed(desk), await filed(desk)
        file = await attached(desk, other, pdf())
        for id in (file["id"], "nothing", "%00", "x" * 300):
            refused(await download(desk, mine, id), 404, "file-unknown")


class TestResults:
    async def test_a_result_is_taken_only_while_there_can_be_one(self, desk: Intake) -> None:
        code = await filed(desk)
        reply = await upload(desk, code, pdf(), kind="result", paper=None)
        assert refused(reply, 409, "file-not-expected")["allowed_when"] == ["in_process", "resolved"]
        await desk.take(
            DossierTransferred(
                code=code, occurred_at=now(), agency=OFFICE, step=1, steps=1, step_due_at=now(), due_at=now()
            )
        )
        early = await attached(desk, code, pdf(1), kind="result", paper=None, name="")
        assert (early["kind"], early["paper"], early["name"]) == ("result", None, "ket-qua.pdf")
        await desk.take(resolved(code))
        late = await attached(desk, code, pdf(2), kind="result", paper=None, replaces=early["id"])
        checksums = [file["sha256"] for file in await listed(desk, code) if file["kind"] == "result"]
        assert checksums == [hashlib.sha256(pdf(pages)).hexdigest() for pages in (1, 2)]
        assert (await listed(desk, code))[0]["replaced_by"] == late["id"]


class TestRights:
    async def test_anonymous(self, desk: Intake) -> None:
        code = await filed(desk)
        for reply in await all_of(desk, code, {}):
            assert (reply.status_code, reply.json()["slug"]) == (401, "key-missing")

    async def test_wrong_role(self, desk: Intake) -> None:
        for reply in await all_of(desk, await filed(desk), await desk.key("agency:H12.970")):
            refused(reply, 403, "scope-missing")

    async def test_wrong_counter(self, desk: Intake) -> None:
        headers = await desk.key(f"counter:{OTHER_COUNTER}")
        real = await all_of(desk, await filed(desk), headers)
        none = await all_of(desk, dossier(4711), headers)
        for reply, other in zip(real, none, strict=True):
            refused(reply, 404, "dossier-unknown")
            assert {**reply.json(), "correlation_id": ""} == {**other.json(), "correlation_id": ""}

    async def test_agencies_software_reads_and_does_not_write(self, desk: Intake) -> None:
        code, headers = await filed(desk), await desk.key("service")
        file = await attached(desk, code, pdf())
        reply = await desk.http.get(f"/v1/dossiers/{code}/files/{file['id']}", headers=headers)
        assert (reply.status_code, reply.content) == (200, pdf())
        refused(await upload(desk, code, pdf(2), headers=headers), 403, "scope-missing")

    async def test_an_operator_may_do_both(self, desk: Intake) -> None:
        code, headers = await filed(desk), await desk.key("operator")
        assert (await upload(desk, code, pdf(), headers=headers)).status_code == 201

    async def test_a_refused_caller_does_not_get_a_byte_into_the_store(self, desk: Intake) -> None:
        code = await filed(desk)
        for headers in ({}, await desk.key("service"), await desk.key(f"counter:{OTHER_COUNTER}")):
            await upload(desk, code, pdf(), headers=headers)
        assert await desk.counts(*STORED) == dict.fromkeys(STORED, 0)


async def all_of(desk: Intake, code: str, headers: dict[str, str]) -> list[httpx.Response]:
    path = f"/v1/dossiers/{code}/files"
    return [
        await desk.http.get(path, headers=headers),
        await desk.http.get(f"{path}/x", headers=headers),
        await upload(desk, code, pdf(), headers=headers),
    ]
