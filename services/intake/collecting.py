"""An electronic result is collected: the code from the phone is the hand-over, a token opens the files for a while."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

from contracts.problems import Missing
from services.intake.commands.collect_result import Collected, CollectResult
from services.intake.commands.invite import Invite
from services.intake.commands.with_code import UseCode, WithCode
from services.intake.domain.attachment import Attachment, AttachmentKind, Attachments
from services.intake.domain.status import Status
from services.intake.store import ATTACHMENTS, DOWNLOADS, Download
from services.intake.tracking import Tracking
from services.kit.files import Files
from services.kit.sealing import Sealer
from services.kit.tokens import token_hash

COLLECTED_WHEN = frozenset({Status.RESOLVED.value, Status.RETURNED.value})


@dataclass(frozen=True)
class Collecting:
    """For the API and the citizens' pages alike."""

    tracking: Tracking
    files: Files
    sealer: Sealer | None

    async def collect(self, code: str, digits: str, address: str) -> tuple[str, Collected]:
        """Returns: the token that opens the files, and what it opens.

        Raises: Denied `one-time-code-wrong`, Conflict `result-not-ready`, `result-not-electronic`, TooManyTries.
        """
        token = secrets.token_urlsafe(24)
        command = CollectResult(code, token_hash(token), Invite.make(self.sealer))
        async with self.tracking.limits.guess(self.tracking.limits.codes, code, address):
            collected = await self.tracking.committer.run(WithCode(UseCode(code, digits), command))
        return token, collected

    async def opened(self, token: str, code: str | None = None) -> Download:
        """Raises: Missing `download-unknown`: none, or its hour is over, or it is of another dossier than `code`."""
        download = await DOWNLOADS.read(self.tracking.mongo, token_hash(token))
        if download is None or download.expires_at <= self.tracking.now() or code not in (None, download.code):
            raise Missing("download-unknown", "Đường dẫn tải kết quả không đúng hoặc đã hết hạn.")
        return download

    async def documents(self, code: str) -> tuple[Attachment, ...]:
        """The result documents that stand now."""
        current = (await ATTACHMENTS.read(self.tracking.mongo, code) or Attachments()).current
        return tuple(file for file in current if file.kind is AttachmentKind.RESULT)

    async def content(self, download: Download, id: str) -> tuple[Attachment, AsyncIterator[bytes]]:
        """A document with its bytes. Raises: Missing `file-unknown`."""
        file = (await ATTACHMENTS.read(self.tracking.mongo, download.code) or Attachments()).find(id)
        if file.kind is not AttachmentKind.RESULT:
            raise Missing("file-unknown", "Không tìm thấy tệp này.")
        return file, await self.files.open(file.id)
