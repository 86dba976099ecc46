"""Pages: dead letters. Look, read the content (noted), correct, replay, close, open again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import Response
from pydantic import Field

from contracts.problems import Conflict, Invalid
from services.kit.clock import Now
from services.kit.failures import LetterState
from services.kit.operations import queries
from services.kit.operations.contents import read_letter
from services.kit.operations.letters import Letters
from services.kit.operations.operation import Acting
from services.kit.web.console.corrections import as_typed, correction
from services.kit.web.console.frame import (
    ACT,
    PATH,
    READ,
    REASON_FIELDS,
    ROWS,
    About,
    Console,
    Tab,
    after,
    asked,
    asked_id,
    paging,
)
from services.kit.web.console.words import WORDS
from services.kit.web.forms import Form
from services.kit.web.visit import Visit, VisitDep

LETTERS_PATH = f"{PATH}/thu-chet"
EDIT_PATH = f"{LETTERS_PATH}/sua"
EDIT_FIELDS = REASON_FIELDS | {"edit-invalid": "body", "edit-empty": "body", "headers-malformed": "headers"}
Do = Callable[[str, Acting], Awaitable[dict[str, Any]]]


class EditIn(About):
    """The corrected copy, whole."""

    body: str = ""
    key: str = Field(default="", max_length=500)
    headers: str = Field(default="", max_length=20_000)
    """One a line, `name: value`."""


def letter_path(id: str) -> str:
    """The page of one letter."""
    return f"{LETTERS_PATH}/thu?id={quote(id, safe='')}"


def letter_pages(console: Console, now: Now) -> None:
    """Add them."""
    console.tabs.append(Tab("Thư chết", LETTERS_PATH))
    desk = _Desk(console, Letters(console.mongo, now), now)
    pages = console.pages

    @pages.get("/thu-chet", READ)
    async def listing(visit: VisitDep) -> Response:
        return await desk.listing(visit)

    @pages.get("/thu-chet/thu", READ)
    async def one(visit: VisitDep) -> Response:
        form = visit.blank()
        return await desk.shown(visit, asked_id(visit), form, edit=form if form.get("body") else None)

    @pages.post("/thu-chet/xem", ACT)
    async def read(visit: VisitDep) -> Response:
        return await desk.read(visit)

    @pages.post("/thu-chet/sua", ACT)
    async def edit(visit: VisitDep) -> Response:
        return await desk.edit(visit)

    @pages.post("/thu-chet/lam-lai", ACT)
    async def replay(visit: VisitDep) -> Response:
        words = "Thư xếp vào hàng để làm lại. Kết quả hiện ở phần Thao tác."
        return await desk.act(visit, desk.letters.replay, words)

    @pages.post("/thu-chet/dong", ACT)
    async def close(visit: VisitDep) -> Response:
        return await desk.act(visit, desk.letters.close, "Đã đóng thư.")

    @pages.post("/thu-chet/mo-lai", ACT)
    async def reopen(visit: VisitDep) -> Response:
        return await desk.act(visit, desk.letters.reopen, "Đã mở lại thư.")


@dataclass(frozen=True)
class _Desk:
    """What the pages do."""

    console: Console
    letters: Letters
    now: Now

    async def listing(self, visit: Visit) -> Response:
        slug, topic = asked(visit, "ma"), asked(visit, "topic")
        state = asked(visit, "trang-thai") or LetterState.OPEN
        if state not in (*LetterState, "all"):
            state = LetterState.OPEN
        states = tuple(LetterState) if state == "all" else (LetterState(state),)
        wish = queries.Wish(slug, topic, after(visit), ROWS)
        found = await queries.letters(self.console.mongo, wish, states)
        keep = {"ma": slug, "topic": topic, "trang-thai": str(state)}
        return self.console.page(
            visit, "console_letters.html", rows=found.rows, words=WORDS, now=self.now(), letter_path=letter_path,
            wish=Form({name: [value or ""] for name, value in keep.items()}), links=paging(visit, found.next, **keep),
        )  # fmt: skip

    async def shown(self, visit: Visit, id: str, form: Form[Any], status: int = 200, **more: object) -> Response:
        letter = await queries.letter(self.console.mongo, id)
        values = {"content": None, "edit": None} | more
        return self.console.page(
            visit, "console_letter.html", status, letter=letter, form=form, words=WORDS, now=self.now(), **values
        )

    async def read(self, visit: Visit) -> Response:
        """Answers with the content itself: it stands at no address, so that each look is one that is noted."""
        form = visit.read(About)
        about = form.value or About()
        try:
            acting = await self.console.acting(visit, about.reason)
        except Invalid as refusal:
            return await self.shown(visit, about.id, form.refused(refusal, REASON_FIELDS), 422)
        content = await read_letter(self.console.mongo, self.now, about.id, acting)
        newest = content["edit"] or content
        return await self.shown(visit, about.id, form, content=content, edit=Form(as_typed(newest, about.reason)))

    async def edit(self, visit: Visit) -> Response:
        form = visit.read(EditIn)
        about = form.value
        if about is None:
            return await self.shown(visit, visit.typed.first("id"), form, 422, edit=form)
        try:
            change = await correction(self.console.mongo, about.id, about.body, about.key, about.headers)
            await self.letters.edit(about.id, change, await self.console.acting(visit, about.reason))
        except (Invalid, Conflict) as refusal:
            return await self.shown(visit, about.id, form.refused(refusal, EDIT_FIELDS), 422, edit=form)
        return await visit.go(letter_path(about.id), "Đã lưu bản sửa bên cạnh bản gốc. Chưa làm lại: hãy bấm Làm lại.")

    async def act(self, visit: Visit, do: Do, said: str) -> Response:
        form = visit.read(About)
        about = form.value or About()
        try:
            await do(about.id, await self.console.acting(visit, about.reason))
        except (Invalid, Conflict) as refusal:
            return await self.shown(visit, about.id, form.refused(refusal, REASON_FIELDS), 422)
        return await visit.go(letter_path(about.id), said)
