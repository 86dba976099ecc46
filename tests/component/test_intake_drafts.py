"""Drafts of the online form: saved as one types, known by their token only, gone when dropped, filed or old."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.problems import Conflict, Missing
from services.intake.attachments.file_types import PDF
from services.intake.attachments.sweep import sweep_unreferenced
from services.intake.commands.hand_in_draft import hand_in
from services.intake.domain.draft import KEPT_FOR, Draft
from services.intake.queries.drafts import take_draft
from services.intake.store import ATTACHMENTS, DRAFTS
from services.kit.commit import Committer
from services.kit.files import UNREFERENCED_FOR, GridFiles
from services.kit.sealing import Opener, new_private_key
from services.kit.store import Ref
from services.kit.work import Work
from tests.component.form_fixtures import PATH
from tests.component.service_fixtures import COUNTER, Intake, dossier, intake_settings, now, open_intake
from tests.replies import refused
from tests.unit.intake.file_fixtures import EXE, HEIC, cut, pdf, photo

SECRET = "Người Nộp Thử, 0901234567"
STORED = ("drafts", "files.files", "files.chunks", "files.waiting")


@pytest.fixture
async def online(mongodb_url: str, prefix: str) -> AsyncIterator[Intake]:
    """An intake with the door of the own form open; an address may begin five drafts."""
    notify = Opener(new_private_key())
    settings = intake_settings(mongodb_url, prefix, notify, online_form=(COUNTER,), draft_starts="5/hour")
    async with open_intake(settings, notify) as service:
        yield service
        await service.mongo.drop()


class Form:
    """The form in a citizen's browser."""

    def __init__(self, http: httpx.AsyncClient, started: dict[str, Any]) -> None:
        self.http, self.id, self.token = http, started["draft_id"], started["token"]
        self.seen = '"0"'

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Draft {self.token}"}

    async def save(self, content: Any, seen: str | None = None) -> httpx.Response:
        return await self.put(json.dumps(content).encode(), seen or self.seen)

    async def put(self, content: bytes, seen: str) -> httpx.Response:
        reply = await self.http.put(f"{PATH}/{self.id}", content=content, headers=self.headers | {"If-Match": seen})
        self.seen = reply.headers.get("etag", self.seen)
        return reply

    async def show(self) -> httpx.Response:
        return await self.http.get(f"{PATH}/{self.id}", headers=self.headers)

    async def drop(self) -> httpx.Response:
        return await self.http.delete(f"{PATH}/{self.id}", headers=self.headers)

    async def upload(self, content: bytes, declared: str = "", **query: Any) -> httpx.Response:
        params = {"paper": 1, "name": "tệp"} | query
        params = {name: value for name, value in params.items() if value is not None}
        headers = self.headers | ({"Content-Type": declared} if declared else {})
        return await self.http.post(f"{PATH}/{self.id}/files", content=content, params=params, headers=headers)

    async def remove(self, file: str) -> httpx.Response:
        return await self.http.delete(f"{PATH}/{self.id}/files/{file}", headers=self.headers)


async def begun(online: Intake) -> Form:
    reply = await online.http.post(PATH)
    assert reply.status_code == 201, reply.text
    return Form(online.http, reply.json())


@pytest.fixture
async def form(online: Intake) -> Form:
    return await begun(online)


async def test_the_door_is_closed_where_no_counter_takes_online_forms(intake: Intake) -> None:
    assert (await intake.http.post(PATH)).status_code in {404, 405}
    assert not [route for route in intake.app.openapi()["paths"] if route.startswith(PATH)]


class TestSaving:
    async def test_a_draft_is_saved_and_read_back(self, online: Intake, form: Form) -> None:
        assert (await form.show()).json()["content"] == {}
        reply = await form.save({"name": SECRET, "n": 2**70, "list": [None, 1.5, "ă"]})
        assert (reply.status_code, reply.headers["etag"], reply.json()["version"]) == (200, '"1"', 1)
        shown = await form.show()
        assert shown.json()["content"] == {"name": SECRET, "n": 2**70, "list": [None, 1.5, "ă"]}
        assert (shown.headers["etag"], shown.headers["cache-control"]) == ('"1"', "private, no-store")
        assert shown.json() | {"content": 0} == {
            "draft_id": form.id, "version": 1, "content": 0, "files": [], "filed_as": None,
            "changed_at": shown.json()["changed_at"], "expires_at": shown.json()["expires_at"],
        }  # fmt: skip

    async def test_only_the_hash_of_the_token_is_stored(self, online: Intake, form: Form) -> None:
        [document] = await online.documents("drafts")
        assert form.token not in repr(document)
        assert len(form.token) >= 43

    async def test_a_second_window_does_not_overwrite_silently(self, form: Form) -> None:
        await form.save({"a": 1})
        reply = await form.save({"a": 2}, seen='"0"')
        assert refused(reply, 409, "stale-version")["version"] == 1
        assert (await form.show()).json()["content"] == {"a": 1}
        assert (await form.save({"a": 2}, seen='"1"')).headers["etag"] == '"2"'

    async def test_of_two_windows_that_save_at_once_one_is_told(self, form: Form) -> None:
        replies = await asyncio.gather(*(form.put(json.dumps([n]).encode(), '"0"') for n in range(5)))
        assert sorted(reply.status_code for reply in replies) == [200, 409, 409, 409, 409]

    async def test_a_save_whose_answer_was_lost_can_be_repeated(self, form: Form) -> None:
        first = await form.save({"a": 1}, seen='"0"')
        again = await form.save({"a": 1}, seen='"0"')
        assert (again.status_code, again.json()) == (200, first.json())

    @pytest.mark.parametrize("seen", ["", "0", "*", 'W/"0"', '"x"', '"0", "1"', '"' + "9" * 20 + '"'])
    async def test_a_save_must_say_what_it_saw(self, form: Form, seen: str) -> None:
        refused(await form.put(b"{}", seen), 422, "if-match-missing")

    @pytest.mark.parametrize("content", [b"", b"{", b"NaN", b"\xff", b'"\\ud800"', b"[" * 5000])
    async def test_what_is_not_json_is_refused(self, form: Form, content: bytes) -> None:
        refused(await form.put(content, '"0"'), 400, "json-malformed")
        assert (await form.show()).json()["version"] == 0

    async def test_up_to_64_kib_are_taken(self, form: Form) -> None:
        limit = 64 * 1024
        assert (await form.put(b'"' + b"x" * (limit - 2) + b'"', '"0"')).status_code == 200
        reply = await form.put(b'"' + b"x" * (limit - 1) + b'"', '"1"')
        assert refused(reply, 413, "body-too-large")["limit_bytes"] == limit

    async def test_what_was_typed_is_never_logged(self, form: Form, capfd: pytest.CaptureFixture[str]) -> None:
        await form.save({"name": SECRET})
        await form.put(f'{{"name": "{SECRET}'.encode(), '"1"')
        await form.upload(EXE, name=f"{SECRET}.pdf")
        output = "".join(capfd.readouterr())
        for word in (SECRET, "0901234567", form.token):
            assert word not in output


class TestToken:
    async def test_all_who_lack_it_get_the_same_answer(self, online: Intake, form: Form) -> None:
        other = await begun(online)
        answers = []
        for id, authorization in [
            (form.id, None),
            (form.id, ""),
            (form.id, "Draft"),
            (form.id, "Draft "),
            (form.id, f"Draft {form.token[:-1]}"),
            (form.id, f"Draft {other.token}"),
            (form.id, f"Bearer {form.token}"),
            (form.id, online.desk["Authorization"]),
            (form.id, "Draft é".encode()),
            ("nothing", f"Draft {form.token}"),
            ("%00", f"Draft {form.token}"),
        ]:
            headers: Any = {} if authorization is None else {"Authorization": authorization}
            for method, path, more in (
                ("GET", "", {}),
                ("PUT", "", {"content": b"[1]", "headers": headers | {"If-Match": '"0"'}}),
                ("DELETE", "", {}),
                ("POST", "/files?paper=1", {"content": pdf()}),
                ("DELETE", "/files/x", {}),
            ):
                arguments: Any = {"headers": headers} | more
                reply = await online.http.request(method, f"{PATH}/{id}{path}", **arguments)
                answers.append(refused(reply, 404, "draft-unknown") | {"correlation_id": ""})
        assert all(answer == answers[0] for answer in answers)
        assert (await form.show()).json()["version"] == 0
        assert await online.counts("files.files") == {"files.files": 0}

    async def test_one_address_begins_only_so_many(self, online: Intake) -> None:
        for _ in range(5):
            await begun(online)
        assert (await online.http.post(PATH)).json()["slug"] == "too-many-tries"
        assert await online.counts("drafts") == {"drafts": 5}


class TestFiles:
    async def test_a_file_is_put_to_the_draft_and_taken_away(self, online: Intake, form: Form) -> None:
        reply = await form.upload(photo(HEIC), HEIC, name="IMG_1.heic")
        assert (reply.status_code, reply.json()["paper"], reply.json()["name"]) == (201, 1, "IMG_1.heic")
        assert (await form.show()).json()["files"] == [reply.json()]
        assert (await form.remove(reply.json()["id"])).status_code == 204
        assert (await form.show()).json()["files"] == []
        assert await online.counts(*STORED[1:]) == dict.fromkeys(STORED[1:], 0)
        refused(await form.remove(reply.json()["id"]), 404, "file-unknown")

    async def test_the_same_checks_hold_as_at_the_desk(self, online: Intake, form: Form) -> None:
        for content, declared, slug in (
            (b"", PDF, "file-empty"),
            (EXE, PDF, "file-type-differs"),
            (cut(pdf(9)), PDF, "file-unreadable"),
            (pdf(password="x"), PDF, "file-encrypted"),
            (bytes(11 * 2**20), PDF, "file-too-big"),
        ):
            refused(await form.upload(content, declared), 422, slug)
        assert await online.counts(*STORED[1:]) == dict.fromkeys(STORED[1:], 0)

    async def test_a_citizen_uploads_no_result(self, form: Form) -> None:
        refused(await form.upload(pdf(), kind="result", paper=None), 422, "request-invalid")
        refused(await form.upload(pdf(), kind="mandate"), 422, "paper-number-wrong")
        assert (await form.upload(pdf(), kind="mandate", paper=None)).status_code == 201

    async def test_the_same_bytes_again_are_the_same_file(self, online: Intake, form: Form) -> None:
        first, again = await form.upload(pdf()), await form.upload(pdf())
        assert again.json() == first.json()
        assert again.headers["idempotent-replayed"] == "true"
        assert await online.counts("files.files") == {"files.files": 1}

    async def test_at_most_twenty(self, online: Intake, form: Form) -> None:
        for pages in range(1, 21):
            assert (await form.upload(pdf(pages))).status_code == 201
        refused(await form.upload(pdf(21)), 409, "files-too-many")
        assert await online.counts("files.files") == {"files.files": 20}

    async def test_an_upload_does_not_make_the_typing_window_stale(self, form: Form) -> None:
        await form.save({"a": 1})
        await form.upload(pdf())
        assert (await form.save({"a": 2})).status_code == 200


class TestEnding:
    async def test_a_dropped_draft_is_gone_with_its_files(self, online: Intake, form: Form) -> None:
        await form.save({"name": SECRET})
        await form.upload(pdf())
        assert (await form.drop()).status_code == 204
        refused(await form.show(), 404, "draft-unknown")
        refused(await form.drop(), 404, "draft-unknown")
        assert SECRET not in repr(await online.documents("drafts"))
        assert await online.counts(*STORED[1:]) == dict.fromkeys(STORED[1:], 0)
        await sweep_unreferenced(online.mongo, GridFiles(online.mongo, now), now())
        assert await online.counts("drafts") == {"drafts": 0}

    async def test_a_draft_lives_for_thirty_days_after_the_last_change_and_its_files_with_it(
        self, online: Intake, form: Form
    ) -> None:
        await form.save({"name": SECRET})
        file = (await form.upload(pdf())).json()
        files, expires = GridFiles(online.mongo, now), (await taken(online, form)).expires_at
        assert timedelta(0) <= now() + KEPT_FOR - expires < timedelta(minutes=1)
        moment = now()
        while (moment := moment + UNREFERENCED_FOR) < expires:
            assert await sweep_unreferenced(online.mongo, files, moment) == 0
        assert (await form.show()).json()["files"] == [file]
        with pytest.raises(Missing):
            await take_draft(online.mongo, form.id, form.token, expires)
        await sweep_unreferenced(online.mongo, files, expires)
        await sweep_unreferenced(online.mongo, files, expires + UNREFERENCED_FOR)
        assert await online.counts(*STORED) == dict.fromkeys(STORED, 0)


class Filing:
    """The part of a filing that concerns the draft."""

    def __init__(self, form: Form, draft: Draft, code: str, papers: int = 0) -> None:
        self.form, self.draft, self.code, self.papers = form, draft, code, papers

    def needs(self) -> list[Ref]:
        return [Ref(DRAFTS, self.form.id)]

    def decide(self, work: Work, now: Any) -> None:
        hand_in(work, self.form.id, self.draft, self.code, self.papers, now)


async def taken(online: Intake, form: Form) -> Draft:
    return await take_draft(online.mongo, form.id, form.token, now())


class TestHandingIn:
    async def test_the_files_go_over_to_the_dossier_and_the_draft_is_empty(self, online: Intake, form: Form) -> None:
        await form.save({"name": SECRET})
        file = (await form.upload(pdf())).json()
        draft = await taken(online, form)
        assert json.loads(draft.content) == {"name": SECRET}
        committer = Committer(online.mongo, "/intake", now)
        await committer.run(Filing(form, draft, dossier()))
        attachments = await ATTACHMENTS.read(online.mongo, dossier())
        assert attachments == draft.attachments
        shown = (await form.show()).json()
        assert (shown["filed_as"], shown["content"], shown["files"]) == (dossier(), {}, [])
        files = GridFiles(online.mongo, now)
        await sweep_unreferenced(online.mongo, files, now() + timedelta(days=60))
        assert b"".join([part async for part in await files.open(file["id"])]) == pdf()
        assert await online.counts("drafts") == {"drafts": 0}

    async def test_a_draft_is_handed_in_once(self, online: Intake, form: Form) -> None:
        committer, draft = Committer(online.mongo, "/intake", now), await taken(online, form)
        results = await asyncio.gather(
            *(committer.run(Filing(form, draft, dossier(number))) for number in range(1, 5)), return_exceptions=True
        )
        assert [type(result) for result in results].count(Conflict) == 3
        assert {result.slug for result in results if isinstance(result, Conflict)} == {"draft-filed"}
        assert await online.counts("attachments") == {"attachments": 1}

    async def test_what_was_changed_since_it_was_taken_is_not_filed(self, online: Intake, form: Form) -> None:
        draft = await taken(online, form)
        await form.upload(pdf())
        with pytest.raises(Conflict) as caught:
            await Committer(online.mongo, "/intake", now).run(Filing(form, draft, dossier()))
        assert caught.value.slug == "stale-version"
        assert await online.counts("attachments") == {"attachments": 0}

    async def test_a_filed_draft_takes_nothing_more_and_says_what_it_became(self, online: Intake, form: Form) -> None:
        await Committer(online.mongo, "/intake", now).run(Filing(form, await taken(online, form), dossier()))
        for reply in (await form.save({"a": 1}), await form.upload(pdf()), await form.drop()):
            assert refused(reply, 409, "draft-filed")["code"] == dossier()
        assert await online.counts("files.files") == {"files.files": 0}
