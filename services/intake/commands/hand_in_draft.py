"""A draft becomes a filing: in the decision that files it, its files go over to the dossier."""

from __future__ import annotations

from datetime import datetime

from contracts.problems import Conflict
from services.intake.domain import draft as domain
from services.intake.domain.attachment import Attachments, require_papers
from services.intake.domain.draft import Draft
from services.intake.store import ATTACHMENTS, DRAFTS
from services.kit.work import Work


def hand_in(work: Work, id: str, taken: Draft, code: str, papers: int, now: datetime) -> Attachments:
    """Within the decision that files dossier `code`: its attachments are the draft's, and the draft is empty.

    The decision may name `Ref(DRAFTS, id)` among its needs.

    Args:
        taken: as `take_draft` read it, and as the filing was made from it.
        papers: how many the published list has.

    Raises: Missing `draft-unknown`, Conflict `draft-filed` (with the dossier's code), `stale-version`: it was changed
        since it was taken. Invalid `paper-unknown`.
    """
    draft = domain.opened(work.get(DRAFTS, id), taken.token_hash, now)
    filed = domain.file(draft, code, now)
    if draft != taken:
        raise Conflict("stale-version", "Bản nháp vừa được sửa ở một cửa sổ khác. Hãy tải lại rồi nộp.")
    require_papers(draft.attachments.files, papers)
    work.put(DRAFTS, id, filed)
    work.put(ATTACHMENTS, code, draft.attachments)
    return draft.attachments
