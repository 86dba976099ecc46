"""What citizens were told, and the working calendar, built anew from the journals of who told it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.events import Message
from contracts.events.calendar import CalendarPublished
from contracts.events.notify import NoticeDelivered, NoticeEnded, NoticeSent
from services.intake.domain.informed import Informed, learn
from services.intake.store import CALENDAR, INFORMED, THE_CALENDAR
from services.kit.commit import Committer
from services.kit.errors import Stale
from services.kit.ids import new_id
from services.kit.rebuilding import ROUNDS, Progress, Rebuilt
from services.kit.store import Ref, Store
from services.kit.work import Cause, Item, Work
from services.kit.worktime import CalendarEdition

TOLD = (NoticeSent, NoticeDelivered, NoticeEnded)
Journal = Callable[[Progress], AsyncIterator[Message]]
"""Reads the journal of the service that told, from its beginning."""
AT_ONCE = 50


@dataclass(frozen=True)
class Restore:
    """Put what the journal says, unless it was changed since it was seen."""

    store: Store[Any]
    id: str
    seen: Any
    said: Any

    def needs(self) -> Iterable[Ref]:
        yield Ref(self.store, self.id)

    def decide(self, work: Work, now: datetime) -> bool:
        """Returns: False when it was changed: then look again."""
        if work.get(self.store, self.id) != self.seen:
            return False
        work.put(self.store, self.id, self.said)
        return True


async def rebuild_told(committer: Committer, journal: Journal, progress: Progress) -> Rebuilt:
    """What is stored is read before the journal, so whatever was applied is in the journal too; what is applied in
    between is seen at the write, and looked at anew.

    Raises: Stale: never still for so long. Unavailable.
    """
    changed, codes = 0, 0
    for round in range(ROUNDS):
        stored = await _informed(committer)
        said = await _said(journal, progress if round == 0 else _quietly)
        codes = len(said)
        # Of whom the journal says nothing, nothing is touched: it may be that of another installation.
        wrong = [code for code in sorted(said) if stored.get(code) != said[code]]
        restored = await _restore(committer, stored, said, wrong)
        changed += sum(restored)
        if all(restored):
            return Rebuilt(codes, changed)
    raise Stale(INFORMED.collection)


async def rebuild_calendar(committer: Committer, journal: Journal, progress: Progress) -> Rebuilt:
    """The newest edition that routing published. Raises: Stale, Unavailable."""
    for round in range(ROUNDS):
        seen = await CALENDAR.read(committer.mongo, THE_CALENDAR)
        newest: CalendarPublished | None = None
        async for message in journal(progress if round == 0 else _quietly):
            if isinstance(message, CalendarPublished) and (newest is None or message.version >= newest.version):
                newest = message
        if newest is None:
            return Rebuilt(0, 0)
        said = CalendarEdition(newest.version, newest.published_at, newest.to_json().decode())
        if seen == said:
            return Rebuilt(1, 0)
        if await committer.run(Restore(CALENDAR, THE_CALENDAR, seen, said), cause=Cause(new_id())):
            return Rebuilt(1, 1)
    raise Stale(CALENDAR.collection)


async def _informed(committer: Committer) -> dict[str, Informed]:
    found = committer.mongo.collection(INFORMED.collection).find({})
    return {document["_id"]: INFORMED.to_state(document) async for document in found}


async def _said(journal: Journal, progress: Progress) -> dict[str, Informed]:
    said: dict[str, Informed] = {}
    async for message in journal(progress):
        if isinstance(message, NoticeSent | NoticeDelivered | NoticeEnded):
            said[message.code] = learn(said.get(message.code, Informed()), message)
    return said


async def _restore(
    committer: Committer, stored: Mapping[str, Informed], said: Mapping[str, Informed], wrong: list[str]
) -> list[bool]:
    done: list[bool] = []
    for start in range(0, len(wrong), AT_ONCE):
        items = [
            Item(Restore(INFORMED, code, stored.get(code), said[code]), Cause(new_id()))
            for code in wrong[start : start + AT_ONCE]
        ]
        done += await committer.run_all(items)
    return done


def _quietly(_: int) -> None:
    """The bar has been to its end once."""
