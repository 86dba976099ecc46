"""The files of a dossier (tệp tin thành phần hồ sơ, kết quả bản điện tử).

They lie beside the dossier, not in it: files arrive in numbers and at any time, and would make a clerk's change of the
dossier lose its race again and again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from contracts.problems import Conflict, Invalid, Missing
from services.intake.domain.status import ENDED, Status


class AttachmentKind(StrEnum):
    """What a file is to its dossier."""

    PAPER = "paper"
    """Thành phần hồ sơ: a paper of the published list."""
    RESULT = "result"
    """Kết quả giải quyết, bản điện tử."""
    MANDATE = "mandate"
    """Văn bản ủy quyền."""
    OTHER = "other"


MAY_ATTACH: Mapping[AttachmentKind, frozenset[Status]] = {
    AttachmentKind.PAPER: frozenset(Status) - ENDED,
    AttachmentKind.RESULT: frozenset({Status.IN_PROCESS, Status.RESOLVED}),
    AttachmentKind.MANDATE: frozenset(Status) - ENDED,
    AttachmentKind.OTHER: frozenset(Status) - ENDED,
}
"""In which states of the dossier a file of each kind is taken."""
MOST_FILES = 100
"""Of one dossier, replaced ones not counted."""


@dataclass(frozen=True)
class Attachment:
    """One file. Its bytes are evidence: kept as they came, told apart by their checksum."""

    id: str
    kind: AttachmentKind
    paper: int | None
    """Number of the paper on the published list, from 1; a paper may be several files (photographed page by page)."""
    name: str
    content_type: str
    """Found in the content, never the one that was declared."""
    size: int
    sha256: str
    uploaded_at: datetime
    replaced_at: datetime | None = None
    replaced_by: str | None = None
    """The file that took its place; the old one stays, so that a clerk sees what changed since last time."""

    @property
    def subject(self) -> tuple[AttachmentKind, int | None]:
        """What it is a file of."""
        return self.kind, self.paper


@dataclass(frozen=True)
class Attachments:
    """All files of one dossier (or draft), in the order in which they came."""

    files: tuple[Attachment, ...] = ()

    @property
    def current(self) -> tuple[Attachment, ...]:
        return tuple(file for file in self.files if file.replaced_at is None)

    def find(self, id: str) -> Attachment:
        """Raises: Missing `file-unknown`."""
        for file in self.files:
            if file.id == id:
                return file
        raise Missing("file-unknown", "Không tìm thấy tệp này.")

    def same(self, kind: AttachmentKind, paper: int | None, sha256: str) -> Attachment | None:
        """The current file of the same paper with the same bytes."""
        for file in self.current:
            if file.subject == (kind, paper) and file.sha256 == sha256:
                return file
        return None


@dataclass(frozen=True)
class Room:
    """How much may lie together."""

    max_bytes: int
    max_files: int = MOST_FILES


def require_paper_number(kind: AttachmentKind, paper: int | None) -> None:
    """Raises: Invalid `paper-number-wrong`."""
    if (kind is AttachmentKind.PAPER) is (paper is None):
        words = "Tệp là giấy tờ thành phần thì phải ghi số thứ tự giấy tờ; tệp loại khác thì không ghi."
        raise Invalid("paper-number-wrong", words)


def require_state(kind: AttachmentKind, status: Status) -> None:
    """Raises: Conflict `file-not-expected`."""
    allowed = MAY_ATTACH[kind]
    if status not in allowed:
        raise Conflict(
            "file-not-expected",
            "Hồ sơ không ở bước nhận loại tệp này.",
            state=status.value,
            allowed_when=sorted(state.value for state in allowed),
        )


def require_papers(files: Iterable[Attachment], published: int) -> None:
    """A file of a paper that the published list does not have belongs nowhere. No list published: any number.

    Raises: Invalid `paper-unknown`.
    """
    for file in files:
        if published and file.paper is not None and file.paper > published:
            raise Invalid("paper-unknown", f"Thủ tục này không có giấy tờ số {file.paper}.", paper=file.paper)


def attach(
    attachments: Attachments, new: Attachment, room: Room, replaces: Iterable[str] = ()
) -> tuple[Attachments, Attachment]:
    """The files with a new one, and that one; the same bytes for the same paper again are the file that is there.

    Raises:
        Missing `file-unknown`, Conflict `file-replaced-already`: a file that it should replace.
        Invalid `file-too-big`, Conflict `files-too-many`: no room.
    """
    there = attachments.same(new.kind, new.paper, new.sha256)
    added = there or new
    gone = {id for id in replaces if id != added.id and _gives_way(attachments.find(id), added)}
    kept = tuple(
        replace(file, replaced_at=new.uploaded_at, replaced_by=added.id) if file.id in gone else file
        for file in attachments.files
    )
    changed = Attachments(kept if there else (*kept, new))
    if there is None:
        _require_room(changed, room)
    return changed, added


def _gives_way(old: Attachment, new: Attachment) -> bool:
    """Whether `old` is still to be replaced; False when `new` did so before."""
    if old.subject != new.subject:
        raise Missing("file-unknown", "Không tìm thấy tệp này.")
    if old.replaced_by not in (None, new.id):
        raise Conflict("file-replaced-already", "Tệp này đã được thay bằng một tệp khác.", replaced_by=old.replaced_by)
    return old.replaced_by is None


def _require_room(attachments: Attachments, room: Room) -> None:
    if len(attachments.current) > room.max_files:
        raise Conflict("files-too-many", f"Tối đa {room.max_files} tệp.", most=room.max_files)
    if sum(file.size for file in attachments.current) > room.max_bytes:
        words = f"Tổng dung lượng các tệp vượt quá {room.max_bytes // 2**20} MB."
        raise Invalid("file-too-big", words, limit_bytes=room.max_bytes)


def detach(attachments: Attachments, id: str) -> Attachments:
    """Without one file; only while nothing was filed yet. Raises: Missing `file-unknown`."""
    gone = attachments.find(id)
    return Attachments(tuple(file for file in attachments.files if file is not gone))
