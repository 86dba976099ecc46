"""The citizen brings papers from home (bổ sung trực tuyến): files of a draft, behind a one-time code (`WithCode`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.problems import Conflict, Invalid
from contracts.types import PaperState
from services.intake.commands.supplement_dossier import SupplementDossier
from services.intake.domain import draft as domain
from services.intake.domain.attachment import AttachmentKind, Attachments
from services.intake.domain.checklist import Line
from services.intake.domain.dossier import Dossier
from services.intake.domain.draft import Draft
from services.intake.store import ATTACHMENTS, DOSSIERS, DRAFTS
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class BringPapers:
    """What is there counts, not what is said: each paper of which the draft has a file is there in digital form."""

    code: str
    draft_id: str
    taken: Draft
    """As it was read with its token."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(DOSSIERS, self.code)
        yield Ref(DRAFTS, self.draft_id)
        yield Ref(ATTACHMENTS, self.code)

    def decide(self, work: Work, now: datetime) -> Dossier:
        """
        Raises: Missing `draft-unknown`, Conflict `draft-filed`, `stale-version`, `supplement-not-expected`,
            Invalid `files-missing`, `paper-unknown`.
        """
        draft = domain.opened(work.get(DRAFTS, self.draft_id), self.taken.token_hash, now)
        filed = domain.file(draft, self.code, now)
        if draft != self.taken:
            raise Conflict("stale-version", "Bản nháp vừa được sửa ở một cửa sổ khác. Hãy tải lại rồi gửi.")
        files = draft.attachments.current
        numbers = sorted({file.paper for file in files if file.kind is AttachmentKind.PAPER and file.paper is not None})
        if not numbers:
            raise Invalid("files-missing", "Hãy tải lên bản điện tử của giấy tờ được yêu cầu rồi gửi lại.")
        brought = tuple(Line(number, PaperState.DIGITAL) for number in numbers)
        dossier = SupplementDossier(self.code, None, brought).decide(work, now)
        before = work.get(ATTACHMENTS, self.code) or Attachments()
        work.put(ATTACHMENTS, self.code, Attachments((*before.files, *files)))
        work.put(DRAFTS, self.draft_id, filed)
        return dossier
