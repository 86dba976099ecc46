"""Notices that lie in the database as if they had been sent: for what reads and repeats them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contracts.types import NoticeKind
from services.kit.commit import Committer
from services.kit.store import Ref, Store
from services.kit.work import Cause, Item, Work
from services.notify.consumers import SOURCE
from services.notify.domain.notice import Notice
from services.notify.domain.transitions import State
from services.notify.store import NOTICES
from tests.component.notify_fixtures import COUNTER, Town, code, now


@dataclass(frozen=True)
class Change:
    """Change what is stored, whatever the rules say."""

    store: Store[Any]
    id: str
    change: Callable[[Any], Any]

    def needs(self) -> Iterable[Ref]:
        return (Ref(self.store, self.id),)

    def decide(self, work: Work, now: datetime) -> None:
        work.put(self.store, self.id, self.change(work.get(self.store, self.id)))


async def change(town: Town, store: Store[Any], id: str, how: Callable[[Any], Any]) -> None:
    await Committer(town.mongo, SOURCE, now).run_all([Item(Change(store, id, how), Cause("test"))])


async def ended(town: Town, number: int = 7, state: State = State.UNDELIVERABLE) -> Notice:
    """The notice of a dossier that was received, and how it ended."""
    await town.happens(town.submitted(code(number)))
    notice = await town.notice(code(number))
    await change(town, NOTICES, notice.id, lambda stored: replace(stored, state=state, next_at=None))
    return await town.notice(code(number))


def notice(number: int, at: datetime, **changes: Any) -> Notice:
    made = Notice(
        id=f"n-{number:05d}", code=code(number), kind=NoticeKind.RECEIVED, event_id=str(number), correlation_id="c",
        happened_at=at, created_at=at, expires_at=at, next_at=None, counter=COUNTER, state=State.DELIVERED,
    )  # fmt: skip
    return replace(made, **changes)


async def keep(town: Town, *notices: Notice) -> None:
    documents = [NOTICES.to_document(one) | {"_id": one.id, "_v": 1, "_n": 0, "_e": None} for one in notices]
    await town.mongo.collection(NOTICES.collection).insert_many(documents)
