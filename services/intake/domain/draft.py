"""A draft of the own online form (bản nháp hồ sơ trực tuyến): saved as one types, known only to who began it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from contracts.problems import Conflict, Missing
from services.intake.domain.attachment import Attachment, Attachments, Room, attach, detach

KEPT_FOR = timedelta(days=30)
"""After the last change."""
MOST_FILES = 20


@dataclass(frozen=True)
class Draft:
    """Personal data throughout: it leaves intake's database only towards the holder of its token."""

    token_hash: str
    created_at: datetime
    changed_at: datetime
    expires_at: datetime
    revision: int = 0
    """Of the content; two windows that write are told apart by it."""
    content: bytes = b"{}"
    """JSON as it was sent: only the submission says what it means."""
    attachments: Attachments = field(default_factory=Attachments)
    filed_as: str | None = None
    """The dossier it became. It is empty from then on, and kept so that a repeated submission gets the same answer."""


def start(token_hash: str, now: datetime) -> Draft:
    return Draft(token_hash, now, now, now + KEPT_FOR)


def opened(draft: Draft | None, token_hash: str, now: datetime) -> Draft:
    """The draft, for who shows its token.

    Raises: Missing `draft-unknown`: none, another's, or expired; the same answer, so that nobody learns which exist.
    """
    if draft is None or not hmac.compare_digest(draft.token_hash, token_hash) or draft.expires_at <= now:
        raise Missing("draft-unknown", "Không tìm thấy bản nháp này, hoặc bản nháp đã hết hạn lưu.")
    return draft


def save(draft: Draft, content: bytes, revision: int, now: datetime) -> Draft:
    """
    Args:
        revision: the one that the writer saw last.

    Raises: Conflict `stale-version`, `draft-filed`.
    """
    _require_open(draft)
    if content == draft.content:
        return draft  # a repeated save whose answer was lost, or two windows that say the same
    if revision != draft.revision:
        words = "Bản nháp vừa được lưu từ một cửa sổ khác. Hãy tải lại rồi sửa tiếp."
        raise Conflict("stale-version", words, version=draft.revision)
    return replace(_touched(draft, now), content=content, revision=revision + 1)


def add_file(draft: Draft, new: Attachment, max_bytes: int) -> tuple[Draft, Attachment]:
    """Raises: Conflict `draft-filed`, `files-too-many`, Invalid `file-too-big`."""
    _require_open(draft)
    attachments, added = attach(draft.attachments, new, Room(max_bytes, MOST_FILES))
    return replace(_touched(draft, new.uploaded_at), attachments=attachments), added


def remove_file(draft: Draft, id: str, now: datetime) -> Draft:
    """Raises: Conflict `draft-filed`, Missing `file-unknown`."""
    _require_open(draft)
    return replace(_touched(draft, now), attachments=detach(draft.attachments, id))


def drop(draft: Draft, now: datetime) -> Draft:
    """Emptied and expired: nothing of it is left but that it was. Raises: Conflict `draft-filed`."""
    _require_open(draft)
    return replace(_emptied(draft, now), expires_at=now)


def file(draft: Draft, code: str, now: datetime) -> Draft:
    """It became a dossier, which has its content and files now. Raises: Conflict `draft-filed`."""
    _require_open(draft)
    return replace(_emptied(draft, now), filed_as=code)


def _touched(draft: Draft, now: datetime) -> Draft:
    return replace(draft, changed_at=now, expires_at=now + KEPT_FOR)


def _emptied(draft: Draft, now: datetime) -> Draft:
    return replace(_touched(draft, now), content=b"{}", attachments=Attachments())


def _require_open(draft: Draft) -> None:
    if draft.filed_as is not None:
        raise Conflict("draft-filed", "Bản nháp này đã được nộp thành hồ sơ.", code=draft.filed_as)
