"""The citizen's page of an electronic result: a code from the phone, the documents, without any script."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from services.intake.commands import collect_result
from tests.component.citizen_fixtures import LAST4, other_than
from tests.component.citizen_pages_fixtures import texted
from tests.component.counter_fixtures import with_result
from tests.component.pages_fixtures import client
from tests.component.service_fixtures import NAME, Intake, dossier, now
from tests.component.test_intake_collect import with_document

FORM = "/tra-cuu/{}/nhan-ket-qua"


async def digits_for(intake: Intake, code: str) -> str:
    return await texted(intake, code, f"/tra-cuu/{code}/ma", ve="nhan-ket-qua")


async def collected(intake: Intake, code: str) -> str:
    """Returns: the page of the documents, as this browser sees it."""
    reply = await intake.http.post(FORM.format(code), data={"one_time_code": await digits_for(intake, code)})
    assert (reply.status_code, reply.headers["location"]) == (303, f"/tra-cuu/{code}/ket-qua"), reply.text
    page = await intake.http.get(reply.headers["location"])
    assert page.status_code == 200, page.text
    return page.text


class TestCollecting:
    async def test_from_the_story_to_the_document(self, intake: Intake) -> None:
        code = await with_result(intake)
        document = await with_document(intake, code)
        story = await intake.http.post(f"/tra-cuu/{code}", data={"phone_last4": LAST4})
        assert f'href="{FORM.format(code)}"' in story.text
        assert "Gửi mã về điện thoại" in (await intake.http.get(FORM.format(code))).text
        page = await collected(intake, code)
        assert ("Giấy khai sinh.jpg" in page, NAME in page) == (True, False)
        link = re.search(rf'href="(/tra-cuu/{code}/ket-qua/[^"]+)"', page)
        assert link, page
        file = await intake.http.get(link[1])
        assert (file.status_code, file.content) == (200, document)
        assert "attachment" in file.headers["content-disposition"]
        assert len(await intake.events(code, "dossier.returned.v1")) == 1

    async def test_once_more_opens_the_documents_and_is_no_second_hand_over(self, intake: Intake) -> None:
        code = await with_result(intake)
        await with_document(intake, code)
        for _ in range(2):
            assert "Giấy khai sinh.jpg" in await collected(intake, code)
            codes = intake.mongo.collection("one_time_codes")
            await codes.update_many({}, {"$set": {"issued_at": now() - timedelta(minutes=5)}})
        assert len(await intake.events(code, "dossier.returned.v1")) == 1
        story = await intake.http.post(f"/tra-cuu/{code}", data={"phone_last4": LAST4})
        assert FORM.format(code) in story.text

    async def test_the_documents_are_this_browser_s_and_this_dossier_s(self, intake: Intake) -> None:
        code, other = await with_result(intake), await with_result(intake)
        for one in (code, other):
            await with_document(intake, one)
        page = await collected(intake, code)
        link = re.search(rf'href="(/tra-cuu/{code}/ket-qua/[^"]+)"', page)
        assert link
        async with client(intake.app) as stranger:
            shown = await stranger.get(f"/tra-cuu/{code}/ket-qua")
            assert (shown.status_code, shown.headers["location"]) == (303, f"{FORM.format(code)}?het-han=1")
            assert (await stranger.get(link[1])).status_code == 404
        assert (await intake.http.get(f"/tra-cuu/{other}/ket-qua")).status_code == 303
        assert (await intake.http.get(link[1].replace(code, other))).status_code == 404
        assert (await intake.http.get(f"/tra-cuu/{code}/ket-qua/none")).status_code == 404

    async def test_they_are_open_for_an_hour(self, intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
        code = await with_result(intake)
        await with_document(intake, code)
        monkeypatch.setattr(collect_result, "GOOD_FOR", -collect_result.GOOD_FOR)
        reply = await intake.http.post(FORM.format(code), data={"one_time_code": await digits_for(intake, code)})
        over = await intake.http.get(reply.headers["location"])
        assert over.headers["location"] == f"{FORM.format(code)}?het-han=1"
        assert "hết hạn" in (await intake.http.get(over.headers["location"])).text


class TestRefused:
    async def test_without_the_right_code_nothing_opens(self, intake: Intake) -> None:
        code = await with_result(intake)
        await with_document(intake, code)
        digits = await digits_for(intake, code)
        for typed, status in (("", 422), ("12", 422), (other_than(digits), 403)):
            reply = await intake.http.post(FORM.format(code), data={"one_time_code": typed})
            assert (reply.status_code, 'id="f-one_time_code-wrong"' in reply.text) == (status, True), typed
            assert "set-cookie" not in reply.headers
        assert await intake.events(code, "dossier.returned.v1") == []

    async def test_a_dossier_that_is_none_is_told_as_a_wrong_code(self, intake: Intake) -> None:
        unknown = dossier(4711)
        reply = await intake.http.post(FORM.format(unknown), data={"one_time_code": "123456"})
        assert (reply.status_code, 'id="f-one_time_code-wrong"' in reply.text) == (403, True)
        assert (await intake.http.get(FORM.format("abc"))).status_code == 404

    async def test_what_is_on_paper_or_not_ready_is_said_to_who_has_the_phone(self, intake: Intake) -> None:
        paper, early = await with_result(intake), await intake.register()
        for code, words in ((paper, "không có bản điện tử"), (early, "chưa có kết quả")):
            story = await intake.http.post(f"/tra-cuu/{code}", data={"phone_last4": LAST4})
            assert FORM.format(code) not in story.text
            reply = await intake.http.post(FORM.format(code), data={"one_time_code": await digits_for(intake, code)})
            assert (reply.status_code, words in reply.text.lower()) == (409, True), reply.text
        assert await intake.events(paper, "dossier.returned.v1") == []
