"""Put a file to a draft, and take it away again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.intake.commands.attach_file import attachment
from services.intake.domain import draft as domain
from services.intake.domain.attachment import Attachment, AttachmentKind
from services.intake.store import DRAFTS
from services.kit.files import StoredFile
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class AttachToDraft:
    """The command. Which papers there are is known only when the draft is submitted."""

    id: str
    token_hash: str
    kind: AttachmentKind
    paper: int | None
    file: StoredFile
    max_bytes: int
    """Of all files of the draft."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(DRAFTS, self.id)

    def decide(self, work: Work, now: datetime) -> Attachment:
        """The attachment; one with another id than `file` has the same bytes and was there before.

        Raises: Missing `draft-unknown`, Conflict `draft-filed`, `files-too-many`, Invalid `file-too-big`,
            `paper-number-wrong`.
        """
        draft = domain.opened(work.get(DRAFTS, self.id), self.token_hash, now)
        new = attachment(self.kind, self.paper, self.file, now)
        changed, attached = domain.add_file(draft, new, self.max_bytes)
        work.put(DRAFTS, self.id, changed)
        return attached


@dataclass(frozen=True)
class DetachFromDraft:
    """The command."""

    id: str
    token_hash: str
    file: str

    def needs(self) -> Iterable[Ref]:
        yield Ref(DRAFTS, self.id)

    def decide(self, work: Work, now: datetime) -> None:
        """Raises: Missing `draft-unknown`, `file-unknown`, Conflict `draft-filed`."""
        draft = domain.opened(work.get(DRAFTS, self.id), self.token_hash, now)
        work.put(DRAFTS, self.id, domain.remove_file(draft, self.file, now))
