"""The console's pages of what is held back: tried again, read, dropped after a second look."""

from __future__ import annotations

import dataclasses
from typing import Any
from urllib.parse import quote

import pytest

from services.kit.operations.operation import OPERATIONS
from tests.component.console_fixtures import HOME, REASON, field, seen
from tests.component.console_fixtures import inspector as inspector
from tests.component.console_fixtures import operator as operator
from tests.component.counter_fixtures import TOPIC, answers, parked_commands
from tests.component.pages_fixtures import Browser
from tests.component.service_fixtures import COUNTER, Intake


@dataclasses.dataclass
class ParkedKey:
    """A command that waits for a fact, and one behind it."""

    intake: Intake
    browser: Browser
    id: str
    head: str
    came: list[bool]

    @property
    def path(self) -> str:
        return f"{HOME}/bi-giu/ho-so?id={quote(self.id, safe='')}"

    async def post(self, what: str, **typed: str) -> Any:
        about = {"id": self.id, "head": self.head, "reason": REASON}
        return await self.browser.post(f"{HOME}/bi-giu/{what}", about | typed)


@pytest.fixture
async def key(intake: Intake, operator: Browser) -> ParkedKey:
    came = await parked_commands(intake)
    [found] = await intake.documents("parked_keys")
    head = min(row["_id"] for row in await intake.documents("parked"))
    return ParkedKey(intake, operator, found["_id"], head, came)


class TestAParkedKey:
    async def test_is_listed_and_shown(self, key: ParkedKey) -> None:
        page = await seen(key.browser, f"{HOME}/bi-giu?ma=fact-missing&topic={TOPIC}")
        assert f'href="{key.path}"' in page
        assert f"{COUNTER}/R-1" in page
        assert "Không có hồ sơ nào" in await seen(key.browser, f"{HOME}/bi-giu?ma=bug")
        shown = await seen(key.browser, key.path)
        assert "fact-missing" in shown
        assert "external_ref" not in shown

    async def test_tried_now(self, key: ParkedKey) -> None:
        key.came.append(True)
        reply = await key.post("thu-lai")
        assert (reply.status_code, reply.headers["location"]) == (303, key.path)
        await key.intake.retry()
        assert await key.intake.documents("parked_keys") == []
        assert "không còn gì phải chờ" in await seen(key.browser, f"{HOME}/nhat-ky")

    async def test_its_head_is_read_and_that_is_noted(self, key: ParkedKey) -> None:
        reply = await key.post("xem")
        assert (reply.status_code, "external_ref" in reply.text) == (200, True)
        [noted] = await key.intake.documents(OPERATIONS)
        assert noted["command"] == "parked.read"

    async def test_its_head_is_dropped_after_a_second_look(self, key: ParkedKey) -> None:
        ask = await key.browser.get(f"{HOME}/bi-giu/bo-qua?id={quote(key.id, safe='')}")
        assert ask.status_code == 303
        page = (await key.browser.get(ask.headers["location"])).text
        assert field(page, "head") == key.head
        reply = await key.post("bo-qua")
        assert (reply.status_code, reply.headers["location"]) == (303, f"{HOME}/bi-giu")
        assert "sẽ bỏ qua" in await seen(key.browser, key.path)
        again = await key.post("bo-qua")
        assert (again.status_code, "Bản ghi đứng đầu đã khác" in again.text) == (422, True)
        key.came.append(True)
        await key.intake.retry()
        assert [answer["answer"] for answer in await answers(key.intake)] == ["command-rejected", "command-accepted"]

    async def test_a_head_that_changed_meanwhile_is_not_dropped(self, key: ParkedKey) -> None:
        reply = await key.post("bo-qua", head="x")
        assert reply.status_code == 422
        assert field(reply.text, "head") == key.head
        assert await key.intake.documents(OPERATIONS) == []

    @pytest.mark.parametrize("what", ["thu-lai", "xem", "bo-qua"])
    async def test_nothing_without_a_reason(self, key: ParkedKey, what: str) -> None:
        reply = await key.post(what, reason="")
        assert (reply.status_code, "Phải nêu lý do" in reply.text) == (422, True)
        assert await key.intake.documents(OPERATIONS) == []

    async def test_an_inspector_may_not(self, key: ParkedKey, inspector: Browser) -> None:
        for what in ("thu-lai", "xem", "bo-qua"):
            reply = await inspector.post(f"{HOME}/bi-giu/{what}", {"id": key.id, "reason": REASON})
            assert reply.status_code == 403
        assert "Bỏ qua" not in await seen(inspector, key.path)
