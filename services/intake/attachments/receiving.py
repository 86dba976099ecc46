"""An upload: type from the first bytes, then into the store as it comes, then read once to its end; or refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from contracts.problems import Invalid
from services.intake.attachments.file_types import HEAD, content_type, file_name
from services.intake.attachments.readable import require_readable
from services.intake.attachments.slots import Slots
from services.kit.files import Files, StoredFile
from services.kit.mongo.driver import PyMongoError


@dataclass(frozen=True)
class Upload:
    """A file as it arrives."""

    content: AsyncIterator[bytes]
    length: int | None
    """As announced, when it was."""
    declared_type: str | None
    name: str | None
    fallback_name: str
    """When the sender gave none that can be used; without ending."""


@dataclass(frozen=True)
class Receiver:
    """Takes uploads in. What is refused is not kept; after a crash the store's sweep removes it."""

    files: Files
    slots: Slots
    max_bytes: int

    async def receive(self, upload: Upload) -> StoredFile:
        """
        Raises:
            Invalid `file-empty`, `file-too-big`, `file-type-unknown`, `file-type-differs`, `file-unreadable`,
            `file-encrypted`, `image-too-large`. Unavailable: too many files are being read.
        """
        if upload.length is not None and upload.length > self.max_bytes:
            raise self._too_big()
        head = await _head(upload.content)
        found = content_type(head, upload.declared_type)
        name = file_name(upload.name, found, upload.fallback_name)
        file = await self.files.put(self._whole(head, upload.content), name=name, content_type=found)
        try:
            await self.slots.read(self.files, file.id, partial(require_readable, content_type=found))
        except Exception:
            await self.discard(file.id)
            raise
        return file

    async def discard(self, id: str) -> None:
        """Remove a file that nothing refers to (any more); when that fails, the sweep does it."""
        with suppress(PyMongoError):
            await self.files.delete(id)

    async def _whole(self, head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        size = len(head)
        if size > self.max_bytes:
            raise self._too_big()
        yield head
        async for part in rest:
            size += len(part)
            if size > self.max_bytes:
                raise self._too_big()
            yield part

    def _too_big(self) -> Invalid:
        words = f"Tệp quá lớn (tối đa {self.max_bytes // 2**20} MB). Hãy quét với độ phân giải thấp hơn hoặc tách tệp."
        return Invalid("file-too-big", words, limit_bytes=self.max_bytes)


async def _head(content: AsyncIterator[bytes]) -> bytes:
    head = b""
    async for part in content:
        head += part
        if len(head) >= HEAD:
            break
    return head
