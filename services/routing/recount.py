"""The statistics counted anew over cases and journal, compared with the read model, and mended where they differ.

A live system may go on. What can change no more is read first, without a transaction: cases that have ended, and events
that were sent long ago. What still moves (open cases, the last day's events, the sums themselves) is read in one
snapshot: its size is that of a day's work, whatever the past has come to, for a server ends a transaction after a
minute. Events that are still on their way (written, and not yet in the inbox) are left out of the recount: the read
model cannot have them. Filings that a desk refused are told by intake alone and have no case: they are not recounted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.kit.batch import INBOX, INBOX_DAYS
from services.kit.failures import PARKED, PARKED_KEYS
from services.kit.mongo import Mongo, Session, transact
from services.kit.outbox import OUTBOX
from services.kit.pauses import pause_of
from services.kit.rebuilding import Progress
from services.kit.tally import Sums, id_of_part
from services.routing.domain.case import ENDED
from services.routing.domain.statistics import Figure
from services.routing.expected import Cell, Expected, message_of
from services.routing.store import CASES
from services.routing.tallies import TALLIES

GROUP, SOURCE = "routing", "/routing"
LANE = "recount"
"""The part of each sum that corrections go to."""
UNDER_WAY = timedelta(days=1)
"""What was sent longer ago has been counted: a consumer that far behind is an alarm of its own. Not so what waits with
a parked key, or while the consumer is held by hand."""
LOOKED_UP = timedelta(days=INBOX_DAYS - 5)
"""The inbox tells of nothing older whether it was counted."""
CLOCKS_APART = timedelta(hours=1)
"""A relay may believe that it sent an event so long before another worker wrote it."""
MOST_SECONDS = 120.0
ATTEMPTS = 2
"""What a server ended after a minute once, it ends again."""
MOST_IDS = 1000
_KEY = ("period", "unit", "procedure", "mechanism", "field")
_OF_A_CASE = ("channel", "counter", "received_at", "outcome", "timeliness", "first_timeliness", "resolved_at", "state",
              "withdrawn_at", *("unit", "field", "procedure_code", "mechanism"))  # fmt: skip
_JOURNAL = ("pending", "created_at", "events.id", "events.type", "events.subject", "events.body")


@dataclass(frozen=True)
class Difference:
    """One figure that is not what the cases say."""

    sum: str
    """`period|unit|procedure|mechanism|field`."""
    path: str
    counted: int
    recounted: int


@dataclass(frozen=True)
class Recount:
    """What a recount found."""

    cases: int
    on_the_way: int
    """Events that were written and not counted yet."""
    differences: tuple[Difference, ...]


async def recount(
    mongo: Mongo,
    now: datetime,
    *,
    mend: bool = False,
    under_way: timedelta = UNDER_WAY,
    progress: Progress = lambda read: None,
) -> Recount:
    """Compare the read model with the cases; once more after mending finds nothing.

    Args:
        mend: add what is missing and take off what is too much.
        under_way: younger events that are not in the inbox are on their way; zero: only those that wait to be sent.
        progress: told of each case and each document of the journal, as the past is read.
    """

    past = _Past(mongo, await _settled_before(mongo, now, under_way), progress)
    await past.cases()
    await past.journal()

    async def body(session: Session) -> Recount:
        reading = _Reading(mongo, session, past, past.sums.copy())
        await reading.read()
        stored = await reading.stored()
        expected = reading.sums.expected
        cells = sorted(expected.keys() | stored.keys())
        found = [Difference(*cell, stored[cell], expected[cell]) for cell in cells]
        differences = tuple(one for one in found if one.counted != one.recounted)
        if mend:
            await reading.mend(differences)
        return Recount(len(reading.sums.places), reading.on_the_way, differences)

    return await transact(mongo, body, attempts=ATTEMPTS, seconds=MOST_SECONDS)


async def _settled_before(mongo: Mongo, now: datetime, under_way: timedelta) -> datetime:
    """What was sent before is in the read model; a key is parked no later than the oldest record behind it."""
    parked = await mongo.collection(PARKED_KEYS).find_one({}, {"parked_at": 1}, sort=[("parked_at", 1)])
    held = await pause_of(mongo, GROUP)
    since = (parked and parked["parked_at"], held and held["since"])
    waits: list[datetime] = [found - UNDER_WAY for found in since if found]
    return max(min([now - under_way, *waits]), now - LOOKED_UP)


@dataclass
class _Past:
    """What changes no more, read while everything goes on."""

    mongo: Mongo
    settled_before: datetime
    progress: Progress
    sums: Expected = field(default_factory=Expected)
    open: list[str] = field(default_factory=list)
    """Codes of cases that had not ended."""
    passed_over: set[str] = field(default_factory=set)
    """Old documents of the journal that were not sent yet."""

    async def cases(self) -> None:
        async for case in self._find(CASES.collection, _OF_A_CASE):
            self.sums.place(case)
            if case["state"] in ENDED:
                self.sums.count(case)
            else:
                self.open.append(case["_id"])
            self.progress(1)

    async def journal(self) -> None:
        async for document in self._find(OUTBOX, _JOURNAL):
            self.progress(1)
            if document["created_at"] >= self.settled_before:
                continue
            if document.get("pending", False):
                self.passed_over.add(document["_id"])
                continue
            for event in document["events"]:
                if event["subject"] in self.sums.places and (message := message_of(event)) is not None:
                    self.sums.tell(event["subject"], message)

    def has(self, document: Mapping[str, Any]) -> bool:
        """Whether a document of the journal was counted (one that is sent anew since then, too)."""
        return document["created_at"] < self.settled_before and document["_id"] not in self.passed_over

    def _find(self, collection: str, fields: Iterable[str]) -> AsyncIterator[dict[str, Any]]:
        found: AsyncIterator[dict[str, Any]] = self.mongo.collection(collection).find({}, dict.fromkeys(fields, 1))
        return found


@dataclass
class _Reading:
    """What still moves, within one snapshot."""

    mongo: Mongo
    session: Session
    past: _Past
    sums: Expected
    on_the_way: int = 0

    async def read(self) -> None:
        """A case that was opened since the past was read is known by the event that opened it, which is young."""
        documents = [document async for document in self._young()]
        events = [event for document in documents for event in document["events"]]
        await self._cases({*self.past.open, *(event["subject"] for event in events)} - self._ended())
        messages = [(event, message) for event in events if (message := message_of(event)) is not None]
        messages = [(event, message) for event, message in messages if event["subject"] in self.sums.places]
        counted = await self._counted({f"{SOURCE}|{event['id']}" for event, _ in messages})
        for event, message in messages:
            if f"{SOURCE}|{event['id']}" in counted:
                self.sums.tell(event["subject"], message)
            else:
                self.on_the_way += 1
                self.sums.miss(event["subject"], message)

    async def stored(self) -> Counter[Cell]:
        found: Counter[Cell] = Counter()
        async for document in self._find(TALLIES, {}, (*_KEY, "total", "days")):
            id = id_of_part(document["_id"])
            self.sums.keys.setdefault(id, {name: document[name] for name in _KEY})
            of_days = ((f"days.{day}", sums) for day, sums in document.get("days", {}).items())
            for path, sums in (("total", document.get("total", {})), *of_days):
                found.update({(id, f"{path}.{name}"): n for name, n in sums.items() if name != Figure.REFUSED})
        return found

    async def mend(self, differences: Iterable[Difference]) -> None:
        sums = Sums()
        for one in differences:
            sums.add(TALLIES, one.sum, self.sums.keys[one.sum], {one.path: one.recounted - one.counted})
        for collection, additions_ in sums.writes(LANE).items():
            await self.mongo.collection(collection).bulk_write(additions_, ordered=False, session=self.session)

    async def _young(self) -> AsyncIterator[dict[str, Any]]:
        """By what the journal has indexes for: what waits, and what was sent lately."""
        sent = {"sent_at": {"$gte": self.past.settled_before - CLOCKS_APART}}
        for query in ({"pending": True}, sent):
            async for document in self._find(OUTBOX, query, _JOURNAL):
                if not self.past.has(document):
                    yield document

    def _ended(self) -> set[str]:
        return self.past.sums.places.keys() - set(self.past.open)

    async def _cases(self, codes: Iterable[str]) -> None:
        for chunk in _chunks(codes):
            async for case in self._find(CASES.collection, {"_id": {"$in": chunk}}, _OF_A_CASE):
                self.sums.place(case)
                self.sums.count(case)

    async def _counted(self, ids: Iterable[str]) -> set[str]:
        """Those in the inbox that do not wait with a parked key."""
        known: set[str] = set()
        for chunk in _chunks(ids):
            known |= {document["_id"] async for document in self._find(INBOX, {"_id": {"$in": chunk}}, ("_id",))}
        async for row in self._find(PARKED, {}, ("headers",)):
            head = {name: (value or b"").decode("utf-8", "replace") for name, value in row["headers"]}
            known.discard(f"{head.get('ce_source')}|{head.get('ce_id')}")
        return known

    def _find(self, collection: str, query: Mapping[str, Any], fields: Iterable[str]) -> AsyncIterator[dict[str, Any]]:
        found: AsyncIterator[dict[str, Any]] = self.mongo.collection(collection).find(
            query, dict.fromkeys(fields, 1), session=self.session
        )
        return found


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    ordered = sorted(ids)
    return (ordered[start : start + MOST_IDS] for start in range(0, len(ordered), MOST_IDS))
