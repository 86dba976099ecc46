"""Drafts behind pages: begin one, save it, take files in, and say what is wrong beside the field."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Request, Response, UploadFile

from contracts.problems import Invalid, Refused
from services.intake.attachments.exchange import attached
from services.intake.attachments.receiving import Receiver, Upload
from services.intake.citizen_pages.kept_drafts import KeptDrafts
from services.intake.commands.change_draft_files import AttachToDraft, DetachFromDraft
from services.intake.commands.drop_draft import DropDraft
from services.intake.commands.save_draft import SaveDraft
from services.intake.commands.start_draft import StartDraft
from services.intake.domain.attachment import Attachment, AttachmentKind
from services.intake.domain.draft import Draft
from services.intake.domain.procedure import MOST_PAPERS
from services.intake.http_drafts import MOST_CONTENT
from services.intake.queries.drafts import take_draft
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.errors import Unavailable
from services.kit.ids import new_id
from services.kit.mongo import Mongo
from services.kit.tokens import token_hash
from services.kit.web.forms import Form
from services.kit.web.visit import Visit

Content = dict[str, Any]
PAPER, OTHER = "paper-", "other"
"""Names of the file fields: `paper-3` is the third of the published list."""
ACCEPTED = ".pdf,.jpg,.jpeg,.png,.heic,.heif"
_PART = 64 * 1024
_BUSY = "Máy chủ đang bận đọc tệp khác nên chưa nhận tệp này. Hãy tải lại tệp sau ít phút."


@dataclass(frozen=True)
class Drafts:
    """What pages do with drafts, under the limits of the API."""

    mongo: Mongo
    committer: Committer
    receiver: Receiver
    now: Now
    max_bytes: int
    """Of all files of a draft."""
    may_create: Callable[[Request], Awaitable[None]]
    may_upload: Callable[[Request], Awaitable[None]]

    async def start(self, visit: Visit, content: Content) -> tuple[str, str]:
        """Id and token of a new draft. Raises: TooManyTries."""
        await self.may_create(visit.request)
        id, token = new_id(), secrets.token_urlsafe(32)
        await self.committer.run(StartDraft(id, token_hash(token)))
        await self.committer.run(SaveDraft(id, token_hash(token), 0, orjson.dumps(content)))
        return id, token

    async def take(self, visit: Visit, id: str) -> Draft:
        """The draft, for the browser that began it. Raises: Missing `draft-unknown`."""
        return await take_draft(self.mongo, id, KeptDrafts.of(visit).token(id), self.now())

    async def save(self, visit: Visit, id: str, revision: int, content: Content) -> Draft:
        """Raises: Invalid `draft-too-long`, Conflict `stale-version`, `draft-filed`."""
        said = orjson.dumps(content)
        if len(said) > MOST_CONTENT:
            raise Invalid("draft-too-long", "Nội dung đã gõ quá dài nên chưa lưu được. Hãy viết ngắn hơn.")
        return await self.committer.run(SaveDraft(id, token_hash(KeptDrafts.of(visit).token(id)), revision, said))

    async def drop(self, visit: Visit, id: str) -> None:
        for file in await self.committer.run(DropDraft(id, token_hash(KeptDrafts.of(visit).token(id)))):
            await self.receiver.discard(file)

    async def detach(self, visit: Visit, id: str, file: str) -> None:
        await self.committer.run(DetachFromDraft(id, token_hash(KeptDrafts.of(visit).token(id)), file))
        await self.receiver.discard(file)

    async def take_files(self, visit: Visit, id: str) -> Form[Any]:
        """Take in every file that is right; what is wrong with the others stands beside their fields."""
        form = Form[Any]()
        if visit.typed.over is not None:
            return form.too_large(visit.typed.over, OTHER, self.receiver.max_bytes, self.max_bytes)
        for field, files in visit.typed.files.items():
            place = _place(field)
            if place is None:
                continue
            for file in files:
                try:
                    await self._attach(visit, id, *place, file)
                except Refused as refusal:
                    form.wrong(field, f"{file.filename}: {refusal.message}")
                except Unavailable:
                    form.wrong(field, f"{file.filename}: {_BUSY}")
        return form

    async def _attach(
        self, visit: Visit, id: str, kind: AttachmentKind, paper: int | None, file: UploadFile
    ) -> Attachment:
        await self.may_upload(visit.request)
        name = f"giay-to-{paper}" if paper is not None else "tep"
        stored = await self.receiver.receive(Upload(_parts(file), file.size, file.content_type, file.filename, name))
        hashed = token_hash(KeptDrafts.of(visit).token(id))
        command = AttachToDraft(id, hashed, kind, paper, stored, self.max_bytes)
        return await attached(self.receiver, stored, self.committer.run(command), Response())


def content_of(draft: Draft) -> Content:
    """What was saved; whatever it is, it is a form's."""
    content = orjson.loads(draft.content)
    return content if isinstance(content, dict) else {}


def files_by_field(draft: Draft) -> Mapping[str, list[Attachment]]:
    """The files that are there, by the field of the form."""
    found: dict[str, list[Attachment]] = {}
    for file in draft.attachments.current:
        field = f"{PAPER}{file.paper}" if file.kind is AttachmentKind.PAPER else OTHER
        found.setdefault(field, []).append(file)
    return found


def _place(field: str) -> tuple[AttachmentKind, int | None] | None:
    if field == OTHER:
        return AttachmentKind.OTHER, None
    number = field.removeprefix(PAPER)
    known = field.startswith(PAPER) and number.isascii() and number.isdigit() and len(number) <= 3
    return (AttachmentKind.PAPER, int(number)) if known and 1 <= int(number) <= MOST_PAPERS else None


async def _parts(file: UploadFile) -> AsyncIterator[bytes]:
    while part := await file.read(_PART):
        yield part
