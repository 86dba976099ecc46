"""Pages for officers of agencies: the papers of a dossier that was handed to them, and their files. They only read."""

from __future__ import annotations

from functools import partial
from typing import Literal

from fastapi import Response
from fastapi.responses import StreamingResponse

from contracts.problems import Invalid
from contracts.reasons import SUPPLEMENT_REASONS
from contracts.types import DossierCode, PaperState
from services.intake.attachments.exchange import download_headers, view_headers
from services.intake.attachments.file_types import IMAGES, JPEG
from services.intake.attachments.readable import as_jpeg
from services.intake.attachments.receiving import Receiver
from services.intake.domain.attachment import Attachment, Attachments
from services.intake.queries.desk import checklist_view, request_view
from services.intake.queries.procedures import papers_of
from services.intake.rights import handed_dossier
from services.intake.store import ATTACHMENTS
from services.kit.mongo import Mongo
from services.kit.web.pages import Pages
from services.kit.web.rights import roles
from services.kit.web.roles import Role
from services.kit.web.visit import VisitDep

PREFIX = "/giay-to"
READERS = roles(Role.OFFICER, Role.SUPERVISOR, Role.HEAD, Role.INSPECTOR, Role.OPERATOR)
STATES = {
    PaperState.ORIGINAL: "Bản chính",
    PaperState.COPY: "Bản sao",
    PaperState.DIGITAL: "Bản điện tử",
    PaperState.REPLACED: "Đã có trong cơ sở dữ liệu",
    PaperState.NOT_APPLICABLE: "Không thuộc trường hợp này",
    PaperState.MISSING: "Thiếu",
}


def paper_pages(mongo: Mongo, receiver: Receiver) -> Pages:
    """`/giay-to/{code}`."""
    pages = Pages(PREFIX)

    @pages.get("/{code}", READERS)
    async def show(visit: VisitDep, code: DossierCode) -> Response:
        dossier = await handed_dossier(mongo, code, visit.caller)
        papers = await papers_of(mongo, dossier)
        attachments = await ATTACHMENTS.read(mongo, code) or Attachments()
        return visit.page(
            "papers/papers.html",
            dossier=dossier,
            checklist=checklist_view(papers, dossier),
            requests=[request_view(papers, request) for request in dossier.requests],
            files=attachments.files,
            viewable=_viewable(attachments.files),
            names={number: paper.name for number, paper in enumerate(papers, start=1)},
            states=STATES,
            reasons=SUPPLEMENT_REASONS,
        )

    @pages.get("/{code}/tep", READERS)
    async def file(visit: VisitDep, code: DossierCode, id: str = "", xem: Literal["jpeg"] | None = None) -> Response:
        await handed_dossier(mongo, code, visit.caller)
        found = (await ATTACHMENTS.read(mongo, code) or Attachments()).find(id)
        if xem is None or found.content_type == JPEG:
            content = await receiver.files.open(found.id)
            return StreamingResponse(content, media_type=found.content_type, headers=download_headers(found))
        if found.content_type not in IMAGES:
            raise Invalid("file-not-an-image", "Chỉ ảnh mới xem được dưới dạng JPG. Hãy tải tệp gốc về.")
        view = partial(as_jpeg, content_type=found.content_type)
        copy = await receiver.slots.read(receiver.files, found.id, view)
        return Response(copy, media_type=JPEG, headers=view_headers(found))

    return pages


def _viewable(files: tuple[Attachment, ...]) -> frozenset[str]:
    """Photographs that only some browsers show (phones give HEIC) are offered as JPG too."""
    return frozenset(file.id for file in files if file.content_type in IMAGES and file.content_type != JPEG)
