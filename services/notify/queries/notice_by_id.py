"""One notice with its whole history."""

from __future__ import annotations

from contracts.problems import Missing
from services.kit.auth import Caller
from services.kit.mongo import Mongo
from services.notify.queries.notice_view import NoticeView, view
from services.notify.store import NOTICES


async def notice_by_id(mongo: Mongo, id: str, caller: Caller) -> NoticeView:
    """Raises: Missing `notice-unknown`; Denied `scope-missing`."""
    notice = await NOTICES.read(mongo, id)
    if notice is None:
        raise Missing("notice-unknown", "Không có thông báo này.")
    caller.require("operator", "service", f"counter:{notice.counter}")
    return view(notice)
