"""What the citizen was told about a dossier."""

from __future__ import annotations

from pydantic import BaseModel

from contracts.problems import Missing
from services.kit.auth import Caller
from services.kit.mongo import Mongo
from services.notify.queries.notice_view import NoticeView, view
from services.notify.store import NOTICES, RECIPIENTS


class DossierNotices(BaseModel):
    """All notices of a dossier, for its counter."""

    code: str
    wants_notices: bool
    """False: no contact was given."""
    notices: list[NoticeView]


async def dossier_notices(mongo: Mongo, code: str, caller: Caller) -> DossierNotices:
    """Oldest first.

    Raises: Missing `dossier-unknown`; Denied `scope-missing`: the dossier is another counter's.
    """
    recipient = await RECIPIENTS.read(mongo, code)
    if recipient is None:
        raise Missing("dossier-unknown", "Chưa có thông báo nào cho hồ sơ này.")
    caller.require("operator", "service", f"counter:{recipient.counter}")
    found = mongo.collection(NOTICES.collection).find({"_id": {"$in": list(recipient.notices)}})
    notices = sorted([NOTICES.to_state(d) async for d in found], key=lambda notice: notice.created_at)
    return DossierNotices(
        code=code, wants_notices=recipient.wants_notices, notices=[view(notice) for notice in notices]
    )
