"""Pages: keys that are held back. Look, read one record (noted), try now, drop the head."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import Response
from pydantic import Field

from contracts.problems import Conflict, Invalid
from services.kit.clock import Now
from services.kit.operations import queries
from services.kit.operations.contents import read_parked
from services.kit.operations.parked import Parked
from services.kit.web.console.frame import (
    ACT,
    LONGEST_ID,
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

PARKED_PATH = f"{PATH}/bi-giu"


class AboutRecord(About):
    """Also which record."""

    head: str = Field(default="", max_length=LONGEST_ID)


def key_path(id: str) -> str:
    """The page of one key."""
    return f"{PARKED_PATH}/ho-so?id={quote(id, safe='')}"


def parked_pages(console: Console, now: Now) -> None:
    """Add them."""
    pages, mongo = console.pages, console.mongo
    parked = Parked(mongo, now)
    console.tabs.append(Tab("Hồ sơ bị giữ", PARKED_PATH))

    @pages.get("/bi-giu", READ)
    async def listing(visit: VisitDep) -> Response:
        slug, topic = asked(visit, "ma"), asked(visit, "topic")
        found = await queries.parked_keys(mongo, queries.Wish(slug, topic, after(visit), ROWS))
        return console.page(
            visit, "console_parked.html", rows=found.rows, words=WORDS, now=now(), key_path=key_path,
            wish=Form({"ma": [slug or ""], "topic": [topic or ""]}),
            links=paging(visit, found.next, ma=slug, topic=topic),
        )  # fmt: skip

    async def shown(visit: Visit, id: str, form: Form[Any], status: int = 200, **more: object) -> Response:
        key = await queries.parked_key(mongo, id)
        values = {"content": None, "record": None} | more
        return console.page(
            visit, "console_parked_key.html", status, key=key, form=form, words=WORDS, now=now(), **values
        )

    @pages.get("/bi-giu/ho-so", READ)
    async def one(visit: VisitDep) -> Response:
        return await shown(visit, asked_id(visit), visit.blank())

    @pages.post("/bi-giu/xem", ACT)
    async def read(visit: VisitDep) -> Response:
        """Answers with the content itself: it stands at no address, so that each look is one that is noted."""
        form = visit.read(AboutRecord)
        about = form.value or AboutRecord()
        try:
            content = await read_parked(mongo, now, about.head, await console.acting(visit, about.reason))
        except Invalid as refusal:
            return await shown(visit, about.id, form.refused(refusal, REASON_FIELDS), 422)
        return await shown(visit, about.id, form, content=content, record=about.head)

    @pages.post("/bi-giu/thu-lai", ACT)
    async def retry(visit: VisitDep) -> Response:
        form = visit.read(AboutRecord)
        about = form.value or AboutRecord()
        try:
            await parked.retry(about.id, await console.acting(visit, about.reason))
        except Invalid as refusal:
            return await shown(visit, about.id, form.refused(refusal, REASON_FIELDS), 422)
        return await visit.go(key_path(about.id), "Tiến trình xử lý sẽ thử lại ngay. Kết quả hiện ở phần Thao tác.")

    async def before_skip(visit: Visit, id: str, head: str, form: Form[Any], status: int = 200) -> Response:
        key = await queries.parked_key(mongo, id)
        return console.page(
            visit, "console_parked_skip.html", status, key=key, head=head or key["head"], form=form, words=WORDS,
            now=now(), back=key_path(id),
        )  # fmt: skip

    @pages.get("/bi-giu/bo-qua", ACT, form=True)
    async def ask_skip(visit: VisitDep) -> Response:
        """A page of its own: what is dropped is what was seen."""
        return await before_skip(visit, asked_id(visit), "", visit.blank())

    @pages.post("/bi-giu/bo-qua", ACT)
    async def skip(visit: VisitDep) -> Response:
        form = visit.read(AboutRecord)
        about = form.value or AboutRecord()
        try:
            await parked.skip(about.id, about.head, await console.acting(visit, about.reason))
        except (Invalid, Conflict) as refusal:
            # The next try is about the head that is seen now.
            return await before_skip(visit, about.id, "", form.refused(refusal, REASON_FIELDS), 422)
        return await visit.go(
            PARKED_PATH, "Bản ghi đứng đầu sẽ thành thư chết, các bản ghi sau đi tiếp. Có thể làm lại ở trang Thư chết."
        )
