"""Whom a counter must telephone: notices that no channel could bring to the phone."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from pydantic import BaseModel

from contracts.types import NoticeKind
from services.kit.auth import Caller
from services.kit.mongo import Mongo
from services.notify.store import NOTICES, call_token

MOST_COUNTED = 5000
_ON_A_LIST = {"tokens": {"$regex": f"^{call_token('')}"}}


class CallListEntry(BaseModel):
    """One call to make. The number is in the dossier, which the counter may open."""

    notice_id: str
    code: str
    kind: NoticeKind
    reason: str
    since: datetime


class CallList(BaseModel):
    """The calls a counter has to make."""

    counter: str
    entries: list[CallListEntry]


async def call_list(mongo: Mongo, counter: str, caller: Caller) -> CallList:
    """Oldest first.

    Raises: Denied `scope-missing`.
    """
    caller.require("operator", "service", f"counter:{counter}")
    found = mongo.collection(NOTICES.collection).find({"tokens": call_token(counter)})
    notices = [NOTICES.to_state(document) async for document in found]
    entries = [
        CallListEntry(
            notice_id=notice.id,
            code=notice.code,
            kind=notice.kind,
            reason=notice.reason,
            since=notice.history[-1].at if notice.history else notice.created_at,
        )
        for notice in notices
    ]
    return CallList(counter=counter, entries=sorted(entries, key=lambda entry: entry.since))


async def calls_waiting(mongo: Mongo) -> Counter[str]:
    """How many calls each counter has to make; at most `MOST_COUNTED` are counted."""
    found = mongo.collection(NOTICES.collection).find(_ON_A_LIST, {"counter": 1}).limit(MOST_COUNTED)
    return Counter([document["counter"] async for document in found])


async def calls_counted(mongo: Mongo, most: int) -> int:
    """How many there are over all counters, by the index alone; at most `most`."""
    count: int = await mongo.collection(NOTICES.collection).count_documents(_ON_A_LIST, limit=most)
    return count
