"""Files over HTTP: a request's raw body as an upload, an attachment as it is described, a file as it is sent."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query, Request, Response
from starlette.requests import ClientDisconnect

from contracts.problems import Invalid, Refused
from services.intake.attachments.receiving import Receiver, Upload
from services.intake.domain.attachment import Attachment, AttachmentKind
from services.intake.domain.procedure import MOST_PAPERS
from services.kit.files import StoredFile

PaperNumber = Annotated[int, Query(ge=1, le=MOST_PAPERS)]
FileName = Annotated[str, Query(max_length=500)]
_FALLBACK_NAMES = {
    AttachmentKind.PAPER: "giay-to",
    AttachmentKind.RESULT: "ket-qua",
    AttachmentKind.MANDATE: "uy-quyen",
    AttachmentKind.OTHER: "tep",
}


def upload_of(request: Request, kind: AttachmentKind, paper: int | None, name: str | None) -> Upload:
    """The request's body as a file."""
    length = request.headers.get("content-length", "")
    fallback = _FALLBACK_NAMES[kind] + (f"-{paper}" if paper is not None else "")
    declared = request.headers.get("content-type")
    return Upload(_body(request), int(length) if length.isdigit() else None, declared, name, fallback)


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for part in request.stream():
            yield part
    except ClientDisconnect:
        raise Invalid("upload-broken-off", "Đường truyền bị ngắt trước khi tải xong tệp. Hãy tải lại.") from None


async def attached(
    receiver: Receiver, file: StoredFile, committing: Awaitable[Attachment], response: Response
) -> Attachment:
    """What the decision that attaches `file` says; the file is thrown away when it is not needed after all."""
    try:
        attachment = await committing
    except Refused:  # no other error: whether the commit happened may be unknown, and the sweep finds out
        await receiver.discard(file.id)
        raise
    if attachment.id != file.id:
        await receiver.discard(file.id)
        response.headers["Idempotent-Replayed"] = "true"
    return attachment


def described(file: Attachment) -> dict[str, Any]:
    """An attachment for programs."""
    return {
        "id": file.id,
        "kind": file.kind.value,
        "paper": file.paper,
        "name": file.name,
        "content_type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
        "uploaded_at": file.uploaded_at,
        "replaced_at": file.replaced_at,
        "replaced_by": file.replaced_by,
    }


def download_headers(file: Attachment) -> dict[str, str]:
    """Of the original: saved under its name, never run or guessed at, with the checksum that was taken at upload."""
    digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    return {
        "Content-Length": str(file.size),
        "ETag": f'"{file.sha256}"',
        "Digest": f"sha-256={digest}",  # RFC 3230, which most software knows
        "Repr-Digest": f"sha-256=:{digest}:",  # RFC 9530, which replaces it
        **_guarded("attachment", file.name),
    }


def view_headers(file: Attachment) -> dict[str, str]:
    """Of a copy for viewing as JPEG."""
    stem = file.name.rpartition(".")[0]
    return {"ETag": f'"{file.sha256}-jpeg"', **_guarded("inline", f"{stem}.jpg")}


def _guarded(disposition: str, name: str) -> dict[str, str]:
    plain = f"tep.{name.rpartition('.')[2]}"
    return {
        "Content-Disposition": f"{disposition}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-store",
    }
