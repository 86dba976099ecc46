"""HTTP in: files of dossiers. Bytes come and go raw, one file a request."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from contracts.problems import Invalid
from contracts.types import DossierCode
from services.intake.attachments.exchange import (
    FileName,
    PaperNumber,
    attached,
    described,
    download_headers,
    upload_of,
    view_headers,
)
from services.intake.attachments.file_types import IMAGES, JPEG
from services.intake.attachments.readable import as_jpeg
from services.intake.attachments.receiving import Receiver
from services.intake.commands.attach_file import AttachFile
from services.intake.domain.attachment import (
    AttachmentKind,
    Attachments,
    Room,
    require_paper_number,
    require_state,
)
from services.intake.rights import own_dossier, writing_counters_of
from services.intake.store import ATTACHMENTS
from services.kit.commit import Committer
from services.kit.http import CallerDep
from services.kit.mongo import Mongo

PATH = "/v1/dossiers/{code}/files"


def file_routes(mongo: Mongo, committer: Committer, receiver: Receiver, room: Room) -> APIRouter:
    """What desks do with files, and agencies' software, which only reads."""
    api = APIRouter(prefix=PATH)

    @api.post("", status_code=201)
    async def upload(
        code: DossierCode,
        request: Request,
        response: Response,
        caller: CallerDep,
        kind: AttachmentKind = AttachmentKind.PAPER,
        paper: PaperNumber | None = None,
        name: FileName | None = None,
        replaces: Annotated[list[str] | None, Query(max_length=100)] = None,
    ) -> dict[str, Any]:
        """Attach a file. The same bytes for the same paper again are the file that is there; `replaces` names files of
        the same paper whose place it takes."""
        counters = writing_counters_of(caller)
        # Asked before the bytes are read, which may be many; asked again when they are attached.
        require_paper_number(kind, paper)
        require_state(kind, (await own_dossier(mongo, code, caller)).status)
        file = await receiver.receive(upload_of(request, kind, paper, name))
        command = AttachFile(code, counters, kind, paper, file, room, tuple(replaces or ()))
        attachment = await attached(receiver, file, committer.run(command), response)
        response.headers["Location"] = f"/v1/dossiers/{code}/files/{attachment.id}"
        return described(attachment)

    async def files_of(code: str, caller: CallerDep) -> Attachments:
        await own_dossier(mongo, code, caller)
        return await ATTACHMENTS.read(mongo, code) or Attachments()

    @api.get("")
    async def list_files(code: DossierCode, caller: CallerDep) -> dict[str, Any]:
        """All files with their checksums, in the order in which they came; replaced ones say so."""
        return {"files": [described(file) for file in (await files_of(code, caller)).files]}

    @api.get("/{id}", response_class=Response)
    async def download(
        code: DossierCode,
        id: str,
        caller: CallerDep,
        wanted: Annotated[Literal["jpeg"] | None, Query(alias="as")] = None,
    ) -> Response:
        """The original bytes; `as=jpeg` a copy of an image that every browser shows (phones give HEIC)."""
        file = (await files_of(code, caller)).find(id)
        if wanted is None or file.content_type == JPEG:
            content = await receiver.files.open(file.id)
            return StreamingResponse(content, media_type=file.content_type, headers=download_headers(file))
        if file.content_type not in IMAGES:
            raise Invalid("file-not-an-image", "Chỉ ảnh mới xem được dưới dạng JPG. Hãy tải tệp gốc về.")
        view = partial(as_jpeg, content_type=file.content_type)
        copy = await receiver.slots.read(receiver.files, file.id, view)
        return Response(copy, media_type=JPEG, headers=view_headers(file))

    return api
