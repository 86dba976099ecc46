"""Messages that do not get through: set aside with their key, not sent, or given up.

Of any service: all keep them alike.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta

from services.kit.failures import DEAD_LETTERS, PARKED_KEYS
from services.kit.mongo import Mongo
from services.kit.outbox import OUTBOX
from services.routing.domain.stuck import Finding, StuckKind

MOST = 200
PARKED_LONG = timedelta(minutes=5)
"""A fact that is only late arrives in seconds."""
UNSENT_LONG = timedelta(minutes=2)
_PARKED: Mapping[str, tuple[str, str]] = {
    "workflow-unknown": (
        "Chưa có quy trình của phiên bản thủ tục này",
        "Chạy motcua republish intake để gửi lại danh mục; docs/runbooks/parked-keys.md.",
    ),
    "agency-unknown": (
        "Danh mục cơ quan thiếu đơn vị của quầy hoặc cơ quan được nêu",
        "Bổ sung rồi chạy motcua agencies <tệp>; hồ sơ tự đi tiếp.",
    ),
    "case-unknown": ("Tin tiếp nhận của hồ sơ chưa đến", "Chạy motcua republish intake; docs/runbooks/parked-keys.md."),
    "bug": (
        "Lỗi phần mềm khi xử lý tin",
        "Xem nhật ký consumer.decision_failed, cập nhật bản sửa lỗi; tin tự được thử lại.",
    ),
}


async def stuck_messages(mongo: Mongo, now: datetime) -> list[Finding]:
    """Of the service whose database it is."""
    return [
        *[finding async for finding in _parked(mongo, now)],
        *[finding async for finding in _unsent(mongo, now)],
        *[finding async for finding in _buried(mongo)],
    ]


async def _parked(mongo: Mongo, now: datetime) -> AsyncIterator[Finding]:
    """Parked keys are few, most of the time none: they have no index, and the retrier reads them all, too."""
    query = {"parked_at": {"$lt": now - PARKED_LONG}}
    cursor = mongo.collection(PARKED_KEYS).find(query, {"slug": 1, "parked_at": 1, "count": 1, "attempts": 1})
    async for key in cursor.limit(MOST):
        other = (f"Tin bị từ chối với mã {key['slug']}", "Tra mã trong docs/errors.md và docs/runbooks/parked-keys.md.")
        why, cure = _PARKED.get(key["slug"], other)
        cause = f"{why} ({key['slug']}); {key['count']} tin đang chờ, đã thử {key['attempts']} lần."
        yield Finding(StuckKind.PARKED, key["_id"].partition("|")[2], key["parked_at"], cause, cure)


async def _unsent(mongo: Mongo, now: datetime) -> AsyncIterator[Finding]:
    """One finding for all of them: they wait for the same thing. Ids follow time, so the first ones are the oldest."""
    cursor = mongo.collection(OUTBOX).find({"pending": True}, {"created_at": 1}).sort("_id", 1).limit(MOST)
    old = [document async for document in cursor if now - document["created_at"] > UNSENT_LONG]
    if old:
        many = f"{MOST} trở lên" if len(old) == MOST else str(len(old))
        cause = f"{many} gói tin chưa gửi được lên Kafka."
        cure = "Xem outbox_oldest_seconds, lease_held và Kafka; docs/runbooks/kafka-away.md, relay-not-leading.md."
        yield Finding(StuckKind.NOT_SENT, "outbox", old[0]["created_at"], cause, cure)


async def _buried(mongo: Mongo) -> AsyncIterator[Finding]:
    fields = {"slug": 1, "topic": 1, "at": 1}
    cursor = mongo.collection(DEAD_LETTERS).find({"state": "open"}, fields).sort([("state", 1), ("at", 1)])
    async for letter in cursor.limit(MOST):
        cause = f"Bản ghi trên {letter['topic']} không dùng được ({letter['slug']})."
        cure = "Báo bên gửi sửa và gửi lại; docs/runbooks/dead-letters.md."
        yield Finding(StuckKind.DEAD_LETTER, letter["_id"], letter["at"], cause, cure)
