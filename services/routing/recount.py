"""The statistics counted anew over cases and journal, compared with the read model, and mended where they differ.

Everything is read in one snapshot, so a live system may go on. Events that are still on their way (written, and not
yet in the inbox) are left out of the recount: the read model cannot have them. Filings that a desk refused are told by
intake alone and have no case, so they are not recounted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from contracts.events.routing import DossierResolved, DossierStepCompleted
from contracts.types import Channel, Outcome, Timeliness
from services.kit.batch import INBOX
from services.kit.failures import PARKED
from services.kit.mongo import Mongo, Session, transact
from services.kit.outbox import OUTBOX
from services.kit.tally import Sums, id_of_part
from services.routing.commands.count_event import CountedEvent
from services.routing.domain import statistics
from services.routing.domain.statistics import Entry, Figure, Place, StopRequested
from services.routing.store import CASES
from services.routing.tallies import TALLIES, additions

SOURCE = "/routing"
LANE = "recount"
"""The part of each sum that corrections go to."""
UNDER_WAY = timedelta(days=1)
"""What was sent longer ago has been counted: a consumer that far behind is an alarm of its own."""
MOST_SECONDS = 600.0
MOST_IDS = 1000
_KEY = ("period", "unit", "procedure", "mechanism", "field")
_OF_A_CASE = ("channel", "counter", "received_at", "outcome", "timeliness", "first_timeliness", "resolved_at", "state",
              "withdrawn_at", *("unit", "field", "procedure_code", "mechanism"))  # fmt: skip
_JOURNAL = ("pending", "created_at", "events.id", "events.type", "events.subject", "events.body")
_RECOUNTED: Mapping[str, type[CountedEvent]] = {
    kind.TYPE: kind for kind in (DossierResolved, DossierStepCompleted, *StopRequested.__args__)
}

Cell = tuple[str, str]
"""A sum and the path of one figure in it."""


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


async def recount(mongo: Mongo, now: datetime, *, mend: bool = False, under_way: timedelta = UNDER_WAY) -> Recount:
    """Compare the read model with the cases; once more after mending finds nothing.

    Args:
        mend: add what is missing and take off what is too much.
        under_way: younger events that are not in the inbox are on their way; zero: only those that wait to be sent.
    """

    async def body(session: Session) -> Recount:
        reading = _Reading(mongo, session, now - under_way)
        await reading.cases()
        await reading.journal()
        stored = await reading.stored()
        cells = sorted(reading.expected.keys() | stored.keys())
        found = [Difference(*cell, stored[cell], reading.expected[cell]) for cell in cells]
        differences = tuple(one for one in found if one.counted != one.recounted)
        if mend:
            await reading.mend(differences)
        return Recount(len(reading.places), reading.on_the_way, differences)

    return await transact(mongo, body, seconds=MOST_SECONDS)


@dataclass
class _Reading:
    """One reading of everything, within one snapshot."""

    mongo: Mongo
    session: Session
    settled_before: datetime
    expected: Counter[Cell] = field(default_factory=Counter)
    keys: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Key fields by sum."""
    places: dict[str, Place] = field(default_factory=dict)
    """By dossier code."""
    on_the_way: int = 0

    async def cases(self) -> None:
        async for case in self._find(CASES.collection, _OF_A_CASE):
            place = Place(case["unit"], case["field"], case["procedure_code"], case["mechanism"])
            self.places[case["_id"]] = place
            self._expect(entries_of(place, case))

    async def journal(self) -> None:
        """Steps and stops are told by events only; a result whose event is on its way is not counted yet."""
        recent: list[tuple[str, str, CountedEvent]] = []
        async for document in self._find(OUTBOX, _JOURNAL):
            young = document.get("pending", False) or document["created_at"] >= self.settled_before
            for event in document["events"]:
                kind = _RECOUNTED.get(event["type"])
                if kind is None or event["subject"] not in self.places:
                    continue
                message = kind.parse(event["body"])
                assert isinstance(message, kind)
                if young:
                    recent.append((f"{SOURCE}|{event['id']}", event["subject"], message))
                else:
                    self._tell(event["subject"], message)
        counted = await self._counted({id for id, _, _ in recent})
        for id, code, message in recent:
            if id in counted:
                self._tell(code, message)
            else:
                self.on_the_way += 1
                self._miss(code, message)

    async def stored(self) -> Counter[Cell]:
        found: Counter[Cell] = Counter()
        async for document in self._find(TALLIES, (*_KEY, "total", "days")):
            id = id_of_part(document["_id"])
            self.keys.setdefault(id, {name: document[name] for name in _KEY})
            of_days = ((f"days.{day}", sums) for day, sums in document.get("days", {}).items())
            for path, sums in (("total", document.get("total", {})), *of_days):
                found.update({(id, f"{path}.{name}"): n for name, n in sums.items() if name != Figure.REFUSED})
        return found

    async def mend(self, differences: Iterable[Difference]) -> None:
        sums = Sums()
        for one in differences:
            sums.add(TALLIES, one.sum, self.keys[one.sum], {one.path: one.recounted - one.counted})
        for collection, additions_ in sums.writes(LANE).items():
            await self.mongo.collection(collection).bulk_write(additions_, ordered=False, session=self.session)

    def _tell(self, code: str, message: CountedEvent) -> None:
        if isinstance(message, DossierStepCompleted):
            self._expect([statistics.step(self.places[code], message)])
        elif isinstance(message, StopRequested):
            self._expect([statistics.stop(self.places[code], message)])

    def _miss(self, code: str, message: CountedEvent) -> None:
        if isinstance(message, DossierResolved):
            first = message.first_timeliness or message.timeliness
            entry = statistics.result(
                self.places[code], message.outcome, message.timeliness, first, message.occurred_at
            )
            self._expect([entry], -1)

    def _expect(self, entries: Iterable[Entry], times: int = 1) -> None:
        for entry in entries:
            for id, key, amounts in additions(entry):
                self.keys.setdefault(id, key)
                for path, amount in amounts.items():
                    self.expected[id, path] += times * amount

    async def _counted(self, ids: set[str]) -> set[str]:
        """Those in the inbox that do not wait with a parked key."""
        known: set[str] = set()
        waiting = sorted(ids)
        for start in range(0, len(waiting), MOST_IDS):
            query = {"_id": {"$in": waiting[start : start + MOST_IDS]}}
            cursor = self.mongo.collection(INBOX).find(query, {"_id": 1}, session=self.session)
            known |= {document["_id"] async for document in cursor}
        async for row in self._find(PARKED, ("headers",)):
            head = {name: (value or b"").decode("utf-8", "replace") for name, value in row["headers"]}
            known.discard(f"{head.get('ce_source')}|{head.get('ce_id')}")
        return known

    def _find(self, collection: str, fields: Iterable[str]) -> AsyncIterator[dict[str, Any]]:
        found: AsyncIterator[dict[str, Any]] = self.mongo.collection(collection).find(
            {}, dict.fromkeys(fields, 1), session=self.session
        )
        return found


def entries_of(place: Place, case: Mapping[str, Any]) -> Iterable[Entry]:
    """Everything that was counted of a case as it is now."""
    yield from statistics.receipt(place, Channel(case["channel"]), case["counter"], case["received_at"])
    if case["state"] == "resolved":
        timeliness = Timeliness(case["timeliness"])
        first = Timeliness(case.get("first_timeliness") or timeliness)
        yield statistics.result(place, Outcome(case["outcome"]), timeliness, first, case["resolved_at"])
    elif case["state"] == "withdrawn":
        yield statistics.withdrawal(place, case["withdrawn_at"])
