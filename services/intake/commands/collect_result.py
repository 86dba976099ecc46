"""The citizen collects the electronic result (nhận kết quả trực tuyến); the one-time code is the proof."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.problems import Conflict, Missing
from contracts.types import HandOverMethod, HandOverProof, IdentityCheck, ReceivedBy
from services.intake.commands.invite import Invite
from services.intake.commands.returning import hand_over
from services.intake.domain.attachment import Attachment, AttachmentKind
from services.intake.domain.dossier import Dossier, HandOver
from services.intake.domain.status import Status
from services.intake.store import ATTACHMENTS, DOSSIERS, DOWNLOADS, Download
from services.kit.store import Ref
from services.kit.work import Work

GOOD_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class Collected:
    """What may be fetched, and until when."""

    dossier: Dossier
    files: tuple[Attachment, ...]
    expires_at: datetime


@dataclass(frozen=True)
class CollectResult:
    """Behind a one-time code (`WithCode`). The first time it is the hand-over, later it only opens the files again."""

    code: str
    token_hash: str
    """Of the token that opens the files."""
    invite: Invite | None = None

    def needs(self) -> Iterable[Ref]:
        yield Ref(DOSSIERS, self.code)
        yield Ref(ATTACHMENTS, self.code)

    def decide(self, work: Work, now: datetime) -> Collected:
        """Raises: Missing `dossier-unknown`, Conflict `result-not-ready`, `result-not-electronic`."""
        dossier = work.get(DOSSIERS, self.code)
        if dossier is None:
            raise Missing("dossier-unknown", "Không tìm thấy hồ sơ với mã này.")
        files = result_files(work, self.code)
        if dossier.status is not Status.RETURNED:
            how = HandOver(
                now,
                HandOverMethod.ONLINE,
                ReceivedBy.OWNER,
                HandOverProof.ONE_TIME_CODE,
                IdentityCheck.ONLINE_ACCOUNT,
            )
            dossier = hand_over(work, dossier, how, self.invite)
        if not files:
            raise Conflict("result-not-electronic", "Kết quả này không có bản điện tử; mời nhận tại Bộ phận Một cửa.")
        expires_at = now + GOOD_FOR
        work.put(DOWNLOADS, self.token_hash, Download(self.code, expires_at))
        return Collected(dossier, files, expires_at)


def result_files(work: Work, code: str) -> tuple[Attachment, ...]:
    """The result documents that stand now."""
    attachments = work.get(ATTACHMENTS, code)
    current = attachments.current if attachments is not None else ()
    return tuple(file for file in current if file.kind is AttachmentKind.RESULT)
