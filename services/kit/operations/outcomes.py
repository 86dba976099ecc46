"""What the worker writes down about operators' commands, in the transaction of their effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.kit.failures import DEAD_LETTERS, LetterState
from services.kit.mongo import Mongo, Session
from services.kit.operations.operation import Command, OperationState, note


@dataclass(frozen=True)
class Outcomes:
    """The outcomes of one round of the retrier; a session of None is no transaction."""

    mongo: Mongo
    at: datetime

    async def key_tried(self, session: Session | None, key_id: str, slug: str, count: int) -> None:
        """The key still waits: for who asked to have it tried."""
        await self._retried(session, key_id, outcome="still-parked", slug=slug, count=count)

    async def key_empty(self, session: Session, key_id: str) -> None:
        """Nothing waits for the key any more."""
        await self._retried(session, key_id, outcome="empty")

    async def skipped(self, session: Session, row: Mapping[str, Any], letter: str) -> None:
        """The head is a dead letter now, as an operator asked."""
        query = {"_id": row["skip"]["operation"]}
        await note(self.mongo, session, query, OperationState.DONE, self.at, outcome="skipped", letter=letter)

    async def applied(self, session: Session, row: Mapping[str, Any], *, ours: bool) -> None:
        """The record of a letter took effect, or this release does nothing about such records."""
        state, outcome = (LetterState.APPLIED, "applied") if ours else (LetterState.CLOSED, "nothing-to-do")
        await self._letter(session, row, state=state.value, settled_at=self.at)
        await note(self.mongo, session, _of(row), OperationState.DONE, self.at, outcome=outcome)

    async def refused(self, session: Session, row: Mapping[str, Any], slug: str, detail: str) -> None:
        """The record of a letter still cannot be applied: it is an open letter again, and holds nobody up."""
        await self._letter(session, row, state=LetterState.OPEN.value, slug=slug, detail=detail)
        await note(self.mongo, session, _of(row), OperationState.REFUSED, self.at, outcome="refused", slug=slug)

    async def waits(self, session: Session, row: Mapping[str, Any], slug: str) -> None:
        """The record of a letter waits for a fact."""
        result = {"outcome": "waits", "slug": slug, "parked_key": row["parked_key"]}
        await note(self.mongo, session, _of(row), OperationState.WAITING, self.at, **result)

    async def _letter(self, session: Session, row: Mapping[str, Any], **change: Any) -> None:
        await self.mongo.collection(DEAD_LETTERS).update_one({"_id": row["letter"]}, {"$set": change}, session=session)

    async def _retried(self, session: Session | None, key_id: str, **result: Any) -> None:
        query = {"subject": key_id, "command": Command.PARKED_RETRY.value}
        await note(self.mongo, session, query, OperationState.DONE, self.at, **result)


def _of(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"_id": row["operation"]}
