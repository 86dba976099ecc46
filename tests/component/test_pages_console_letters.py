"""The console's pages of dead letters: read, corrected, replayed, closed."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any
from urllib.parse import quote

import pytest

from services.kit.failures import LETTER_EDITS
from services.kit.operations.operation import OPERATIONS
from services.kit.web.forms import FORM_KEY, PAGE
from tests.component.console_fixtures import HOME, HOSTILE, REASON, field, letter_page, seen
from tests.component.console_fixtures import inspector as inspector
from tests.component.console_fixtures import operator as operator
from tests.component.counter_fixtures import register, send
from tests.component.pages_fixtures import Browser
from tests.component.service_fixtures import PROCEDURE, Intake


@dataclasses.dataclass
class Letter:
    """A refused command, and its page."""

    intake: Intake
    browser: Browser
    path: str
    id: str

    async def post(self, what: str, **typed: str) -> Any:
        return await self.browser.post(
            f"{HOME}/thu-chet/{what}", {"id": self.id, PAGE: self.path, "reason": REASON} | typed
        )

    async def state(self) -> str:
        [letter] = await self.intake.documents("dead_letters")
        state: str = letter["state"]
        return state


@pytest.fixture
async def letter(intake: Intake, operator: Browser) -> Letter:
    """A counter's software names a procedure that nobody has."""
    await send(intake, register(intake, procedure_code="9.999999"), id="command-1")
    [found] = await intake.documents("dead_letters")
    path = await letter_page(operator)
    assert path == f"{HOME}/thu-chet/thu?id={quote(found['_id'], safe='')}"
    return Letter(intake, operator, path, found["_id"])


class TestADeadLetter:
    async def test_is_shown_without_what_was_sent(self, letter: Letter) -> None:
        page = await seen(letter.browser, letter.path)
        assert "procedure-unknown" in page
        assert "command-1" in page
        assert "9.999999" not in page

    async def test_its_content_is_shown_to_who_says_why(self, letter: Letter) -> None:
        reply = await letter.post("xem")
        assert (reply.status_code, reply.headers["cache-control"]) == (200, "no-store")
        assert "9.999999" in reply.text
        [noted] = await letter.intake.documents(OPERATIONS)
        assert (noted["command"], noted["reason"]) == ("letters.read", REASON)
        assert noted["by"].endswith("person.op")

    async def test_its_content_is_not_shown_without_a_reason(self, letter: Letter) -> None:
        for reason in ("", "ngắn", "gọi 0901234001 không được"):
            reply = await letter.post("xem", reason=reason)
            assert (reply.status_code, "9.999999" in reply.text) == (422, False)
        assert await letter.intake.documents(OPERATIONS) == []

    async def typed(self, letter: Letter) -> dict[str, str]:
        page = (await letter.post("xem")).text
        return {name: field(page, name) for name in ("body", "key", "headers")}

    async def test_corrected_and_replayed_it_makes_the_dossier(self, letter: Letter) -> None:
        typed = await self.typed(letter)
        assert "\n" in typed["body"]
        body = json.loads(typed["body"]) | {"procedure_code": PROCEDURE}
        sent = typed | {
            "body": json.dumps(body, indent=1).replace("\n", "\r\n"),
            "headers": typed["headers"].replace("\n", "\r\n"),
        }
        reply = await letter.post("sua", **sent)
        assert (reply.status_code, reply.headers["location"]) == (303, letter.path)
        [edit] = await letter.intake.documents(LETTER_EDITS)
        assert edit["changed"] == ["body.procedure_code"]
        page = await seen(letter.browser, letter.path)
        assert "Làm lại bằng bản sửa" in page
        assert "body.procedure_code" in page
        reply = await letter.post("lam-lai")
        assert (reply.status_code, await letter.state()) == (303, "replaying")
        await letter.intake.retry()
        assert await letter.state() == "applied"
        assert len(await letter.intake.documents("dossiers")) == 1
        assert "đã có hiệu lực" in await seen(letter.browser, letter.path)
        assert "Không có thư nào như vậy" in await seen(letter.browser, f"{HOME}/thu-chet")
        assert "đã làm lại xong" in await seen(letter.browser, f"{HOME}/thu-chet?trang-thai=all")

    async def test_a_header_can_be_corrected_too(self, letter: Letter) -> None:
        typed = await self.typed(letter)
        headers = re.sub(r"ce_id: .*", "ce_id: command-2", typed["headers"])
        assert (await letter.post("sua", **(typed | {"headers": headers}))).status_code == 303
        [edit] = await letter.intake.documents(LETTER_EDITS)
        assert edit["changed"] == ["headers.ce_id"]

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({}, "Không có gì khác"),
            ({"body": "{}"}, "Bản sửa chưa đúng hợp đồng"),
            ({"body": "không phải JSON " + HOSTILE}, "Bản sửa chưa đúng hợp đồng"),
            ({"headers": "không có dấu hai chấm"}, "Mỗi dòng tiêu đề"),
            ({"key": "x" * 501}, "Quá dài"),
            ({"reason": ""}, "Phải nêu lý do"),
        ],
    )
    async def test_a_bad_correction_comes_back_as_it_was_typed(
        self, letter: Letter, change: dict[str, str], words: str
    ) -> None:
        typed = await self.typed(letter)
        if "reason" in change:
            typed["key"] = "khác"
        reply = await letter.post("sua", **(typed | change))
        assert (reply.status_code, words in reply.text) == (422, True)
        assert HOSTILE not in reply.text
        for name, value in (typed | change).items():
            assert field(reply.text, name).split() == value.split(), name
        assert await letter.intake.documents(LETTER_EDITS) == []

    async def test_a_correction_whose_session_ended_comes_back_as_it_was_typed(self, letter: Letter) -> None:
        typed = await self.typed(letter)
        letter.browser.csrf = "0" * 64  # of an older session, signed in anew in another tab
        body = typed["body"].replace("9.999999", "8.888888")
        sent = {"id": letter.id, PAGE: letter.path, "reason": REASON} | typed | {"body": body}
        reply = await letter.browser.post(f"{HOME}/thu-chet/sua", sent, headers={"origin": "http://test"})
        assert (reply.status_code, reply.headers["location"]) == (303, letter.path)
        page = await seen(letter.browser, letter.path)
        assert "còn nguyên" in page
        assert field(page, "body").split() == body.split()
        assert await letter.intake.documents(LETTER_EDITS) == []

    async def test_a_large_record_can_be_corrected_too(self, letter: Letter) -> None:
        typed = await self.typed(letter)
        sent = {"id": letter.id, PAGE: letter.path, "reason": REASON} | typed | {"body": "x" * 1_200_000}
        reply = await letter.browser.post(f"{HOME}/thu-chet/sua", sent, files={"none": ("", b"")})
        assert (reply.status_code, "Bản sửa chưa đúng hợp đồng" in reply.text) == (422, True), reply.text[:500]

    async def test_what_is_sent_is_not_endless(self, letter: Letter) -> None:
        reply = await letter.browser.post(
            f"{HOME}/thu-chet/sua", {"body": "x" * 5_000_000}, headers={"accept": "text/html"}
        )
        assert (reply.status_code, "body-too-large" in reply.text) == (413, True)
        assert (await letter.post("sua", body="x" * 900_000)).status_code == 422

    async def test_closed_and_opened_again(self, letter: Letter) -> None:
        assert (await letter.post("dong")).status_code == 303
        assert await letter.state() == "closed"
        page = await seen(letter.browser, letter.path)
        assert "Mở lại" in page
        late = await letter.post("lam-lai")
        assert (late.status_code, "không còn chờ xử lý" in late.text) == (422, True)
        assert (await letter.post("mo-lai")).status_code == 303
        assert await letter.state() == "open"

    async def test_the_same_click_twice_replays_once(self, letter: Letter) -> None:
        for _ in range(2):
            assert (await letter.post("dong", **{FORM_KEY: "form-key-1"})).status_code == 303
        assert len(await letter.intake.documents(OPERATIONS)) == 1

    async def test_of_another_id_is_not_there(self, letter: Letter) -> None:
        for what in ("xem", "sua", "lam-lai", "dong", "mo-lai"):
            assert (await letter.post(what, id="x")).status_code == 404, what

    async def test_it_is_counted_on_the_first_page(self, letter: Letter) -> None:
        assert "Thư chết chờ xử lý" in await seen(letter.browser, HOME)
