"""Commands about parked keys: try now, drop the head."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from contracts.problems import Conflict, Missing
from services.kit.clock import Now
from services.kit.failures import PARKED, PARKED_KEYS
from services.kit.mongo import Mongo, Session, transact
from services.kit.operations.operation import OPERATIONS, Acting, Command, entry, requested

Document = dict[str, Any]
Body = Callable[[Session, Document], Awaitable[Document]]


@dataclass(frozen=True)
class Parked:
    """The parked keys of one service."""

    mongo: Mongo
    now: Now

    async def retry(self, id: str, acting: Acting) -> Document:
        """Let the worker try the key now, whatever its backoff had come to. Returns: the operation.

        Raises: Missing `parked-key-unknown`.
        """
        operation = entry(Command.PARKED_RETRY, id, acting, self.now())

        async def body(_: Session, key: Document) -> Document:
            details = {"slug": key["slug"], "attempts": key["attempts"], "count": key["count"]}
            return {**requested(operation), "details": details}

        return await self._run(id, body)

    async def skip(self, id: str, head: str, acting: Acting) -> Document:
        """Have the head of a key made a dead letter; what waits behind it goes on. Returns: the operation.

        Args:
            head: id of the record that the operator saw at the head: a click too many, or the retrier in between, must
                not cost the record behind it.

        Raises: Missing `parked-key-unknown`; Conflict `parked-head-changed`.
        """
        operation = entry(Command.PARKED_SKIP, id, acting, self.now())

        async def body(session: Session, key: Document) -> Document:
            parked = self.mongo.collection(PARKED)
            first = parked.find({"parked_key": id}, {"skip": 1}, session=session).sort("_id", 1).limit(1)
            now_head = next(iter([row["_id"] async for row in first]), None)
            marked = await parked.update_one(
                {"_id": head, "skip": {"$exists": False}},
                {"$set": {"skip": {"operation": operation["_id"], "by": acting.by}}},
                session=session,
            )
            if head != now_head or not marked.matched_count:
                words = "Bản ghi đứng đầu đã khác: nó vừa được làm hoặc bỏ qua rồi. Hãy xem lại danh sách."
                raise Conflict("parked-head-changed", words, head=now_head)
            return {**requested(operation), "details": {"head": head, "slug": key["slug"]}}

        return await self._run(id, body)

    async def _run(self, id: str, body: Body) -> Document:
        """Make a key due, together with the entry of the operation: the key's document is written each time, so that
        of this and of a retrier that empties the key at the same moment one decides again."""

        async def whole(session: Session) -> Document:
            keys = self.mongo.collection(PARKED_KEYS)
            key = await keys.find_one({"_id": id}, session=session)
            if key is None:
                raise Missing("parked-key-unknown", "Không có hồ sơ nào đang bị giữ lại với khóa này.")
            operation = await body(session, key)
            due = {"next_at": operation["at"], "asked": operation["_id"]}
            await keys.update_one({"_id": id}, {"$set": due}, session=session)
            await self.mongo.collection(OPERATIONS).insert_one(operation, session=session)
            return operation

        return await transact(self.mongo, whole)
