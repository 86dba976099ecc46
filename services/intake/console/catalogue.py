"""Pages: a catalogue file is uploaded, looked at row by row, then published; the same import as over the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal
from urllib.parse import quote

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field
from pymongo import DESCENDING

from contracts.problems import Invalid, Missing
from services.intake.catalogue import ImportReport, read_catalogue, read_papers
from services.intake.http_catalogue import Importer, ImportQuery, Reader
from services.intake.store import CATALOGUE_FILES
from services.intake.tables import Kind, kind_of_suffix
from services.kit.files import GridFiles
from services.kit.web.console.frame import ACT, READ, Console, Tab, asked_id
from services.kit.web.console.frame import PATH as CONSOLE
from services.kit.web.console.words import WORDS
from services.kit.web.forms import Form
from services.kit.web.visit import Visit, VisitDep

PATH = f"{CONSOLE}/danh-muc"
MOST_AROUND = 64 * 1024
"""Of a form around its file."""
SHOWN, EARLIER = 500, 20
Part = Literal["procedures", "papers"]
READERS: dict[Part, Reader] = {"procedures": read_catalogue, "papers": read_papers}
PART_WORDS = {"procedures": "Danh mục thủ tục (có thể kèm trang thành phần hồ sơ)", "papers": "Chỉ thành phần hồ sơ"}
OUTCOME_WORDS = {
    "refused": ("không nhận", "bad"),
    "doubtful": ("cần xem lại", "warn"),
    "added": ("thêm mới", "good"),
    "changed": ("thay đổi", "warn"),
    "unchanged": ("như cũ", ""),
}
"""In the order in which rows are shown: what needs a person first."""


class UploadIn(BaseModel):
    """What kind of file it is."""

    model_config = ConfigDict(extra="forbid")

    part: Part


class PublishIn(BaseModel):
    """Which file, and whether refused rows are left out."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(default="", max_length=64)
    skip_refused: bool = False


def preview_path(id: str) -> str:
    """The page of one file."""
    return f"{PATH}/xem?id={quote(id, safe='')}"


def catalogue_pages(console: Console, importer: Importer, most: int) -> None:
    """Add them."""
    console.tabs.append(Tab("Nạp danh mục", PATH))
    desk = _Desk(console, importer, GridFiles(console.mongo, importer.committer.now), most)
    pages = console.pages

    @pages.get("/danh-muc", READ)
    async def start(visit: VisitDep) -> Response:
        return await desk.start(visit, visit.blank(part="procedures"))

    @pages.post("/danh-muc/tep", ACT, uploads=True)
    async def upload(visit: VisitDep) -> Response:
        return await desk.upload(visit)

    @pages.get("/danh-muc/xem", READ)
    async def preview(visit: VisitDep) -> Response:
        return await desk.preview(visit, asked_id(visit), visit.blank())

    @pages.get("/danh-muc/bao-cao", READ)
    async def report(visit: VisitDep) -> Response:
        id = asked_id(visit)
        found = await desk.judged(await desk.known(id))
        headers = {"Content-Disposition": f'attachment; filename="danh-muc-{id[:8]}.csv"', "Cache-Control": "no-store"}
        return Response(found.as_csv().encode(), 200, headers, "text/csv; charset=utf-8")

    @pages.post("/danh-muc/nap", ACT)
    async def publish(visit: VisitDep) -> Response:
        return await desk.publish(visit)


@dataclass(frozen=True)
class _Desk:
    """What the pages do."""

    console: Console
    importer: Importer
    files: GridFiles
    most: int

    async def start(self, visit: Visit, form: Form[Any], status: int = 200) -> Response:
        cursor = self._rows.find({}).sort("_id", DESCENDING).limit(EARLIER)
        return self.console.page(
            visit, "catalogue.html", status, form=form, earlier=[row async for row in cursor], parts=PART_WORDS,
            most=self.most, words=WORDS, preview_path=preview_path, path=PATH,
        )  # fmt: skip

    async def upload(self, visit: Visit) -> Response:
        """The file is put down and has an address of its own: going back and forth judges it anew."""
        form = visit.read(UploadIn)
        file = next(iter(visit.typed.files.get("file", [])), None)
        if visit.typed.over is not None:
            return await self.start(visit, form.too_large(visit.typed.over, "file", self.most, self.most), 422)
        if file is None:
            return await self.start(visit, form.wrong("file", "Cần chọn một tệp."), 422)
        if form.value is None:
            return await self.start(visit, form, 422)
        content = await file.read()
        name = PurePath((file.filename or "").replace("\\", "/")).name[:120]
        try:
            await self.importer.run(READERS[form.value.part], content, _says(name), ImportQuery(dry_run=True))
        except Invalid as refusal:
            return await self.start(visit, form.wrong("file", refusal.message), 422)
        stored = await self.files.put(_all(content), name=name, content_type="application/octet-stream")
        row = {
            "_id": stored.id, "name": name, "part": form.value.part, "size": stored.size, "sha256": stored.sha256,
            "by": visit.caller.key_id, "at": self.importer.committer.now(), "published": None,
        }  # fmt: skip
        await self._rows.insert_one(row)
        return await visit.go(preview_path(stored.id))

    async def preview(self, visit: Visit, id: str, form: Form[Any], status: int = 200) -> Response:
        file = await self.known(id)
        try:
            found = await self.judged(file)
        except Missing:
            return self.console.page(visit, "catalogue_gone.html", 200, file=file, path=PATH, words=WORDS)
        order = list(OUTCOME_WORDS)
        rows = sorted(found.rows, key=lambda row: (order.index(row.outcome), row.part != "procedures", row.line))
        return self.console.page(
            visit, "catalogue_preview.html", status, form=form, file=file, report=found, rows=rows[:SHOWN],
            more=max(0, len(rows) - SHOWN), counts=Counter(row.outcome for row in rows), outcomes=OUTCOME_WORDS,
            words=WORDS, path=PATH,
        )  # fmt: skip

    async def publish(self, visit: Visit) -> Response:
        form = visit.read(PublishIn)
        wish = form.value or PublishIn()
        file = await self.known(wish.id)
        content, says = await self._content(file), _says(file["name"])
        found = await self.importer.run(READERS[file["part"]], content, says, ImportQuery(False, wish.skip_refused))
        if not found.stored:
            words = f"Có {found.refused} dòng không nhận được nên chưa công bố gì. Sửa tệp, hoặc chọn bỏ các dòng đó."
            return await self.preview(visit, wish.id, form.wrong("skip_refused", words), 422)
        done = {
            "by": visit.caller.key_id, "at": self.importer.committer.now(), "added": found.added,
            "changed": found.changed, "refused": found.refused,
        }  # fmt: skip
        await self._rows.update_one({"_id": wish.id}, {"$set": {"published": done}})
        return await visit.go(PATH, f"Đã công bố: {found.added} thủ tục mới, {found.changed} thủ tục thay đổi.")

    async def known(self, id: str) -> dict[str, Any]:
        """A file that was uploaded here; no other file of the house is read.

        Raises: Missing `catalogue-file-unknown`.
        """
        found: dict[str, Any] | None = await self._rows.find_one({"_id": id})
        if found is None:
            raise Missing("catalogue-file-unknown", "Không có tệp danh mục này.")
        return found

    async def judged(self, file: dict[str, Any]) -> ImportReport:
        """What publishing it would do now. Raises: Missing `file-unknown`: it was swept away."""
        content = await self._content(file)
        return await self.importer.run(READERS[file["part"]], content, _says(file["name"]), ImportQuery(dry_run=True))

    async def _content(self, file: dict[str, Any]) -> bytes:
        return b"".join([chunk async for chunk in await self.files.open(file["_id"])])

    @property
    def _rows(self) -> Any:
        return self.console.mongo.collection(CATALOGUE_FILES)


def _says(name: str) -> Kind | None:
    return kind_of_suffix(PurePath(name).suffix)


async def _all(content: bytes) -> AsyncIterator[bytes]:
    yield content
