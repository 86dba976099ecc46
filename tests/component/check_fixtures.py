"""An installation made of documents and records as the services write them, and damage done to it as time goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from pymongo import DeleteOne, ReplaceOne

from contracts.envelope import Envelope
from contracts.events import Message
from contracts.events.counter import CommandAccepted, FileDossier
from contracts.events.intake import DossierReturned, DossierSubmitted
from contracts.events.routing import DossierResolved, DossierTransferred
from contracts.topics import CONSUMERS, DOSSIER_EVENTS
from contracts.types import NoticeKind, Timeliness
from motcua.check import Sources
from motcua.check.reading import NAMES, NOTHING_READ
from services.kit.batch import fence_id
from services.kit.kafka import LogEnds, Partition, Record
from services.kit.mongo import Mongo
from services.notify.domain.notice import Notice
from services.notify.domain.transitions import State
from services.notify.store import NOTICES
from services.routing.domain.case import Case, CaseState
from services.routing.store import CASES
from tests.unit.routing.case_fixtures import planned

UNIT = "H12.970.00"
STEP = timedelta(minutes=30)
PARTITIONS = 3
OLD = timedelta(minutes=5)
"""Everything is older than this when it is checked: nothing is given time any more."""


@dataclass
class ListLog:
    """An event log of records at hand."""

    partitions: dict[Partition, list[Record]] = field(default_factory=dict)
    was_read: dict[Partition, int] = field(default_factory=dict)
    """How many: what somebody has read changes its place no more."""

    def add(self, record: Record) -> None:
        there = self.partitions.setdefault((record.topic, record.partition), [])
        there.append(replace(record, offset=len(there)))

    @asynccontextmanager
    async def read(self, start: Mapping[Partition, int]) -> AsyncIterator[AsyncIterator[Record]]:
        async def records() -> AsyncIterator[Record]:
            for place, there in self.partitions.items():
                self.was_read[place] = len(there)
                first = start.get(place, 0)
                for record in list(there[first if first < len(there) else 0 :]):
                    yield record

        yield records()

    async def ends(
        self, topics: Sequence[str] = NAMES, read_to: Mapping[Partition, int] = NOTHING_READ
    ) -> Mapping[Partition, LogEnds]:
        found = {}
        for place, there in self.partitions.items():
            if place[0] in topics:
                unread = there[read_to.get(place, 0) :]
                found[place] = LogEnds(0, len(there), unread[0].timestamp_ms if unread else None)
        return found


@dataclass
class Town:
    """The installation; `save` writes what changed."""

    databases: Mapping[str, Mongo]
    draw: Random
    now: datetime
    log: ListLog = field(default_factory=ListLog)
    damage: float = 0.15
    """How often something goes wrong."""
    done: list[str] = field(default_factory=list)
    """The damage, for whoever reads a failure."""
    stages: dict[str, int] = field(default_factory=dict)
    """By dossier code, how far it is."""
    sequences: dict[str, int] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    relay_ahead: timedelta = timedelta(0)
    """How wrong the clock of the host is that sends now."""
    standing: set[tuple[str, Partition]] = field(default_factory=set)
    """Consumers that go no further, by partition."""
    _fences: dict[tuple[str, Partition], int] = field(default_factory=dict)
    _held_back: list[dict[str, Any]] = field(default_factory=list)
    _documents: dict[tuple[str, str], dict[str, dict[str, Any]]] = field(default_factory=dict)
    _changed: set[tuple[str, str, str]] = field(default_factory=set)
    _ids: int = 0

    @classmethod
    def open(cls, databases: Mapping[str, Mongo], seed: int, **options: Any) -> Town:
        moment = datetime.now(UTC) - timedelta(hours=6)
        return cls(databases, Random(seed), moment.replace(microsecond=0), **options)

    @property
    def sources(self) -> Sources:
        return Sources(self.databases, other_log=self.log)

    def put(self, service: str, collection: str, id: str, document: Mapping[str, Any]) -> None:
        self._documents.setdefault((service, collection), {})[id] = {"_id": id, **document}
        self._changed.add((service, collection, id))

    def change(self, service: str, collection: str, id: str, **fields: Any) -> None:
        self.put(service, collection, id, self._documents[service, collection][id] | fields)

    def remove(self, service: str, collection: str, id: str) -> None:
        del self._documents[service, collection][id]
        self._changed.add((service, collection, id))

    def consume(self) -> None:
        """Consumers come to the end of the log, where they do not stand still."""
        for place, there in self.log.partitions.items():
            for group, topics in CONSUMERS.items():
                if place[0] in {topic.name for topic in topics} and (group, place) not in self.standing:
                    self._fences[group, place] = max(len(there), self._fences.get((group, place), 0))
        for (group, place), next_ in self._fences.items():
            self.put(group, "fences", fence_id(group, place, "0"), {"next": next_, "bad_run": 0, "at": self.now})

    async def save(self) -> None:
        self.consume()
        writes: dict[tuple[str, str], list[Any]] = {}
        for service, collection, id in sorted(self._changed):
            document = self._documents[service, collection].get(id)
            writes.setdefault((service, collection), []).append(
                DeleteOne({"_id": id}) if document is None else ReplaceOne({"_id": id}, document, upsert=True)
            )
        for (service, collection), operations in writes.items():
            await self.databases[service].collection(collection).bulk_write(operations, ordered=False)
        self._changed.clear()

    def notices_of(self, code: str) -> list[str]:
        listed: list[str] = self._documents["notify", "recipients"][code]["notices"]
        return listed

    def new_id(self) -> str:
        self._ids += 1
        return f"{self._ids:08d}"

    def goes_wrong(self, what: str) -> bool:
        wrong = self.draw.random() < self.damage
        if wrong:
            self.done.append(what)
        return wrong

    def tell(self, service: str, code: str, event: type[Message]) -> str:
        """An event of a dossier or case: in the journal, and on the log. Returns: its id."""
        aggregate = f"{'dossiers' if service == 'intake' else 'cases'}/{code}"
        sequence = self.sequences[aggregate] = self.sequences.get(aggregate, 0) + 1
        id, at = f"e{self.new_id()}", self.now - OLD - timedelta(seconds=self.draw.randint(0, 900))
        row = {
            "id": id, "topic": "dossier.events.v1", "key": code.encode(), "type": event.TYPE, "subject": code,
            "aggregate": aggregate, "sequence": sequence,
        }  # fmt: skip
        rows, records = [row], [self.record(id, f"/{service}", event, code, at, sequence)]
        document: dict[str, Any] = {"created_at": at, "sent_at": at + timedelta(seconds=1) + self.relay_ahead}
        if self.goes_wrong(f"{id}: never written"):
            rows = []
        elif self.goes_wrong(f"{id}: written twice"):
            rows.append(row | {"id": f"{id}-again"})
            records.append(
                replace(records[0], headers=self.record(f"{id}-again", f"/{service}", event, code, at).headers)
            )
        if self.goes_wrong(f"{id}: not on the log"):
            records = []
        elif self.goes_wrong(f"{id}: on the log twice"):
            records *= 2
        elif self.goes_wrong(f"{id}: a stranger on the log before it"):
            records.insert(0, self.record(f"{id}-ghost", f"/{service}", event, code, at))
        if rows and self.goes_wrong(f"{id}: waits"):
            document = {"created_at": at, "pending": True}
            self._held_back.append({"service": service, "id": self._ids, "records": records})
            records = []
        if rows:
            self.put(service, "outbox", f"{self._ids:08d}", document | {"events": rows})
            if self.goes_wrong(f"{id}: its outbox document is broken"):
                self.change(service, "outbox", f"{self._ids:08d}", events=[{"id": id}])
        for record in records:
            self.log.add(record)
        there = self.log.partitions.get(partition_of(code), [])
        if len(there) - self.log.was_read.get(partition_of(code), 0) > 1 and self.goes_wrong(f"{id}: overtakes"):
            there[-2], there[-1] = replace(there[-1], offset=len(there) - 2), replace(there[-2], offset=len(there) - 1)
        return id

    def record(
        self, id: str, source: str, event: type[Message], subject: str, at: datetime, sequence: int | None = None,
        topic: str = "dossier.events.v1", cause: str | None = None,
    ) -> Record:  # fmt: skip
        envelope = Envelope(id, source, event.TYPE, at, subject, sequence, causation_id=cause)
        headers = tuple((name, value.encode()) for name, value in envelope.headers().items())
        partition = partition_of(subject)[1] if topic == DOSSIER_EVENTS.name else 0
        return Record(topic, partition, 0, subject.encode(), b"{}", headers, int(at.timestamp() * 1000))


def partition_of(code: str) -> Partition:
    return DOSSIER_EVENTS.name, sum(code.encode()) % PARTITIONS


class Days:
    """What happens in a step of time, and how it is damaged."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def go_on(self) -> None:
        town = self.town
        town.now += STEP
        self._stand_still()
        self._cure()
        for _ in range(town.draw.randint(2, 5)):
            self.register()
        for code in sorted(town.stages):
            if town.stages[code] < 3 and town.draw.random() < 0.5:
                self._advance(code)
        self._command()
        if town.goes_wrong("a key is parked"):
            code = town.draw.choice(sorted(town.stages))
            town.put("routing", "parked_keys", f"routing|{code}", {"slug": "bug", "parked_at": town.now - OLD})

    def _stand_still(self) -> None:
        """A consumer may stop, for some of these steps, at some of the partitions."""
        town = self.town
        town.standing = {one for one in town.standing if town.draw.random() < 0.5}
        for group in CONSUMERS:
            for place in list(town.log.partitions):
                if town.goes_wrong(f"{group} stands still at {place}"):
                    town.standing.add((group, place))

    def _cure(self) -> None:
        """What waited is sent after all; what was missing comes."""
        town = self.town
        held, town._held_back = town._held_back, []
        for one in held:
            document = dict(town._documents[one["service"], "outbox"][f"{one['id']:08d}"])
            if town.draw.random() < 0.5 and document.pop("pending", False):
                at = town.now - OLD
                town.put(one["service"], "outbox", document["_id"], document | {"sent_at": at})
                for record in one["records"]:
                    town.log.add(replace(record, timestamp_ms=int(at.timestamp() * 1000)))
            else:
                town._held_back.append(one)
        for key in list(town._documents.get(("routing", "parked_keys"), {})):
            if town.draw.random() < 0.5:
                town.remove("routing", "parked_keys", key)
        for code, case in town.cases.items():
            stored = town._documents.get(("routing", "cases"), {}).get(code)
            if (stored is None or "mechanism" not in stored) and town.draw.random() < 0.3:
                self._store_case(code, case)

    def register(self, *, opened: bool = True) -> str:
        """
        Args:
            opened: routing has heard of it.

        Returns: the dossier's code.
        """
        town = self.town
        series = f"{UNIT}-{town.now:%y%m%d}"
        noted = dict(town._documents.get(("intake", "numbers"), {}).get(series, {"last": 0, "taken": []}))
        number = noted["last"] + 1
        if town.goes_wrong(f"number {number} is lost"):
            number += 1
        if town.goes_wrong(f"number {number} is not noted"):
            code = f"{series}-{number + 500 + town._ids:04d}"
        else:
            town.put("intake", "numbers", series, noted | {"last": number})
            code = f"{series}-{number:04d}"
        town.stages[code] = 1
        self._store_dossier(code, "in_process", None)
        town.put("notify", "recipients", code, {"contact": "box", "notices": []})
        self._notice(code, town.tell("intake", code, DossierSubmitted), NoticeKind.RECEIVED)
        town.cases[code] = replace(planned(), code=code, received_at=town.now - OLD)
        if opened:
            if not town.goes_wrong(f"{code} has no case"):
                self._store_case(code, town.cases[code])
            town.tell("routing", code, DossierTransferred)
        return code

    def _advance(self, code: str) -> None:
        town = self.town
        stage = town.stages[code] = town.stages[code] + 1
        if stage == 2:
            town.cases[code] = replace(town.cases[code], state=CaseState.RESOLVED, timeliness=Timeliness.EARLY)
            if not town.goes_wrong(f"{code} is not stored as resolved"):
                self._store_case(code, town.cases[code])
            self._store_dossier(code, "resolved", "early")
            self._notice(code, town.tell("routing", code, DossierResolved), NoticeKind.RESOLVED)
        else:
            if not town.goes_wrong(f"{code} is not stored as returned"):
                self._store_dossier(code, "returned", "late" if town.goes_wrong(f"{code} looks late") else "early")
            self._notice(code, town.tell("intake", code, DossierReturned), NoticeKind.RETURNED)

    def _store_dossier(self, code: str, status: str, timeliness: str | None) -> None:
        made = {
            "status": status, "mechanism": "interlinked", "due_at": self.town.now, "backfill": False,
            "on_the_spot": False, "timeliness": timeliness, "answer_due_at": None, "overdue_told": False,
        }  # fmt: skip
        if self.town.goes_wrong(f"{code} is unreadable"):
            made["status"] = None
        self.town.put("intake", "dossiers", code, made)

    def _store_case(self, code: str, case: Case) -> None:
        document = CASES.to_document(case)
        if self.town.goes_wrong(f"the case of {code} is unreadable"):
            del document["mechanism"]
        self.town.put("routing", "cases", code, document)

    def _notice(self, code: str, event_id: str, kind: NoticeKind) -> None:
        town = self.town
        if town.goes_wrong(f"{code}: nobody is told of {event_id}"):
            return
        if town.goes_wrong(f"{code}: told of something that never was"):
            event_id = f"{event_id}-not"
        state = State.DELIVERED
        if town.goes_wrong(f"{code}: the notice of {event_id} does not end"):
            state = State.SENT
        made_at = town.now - OLD
        notice = Notice(
            id=f"n-{event_id}", code=code, kind=kind, event_id=event_id, correlation_id="", happened_at=made_at,
            created_at=made_at, expires_at=made_at + 3 * STEP, next_at=None, counter=UNIT, state=state,
        )  # fmt: skip
        document = NOTICES.to_document(notice)
        if town.goes_wrong(f"{code}: the notice of {event_id} is unreadable"):
            document["attempts"] = "none"
        town.put("notify", "notices", notice.id, document)
        town.change("notify", "recipients", code, notices=[*town.notices_of(code), notice.id])

    def _command(self) -> None:
        """A counter's software asks, and is answered."""
        town, at = self.town, self.town.now - OLD
        id = f"c{town.new_id()}"
        town.log.add(town.record(id, "/desk", FileDossier, UNIT, at, topic="counter.intake.v1"))
        answers = 0 if town.goes_wrong(f"{id} is not answered") else 2 if town.goes_wrong(f"{id}: two answers") else 1
        for _ in range(answers):
            answer = f"a{town.new_id()}"
            row = {
                "id": answer, "topic": "counter.replies.v1", "key": UNIT.encode(), "type": CommandAccepted.TYPE,
                "subject": UNIT, "aggregate": "", "sequence": None,
            }  # fmt: skip
            town.put("intake", "outbox", f"{town._ids:08d}", {"created_at": at, "sent_at": at, "events": [row]})
            if not town.goes_wrong(f"{answer} is not on the log"):
                made = town.record(answer, "/intake", CommandAccepted, UNIT, at, topic=row["topic"], cause=id)
                town.log.add(made)
