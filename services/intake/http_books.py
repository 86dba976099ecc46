"""HTTP in: the register of dossiers, as data in pages, or whole as a page to print or a workbook."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from datetime import date
from typing import IO, Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from contracts.problems import Missing
from contracts.types import DossierCode, ShortText, UnitCode
from services.intake.domain.dossier import Dossier
from services.intake.domain.slip import Form
from services.intake.http_slips import MEDIA_TYPES, Accept, Shape, shape_of
from services.intake.queries.register import Book, RegisterRow, register_rows
from services.intake.slips.page import HEADERS
from services.intake.slips.register_book import BookFile, Heading, HtmlBook, XlsxBook, cells
from services.intake.slips.sheet import Printer
from services.intake.store import DOSSIERS
from services.kit.clock import VIETNAM, Now
from services.kit.http import CallerDep
from services.kit.mongo import Mongo


class Bindery:
    """Makes books of one installation, one at a time: while it is written a large counter's book takes half of the
    room in a container's /tmp."""

    def __init__(self, mongo: Mongo, now: Now, printer: Printer) -> None:
        self.mongo, self.now, self._printer = mongo, now, printer
        self._one_at_a_time = asyncio.Semaphore(1)

    def heading(
        self,
        counter: str,
        year: int | None,
        fields: tuple[str, ...] = (),
        since: date | None = None,
        until: date | None = None,
    ) -> Heading:
        """
        Args:
            year: None: this one.
        """
        at = self.now()
        book = Book(counter, year or at.astimezone(VIETNAM).year, fields, since, until)
        forms = self._printer.set_on(at)
        return Heading(book, forms.spec(Form.REGISTER), forms, self._printer.letterhead, at)

    async def bound(self, heading: Heading, shape: Shape) -> Response:
        """The whole book, as a page to print or a workbook."""
        book = heading.book
        async with self._one_at_a_time:
            file = await _write(self.mongo, heading, shape)
        headers = {**HEADERS, "Content-Length": str(file.tell())}
        if shape is Shape.XLSX:
            headers["Content-Disposition"] = f'attachment; filename="so-theo-doi-{book.counter}-{book.year}.xlsx"'
        file.seek(0)
        return StreamingResponse(_chunks(file), media_type=MEDIA_TYPES[shape], headers=headers)


def book_routes(bindery: Bindery) -> APIRouter:
    """The register. It shows many people at once: to the counter itself and to operators, not to services."""
    api = APIRouter(prefix="/v1")

    @api.get("/registers/{counter}", response_model=dict[str, Any])
    async def show_register(
        counter: UnitCode,
        caller: CallerDep,
        year: Annotated[int | None, Query(ge=2000, le=2100)] = None,
        field: Annotated[list[ShortText] | None, Query(max_length=50)] = None,
        since: Annotated[date | None, Query(alias="from")] = None,
        until: Annotated[date | None, Query(alias="to")] = None,
        after: DossierCode | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        as_: Annotated[Shape | None, Query(alias="as")] = None,
        accept: Accept = "",
    ) -> dict[str, Any] | Response:
        """A counter's book of a year, of one field, a group of fields, or all; `after` and `limit` page the JSON."""
        caller.require(f"counter:{counter}", "operator")
        heading = bindery.heading(counter, year, tuple(field or ()), since, until)
        shape = shape_of(as_, accept)
        if shape is Shape.JSON:
            last = None if after is None else await _last_known(bindery.mongo, after, counter)
            return await _page(bindery.mongo, heading, last, limit)
        return await bindery.bound(heading, shape)

    return api


async def _last_known(mongo: Mongo, code: str, counter: str) -> Dossier:
    dossier = await DOSSIERS.read(mongo, code)
    if dossier is None or dossier.counter != counter:
        raise Missing("dossier-unknown", "Không tìm thấy hồ sơ với mã này.")
    return dossier


async def _page(mongo: Mongo, heading: Heading, last: Dossier | None, limit: int) -> dict[str, Any]:
    rows: list[RegisterRow] = []
    async for batch in register_rows(mongo, heading.book, last):
        rows += batch
        if len(rows) > limit:
            break
    shown = rows[:limit]
    return heading.data() | {
        "rows": [cells(row, heading.letterhead) for row in shown],
        "next_after": shown[-1].code if len(rows) > limit else None,
    }


async def _write(mongo: Mongo, heading: Heading, shape: Shape) -> IO[bytes]:
    """The whole book, before the first byte is sent: one that breaks off must not look like a book."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it has no name; when the answer is sent nothing of it is left
    kind = XlsxBook if shape is Shape.XLSX else HtmlBook
    book: BookFile = await asyncio.to_thread(kind, file, heading)
    try:
        async for batch in register_rows(mongo, heading.book):
            await asyncio.to_thread(book.add, batch)
        await asyncio.to_thread(book.finish)
    except BaseException:
        book.abandon()
        file.close()
        raise
    return file


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(64 * 1024):
            yield chunk
