"""Commands about dead letters: apply again, correct, close, open again. The original bytes stay as they came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.problems import Conflict, Invalid, Missing
from services.kit.batch import INBOX, INBOX_DAYS
from services.kit.clock import Now
from services.kit.decoding import Decoded, Poison, decode, event_id
from services.kit.failures import (
    DEAD_LETTERS,
    LETTER_EDITS,
    LetterState,
    ParkedKeys,
    parked_key_id,
    record_fields,
    stored_record,
)
from services.kit.kafka import Record
from services.kit.mongo import Mongo, Session, transact
from services.kit.operations.edits import Correction, differences
from services.kit.operations.operation import OPERATIONS, Acting, Command, entry, requested

MOST_EDITS = 20
REPLAYED = "replayed"
Document = dict[str, Any]
Body = Callable[[Session, Document], Awaitable[Document]]


@dataclass(frozen=True)
class Letters:
    """The dead letters of one service."""

    mongo: Mongo
    now: Now

    async def replay(self, id: str, acting: Acting) -> Document:
        """Apply the record again, the newest corrected copy where there is one: it takes its turn behind what is
        parked for its key, so that the order of the key holds. Returns: the operation.

        Raises: Missing `letter-unknown`; Conflict `letter-not-open`, `event-known`, `letter-too-old`; Invalid
            `letter-unreadable`.
        """
        at = self.now()
        operation = entry(Command.LETTER_REPLAY, id, acting, at)

        async def body(session: Session, letter: Document) -> Document:
            item = decode(await self._record(session, letter))
            if isinstance(item, Poison):
                words = f"Bản này vẫn chưa đọc được ({item.slug}): hãy sửa bản ghi, hoặc cập nhật phần mềm."
                raise Invalid("letter-unreadable", words, rule=item.slug, rule_detail=item.detail)
            await self._take(session, letter, item, at)
            key_id = parked_key_id(letter["group"], item)
            _, _, place = id.partition("@")
            keys = await ParkedKeys.read(self.mongo, letter["group"], place.partition("/")[0], [item])
            behind = keys.keys[key_id]["count"] if key_id in keys.keys else 0
            keys.append(item, REPLAYED, "", at, letter=id, operation=operation["_id"])
            keys.keys[key_id]["next_at"] = at
            await keys.flush(self.mongo, session)
            change = {"state": LetterState.REPLAYING.value, "operation": operation["_id"]}
            await self._change(session, id, {"$set": change, "$addToSet": {"taken": item.event_id}})
            details = {"edit": letter.get("edits", 0), "parked_key": key_id, "behind": behind}
            result = {"outcome": "behind", "parked_key": key_id} if behind else {}
            return {**requested(operation, **result), "details": details}

        return await self._run(id, LetterState.OPEN, body)

    async def edit(self, id: str, correction: Correction, acting: Acting) -> Document:
        """Keep a corrected copy beside the original; `replay` applies it. Returns: the operation.

        Raises: Missing `letter-unknown`; Conflict `letter-not-open`; Invalid `edit-empty`, `edit-invalid`,
            `edits-too-many`.
        """
        at = self.now()
        operation = entry(Command.LETTER_EDIT, id, acting, at)

        async def body(session: Session, letter: Document) -> Document:
            before = await self._record(session, letter)
            after = correction.of(before)
            if after == before:
                raise Invalid("edit-empty", "Không có gì khác với bản đang có.")
            item = decode(after)
            if isinstance(item, Poison):
                words = f"Bản sửa chưa đúng hợp đồng dữ liệu ({item.slug}): {item.detail}."
                raise Invalid("edit-invalid", words, rule=item.slug, rule_detail=item.detail)
            number = letter.get("edits", 0) + 1
            if number > MOST_EDITS:
                raise Invalid("edits-too-many", f"Thư này đã sửa {MOST_EDITS} lần; hãy báo bên gửi gửi lại.")
            changed = differences(stored_record(letter), after)
            copy = {
                "_id": edit_id(id, number), "letter": id, "number": number, "at": at, "by": acting.by,
                "operation": operation["_id"], "changed": changed, **record_fields(after),
            }  # fmt: skip
            await self.mongo.collection(LETTER_EDITS).insert_one(copy, session=session)
            await self._change(session, id, {"$set": {"edits": number}})
            return {**operation, "details": {"edit": number, "changed": changed}}

        return await self._run(id, LetterState.OPEN, body)

    async def close(self, id: str, acting: Acting) -> Document:
        """Nothing need be done about it. Raises: Missing `letter-unknown`; Conflict `letter-not-open`."""
        return await self._move(id, LetterState.OPEN, LetterState.CLOSED, Command.LETTER_CLOSE, acting)

    async def reopen(self, id: str, acting: Acting) -> Document:
        """It was closed by mistake. Raises: Missing `letter-unknown`; Conflict `letter-not-closed`."""
        return await self._move(id, LetterState.CLOSED, LetterState.OPEN, Command.LETTER_REOPEN, acting)

    async def _move(
        self, id: str, before: LetterState, after: LetterState, command: Command, acting: Acting
    ) -> Document:
        operation = entry(command, id, acting, self.now())

        async def body(session: Session, _: Document) -> Document:
            change = {"state": after.value, "operation": operation["_id"]}
            await self._change(session, id, {"$set": change})
            return operation

        return await self._run(id, before, body)

    async def _run(self, id: str, state: LetterState, body: Body) -> Document:
        """Change a letter that is in this state, together with the entry of the operation."""

        async def whole(session: Session) -> Document:
            letter = await self.mongo.collection(DEAD_LETTERS).find_one({"_id": id}, session=session)
            if letter is None:
                raise Missing("letter-unknown", "Không có thư chết nào với mã này.")
            if letter["state"] != state:
                raise _not(state, letter)
            operation = await body(session, letter)
            await self.mongo.collection(OPERATIONS).insert_one(operation, session=session)
            return operation

        return await transact(self.mongo, whole)

    async def _change(self, session: Session, id: str, change: Document) -> None:
        await self.mongo.collection(DEAD_LETTERS).update_one({"_id": id}, change, session=session)

    async def _record(self, session: Session, letter: Document) -> Record:
        """The newest corrected copy, or what was sent."""
        if not letter.get("edits"):
            return stored_record(letter)
        query = {"_id": edit_id(letter["_id"], letter["edits"])}
        return stored_record(await self.mongo.collection(LETTER_EDITS).find_one(query, session=session))

    async def _take(self, session: Session, letter: Document, item: Decoded, at: datetime) -> None:
        """An event takes effect once: what came another way since then (sent anew by a relay, or republished after an
        upgrade) is known to the inbox, and this letter is not its owner."""
        if item.event_id in letter.get("taken", ()):
            return
        sent = decode(stored_record(letter)).envelope
        same = sent is not None and event_id(sent) == item.event_id
        if same and at - letter["at"] > timedelta(days=INBOX_DAYS):
            words = f"Thư đã quá {INBOX_DAYS} ngày nên không biết bản ghi này đã được nhận lại hay chưa."
            raise Conflict("letter-too-old", f"{words} Hãy báo bên gửi gửi lại.")
        inbox = self.mongo.collection(INBOX)
        if await inbox.find_one({"_id": item.event_id}, session=session) is not None:
            words = "Sự kiện này đã được nhận bằng một bản ghi khác, không làm lần nữa. Hãy đóng thư này."
            raise Conflict("event-known", words)
        await inbox.insert_one({"_id": item.event_id, "at": at}, session=session)


def edit_id(letter: str, number: int) -> str:
    """Id of a corrected copy."""
    return f"{letter}#{number:04d}"


def _not(state: LetterState, letter: Document) -> Conflict:
    facts = {"state": letter["state"], "operation": letter.get("operation")}
    if state is LetterState.CLOSED:
        return Conflict("letter-not-closed", "Thư này không ở trạng thái đã đóng.", **facts)
    return Conflict("letter-not-open", f"Thư này không còn chờ xử lý (đang là {letter['state']}).", **facts)
