"""Page: papers are scanned or photographed at intake (số hóa), a file or several for one paper."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from fastapi import Response, UploadFile

from contracts.problems import Refused
from services.intake.attachments.receiving import Upload
from services.intake.commands.attach_file import AttachFile
from services.intake.desk import papers as papers_form
from services.intake.desk.office import DESK, PREFIX, Office, address_of
from services.intake.domain.attachment import AttachmentKind, require_state
from services.intake.domain.dossier import Dossier
from services.intake.queries.procedures import papers_of
from services.intake.rights import writing_counters_of
from services.kit.web.forms import Form, Typed
from services.kit.web.pages import Pages
from services.kit.web.visit import Visit, VisitDep

PATH = PREFIX + "/ho-so/{code}/quet"
FIELD, PAPER = "tep", "giay_to"
_KINDS = {"mandate": AttachmentKind.MANDATE, "other": AttachmentKind.OTHER}
_CHUNK = 256 * 1024
_MUST = "Cần điền mục này."


def add_scanning(pages: Pages, office: Office) -> None:
    """Below a dossier's address."""

    @pages.get("/quet", DESK, form=True)
    async def ask(visit: VisitDep, code: str) -> Response:
        dossier = await office.dossier(visit, code)
        require_state(AttachmentKind.PAPER, dossier.status)
        return await _page(visit, dossier, visit.blank())

    @pages.post("/quet", DESK, uploads=True)
    async def attach(visit: VisitDep, code: str) -> Response:
        dossier = await office.dossier(visit, code)
        form, files = Form[Any](visit.typed.own), visit.typed.files.get(FIELD, [])
        kind, paper = _subject(visit.typed)
        if kind is None:
            form.wrong(PAPER, _MUST)
        if not files:
            _say_none(form, visit.typed, office)
        if kind is None or form.errors:
            return await _page(visit, dossier, form, 422)
        try:
            require_state(kind, dossier.status)
            for file in files:
                await _attach(visit, code, kind, paper, file)
        except Refused as refusal:
            return await _page(visit, dossier, form.wrong(FIELD, refusal.message), 422)
        return await visit.go(address_of(code), f"Đã lưu {len(files)} tệp.")

    async def _attach(visit: Visit, code: str, kind: AttachmentKind, paper: int | None, file: UploadFile) -> None:
        upload = Upload(_content(file), file.size, None, file.filename, f"{kind.value}-{paper or ''}".strip("-"))
        stored = await office.receiver.receive(upload)
        command = AttachFile(code, writing_counters_of(visit.caller), kind, paper, stored, office.room)
        try:
            attachment = await office.committer.run(command)
        except Refused:
            await office.receiver.discard(stored.id)
            raise
        if attachment.id != stored.id:  # the same bytes are there
            await office.receiver.discard(stored.id)

    async def _page(visit: Visit, dossier: Dossier, form: Form[Any], status: int = 200) -> Response:
        rows = papers_form.rows(await papers_of(office.mongo, dossier))
        options = [(str(row.number), f"{row.number}. {row.paper.name}") for row in rows]
        return visit.page(
            "desk/scan.html",
            status,
            dossier=dossier,
            form=form,
            options=[*options, ("mandate", "Giấy tờ ủy quyền"), ("other", "Tệp khác")],
            most=office.receiver.max_bytes,
            most_all=office.room.max_bytes,
        )


def _say_none(form: Form[Any], typed: Typed, office: Office) -> None:
    """Why there is no file."""
    if typed.over is None:
        form.wrong(FIELD, "Hãy chọn tệp.")
    else:
        form.too_large(typed.over, FIELD, office.receiver.max_bytes, office.room.max_bytes)


def _subject(typed: Typed) -> tuple[AttachmentKind | None, int | None]:
    """What the files are of; None: nothing that we know."""
    stated = typed.first(PAPER)
    if stated.isdecimal() and len(stated) <= 3:
        return AttachmentKind.PAPER, int(stated)
    return _KINDS.get(stated), None


async def _content(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk
