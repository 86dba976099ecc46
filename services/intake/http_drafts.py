"""HTTP in: drafts of the own online form. Public; each draft is known by a token that only who began it has."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Header, HTTPException, Request, Response

from contracts.problems import Invalid
from services.intake.attachments.exchange import FileName, PaperNumber, attached, described, upload_of
from services.intake.attachments.receiving import Receiver
from services.intake.commands.change_draft_files import AttachToDraft, DetachFromDraft
from services.intake.commands.drop_draft import DropDraft
from services.intake.commands.save_draft import SaveDraft
from services.intake.commands.start_draft import StartDraft
from services.intake.domain.attachment import AttachmentKind, require_paper_number
from services.intake.domain.draft import Draft
from services.intake.queries.drafts import take_draft
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.mongo import Mongo
from services.kit.tokens import token_hash

PATH = "/v1/filings/drafts"
FILES_PATH = PATH + "/{id}/files"
MOST_CONTENT = 64 * 1024
_REVISION = re.compile(r'"(\d{1,9})"')


def token_of(authorization: Annotated[str | None, Header()] = None) -> str:
    """The token of `Authorization: Draft <token>`; empty, which no draft has, when there is none."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "draft" else ""


Token = Annotated[str, Depends(token_of)]


def draft_routes(
    mongo: Mongo,
    committer: Committer,
    receiver: Receiver,
    now: Now,
    *,
    max_bytes: int,
    may_upload: Callable[[Request], Awaitable[None]],
    may_create: Callable[[Request], Awaitable[None]],
) -> APIRouter:
    """Begin, save, read and drop drafts, with their files. A draft that is not the caller's does not exist for it.

    Args:
        max_bytes: of all files of a draft.
        may_upload: refuses a client address that uploads too many files.
        may_create: refuses a client that begins too many.
    """
    api = APIRouter(prefix=PATH)

    @api.post("", status_code=201)
    async def start(request: Request, response: Response) -> dict[str, Any]:
        """A new draft. Its token is shown this one time."""
        await may_create(request)
        id, token = new_id(), secrets.token_urlsafe(32)
        draft = await committer.run(StartDraft(id, token_hash(token)))
        response.headers["Location"] = f"{PATH}/{id}"
        return _saved(id, draft, response) | {"token": token}

    @api.put("/{id}")
    async def save(
        id: str, token: Token, request: Request, response: Response, if_match: Annotated[str | None, Header()] = None
    ) -> dict[str, Any]:
        """Save any JSON. `If-Match` is the `ETag` of the last answer: a second window does not overwrite silently."""
        known = _REVISION.fullmatch(if_match or "")
        if known is None:
            raise Invalid("if-match-missing", 'Cần tiêu đề If-Match với phiên bản đã biết, ví dụ "3".')
        content = await request.body()
        try:
            orjson.loads(content)
        except orjson.JSONDecodeError:
            raise HTTPException(400) from None
        command = SaveDraft(id, token_hash(token), int(known[1]), content)
        return _saved(id, await committer.run(command), response)

    @api.get("/{id}")
    async def show(id: str, token: Token) -> Response:
        draft = await take_draft(mongo, id, token, now())
        body = {
            "draft_id": id,
            "version": draft.revision,
            "content": orjson.Fragment(draft.content),
            "files": [described(file) for file in draft.attachments.files],
            "changed_at": draft.changed_at,
            "expires_at": draft.expires_at,
            "filed_as": draft.filed_as,
        }
        headers = {"ETag": _etag(draft), "Cache-Control": "private, no-store"}
        return Response(orjson.dumps(body, option=orjson.OPT_UTC_Z), media_type="application/json", headers=headers)

    @api.delete("/{id}", status_code=204)
    async def drop(id: str, token: Token) -> None:
        for file in await committer.run(DropDraft(id, token_hash(token))):
            await receiver.discard(file)

    @api.post("/{id}/files", status_code=201)
    async def upload(
        id: str,
        token: Token,
        request: Request,
        response: Response,
        kind: Literal["paper", "mandate", "other"] = "paper",
        paper: PaperNumber | None = None,
        name: FileName | None = None,
    ) -> dict[str, Any]:
        """Put a file to the draft; the same bytes for the same paper again are the file that is there."""
        of = AttachmentKind(kind)
        await may_upload(request)
        await take_draft(mongo, id, token, now())  # before the bytes are read
        require_paper_number(of, paper)
        file = await receiver.receive(upload_of(request, of, paper, name))
        command = AttachToDraft(id, token_hash(token), of, paper, file, max_bytes)
        return described(await attached(receiver, file, committer.run(command), response))

    @api.delete("/{id}/files/{file}", status_code=204)
    async def remove(id: str, file: str, token: Token) -> None:
        await committer.run(DetachFromDraft(id, token_hash(token), file))
        await receiver.discard(file)

    return api


def _saved(id: str, draft: Draft, response: Response) -> dict[str, Any]:
    response.headers["ETag"] = _etag(draft)
    return {"draft_id": id, "version": draft.revision, "expires_at": draft.expires_at}


def _etag(draft: Draft) -> str:
    return f'"{draft.revision}"'
