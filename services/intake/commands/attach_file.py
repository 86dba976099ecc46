"""Attach a file that lies in the store to a dossier (đính kèm tệp)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.intake.commands.access import dossier_of
from services.intake.commands.application import papers_of
from services.intake.domain.attachment import (
    Attachment,
    AttachmentKind,
    Attachments,
    Room,
    attach,
    require_paper_number,
    require_papers,
    require_state,
)
from services.intake.store import ATTACHMENTS, DOSSIERS
from services.kit.files import StoredFile
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class AttachFile:
    """The file is not there for anybody before this is committed."""

    code: str
    counters: frozenset[str] | None
    """Those the caller acts for; None: all (operator)."""
    kind: AttachmentKind
    paper: int | None
    file: StoredFile
    room: Room
    replaces: tuple[str, ...] = ()
    """Files of the same paper whose place it takes."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(DOSSIERS, self.code)
        yield Ref(ATTACHMENTS, self.code)

    def decide(self, work: Work, now: datetime) -> Attachment:
        """The attachment; one with another id than `file` has the same bytes and was there before.

        Raises: Missing `dossier-unknown`, `file-unknown`, Conflict `file-not-expected`, `file-replaced-already`,
            `files-too-many`, Invalid `paper-…`, `file-too-big`.
        """
        dossier = dossier_of(work.get(DOSSIERS, self.code), self.counters)
        new = attachment(self.kind, self.paper, self.file, now)
        require_state(self.kind, dossier.status)
        require_papers((new,), len(papers_of(work, dossier)))
        before = work.get(ATTACHMENTS, self.code) or Attachments()
        after, attached = attach(before, new, self.room, self.replaces)
        if after != before:
            work.put(ATTACHMENTS, self.code, after)
        return attached


def attachment(kind: AttachmentKind, paper: int | None, file: StoredFile, at: datetime) -> Attachment:
    """A stored file as an attachment. Raises: Invalid `paper-number-wrong`."""
    require_paper_number(kind, paper)
    return Attachment(file.id, kind, paper, file.name, file.content_type, file.size, file.sha256, at)
