"""Reads journals, states, the event log and the phones: the fields that the rules need, document by document."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from sys import intern
from typing import Any, Protocol

import httpx

from contracts.topics import TOPICS
from motcua.check.facts import Facts, Parked, Row
from motcua.check.fences import Fences, read_fences
from motcua.check.log import LogReading, logged
from motcua.check.readable import fault, is_read_whole
from services.intake.domain.numbering import parts
from services.kit.failures import DEAD_LETTERS, PARKED_KEYS
from services.kit.kafka import LogEnds, Partition, Record, log_ends, read_log
from services.kit.mongo import Mongo
from services.kit.outbox import OUTBOX


def _only(*names: str) -> dict[str, int]:
    return dict.fromkeys(names, 1)


_OF_AN_EVENT = ("id", "topic", "key", "type", "subject", "aggregate", "sequence")
_BUSINESS = frozenset(topic.name for topic in TOPICS)
NAMES = tuple(topic.name for topic in TOPICS)
NOTHING_READ: Mapping[Partition, int] = {}
FIELDS: Mapping[str, Mapping[str, int]] = {
    OUTBOX: _only("pending", "created_at", "sent_at", *(f"events.{name}" for name in _OF_AN_EVENT)),
    "dossiers": _only(
        "status", "mechanism", "due_at", "backfill", "on_the_spot", "timeliness", "answer_due_at", "overdue_told"
    ),
    "cases": _only("state", "timeliness", "mechanism", "outcome", "steps.state"),
    "numbers": _only("last", "taken"),
    "notices": _only("code", "kind", "state", "event_id", "attempts", "created_at", "expires_at"),
    "recipients": _only("_id"),
}
STATES: Sequence[tuple[str, str, Mapping[str, Any]]] = (
    # Before the dossiers: a number is given out together with its dossier.
    ("intake", "numbers", {}),
    ("intake", "dossiers", {}),
    ("routing", "cases", {}),
    ("notify", "notices", {}),
    ("notify", "recipients", {"contact": {"$ne": None}}),
)
AT_ONCE = 1000
"""Documents between two pauses."""
MOST_IDS = 300
"""Of a query."""


class Log(Protocol):
    """The event log."""

    def read(
        self, start: Mapping[Partition, int]
    ) -> AbstractAsyncContextManager[AsyncIterator[Record]]: ...  # pragma: no cover

    async def ends(
        self, topics: Sequence[str] = ..., read_to: Mapping[Partition, int] = ...
    ) -> Mapping[Partition, LogEnds]: ...  # pragma: no cover


@dataclass(frozen=True)
class KafkaLog:
    """All business topics of a broker. Raises: KafkaUnreachable."""

    bootstrap: str

    def read(self, start: Mapping[Partition, int]) -> AbstractAsyncContextManager[AsyncIterator[Record]]:
        return read_log(self.bootstrap, NAMES, start)

    async def ends(
        self, topics: Sequence[str] = NAMES, read_to: Mapping[Partition, int] = NOTHING_READ
    ) -> Mapping[Partition, LogEnds]:
        return await log_ends(self.bootstrap, topics, read_to)


@dataclass(frozen=True)
class Reader:
    """Reads the databases, with a pause now and then where they have other work."""

    databases: Mapping[str, Mongo]
    """By service: intake, routing, notify."""
    pause_s: float = 0.0
    epoch: str | None = None
    """The life of the log, as settings name it; None: not known."""

    async def fences(self) -> Fences:
        return await read_fences(self.databases, self.epoch)

    async def documents(self, service: str, collection: str, query: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        fields = None if is_read_whole(collection) else FIELDS[collection]
        cursor = self.databases[service].collection(collection).find(query, fields, batch_size=AT_ONCE)
        number = 0
        async for document in cursor:
            yield document
            number += 1
            if self.pause_s and number % AT_ONCE == 0:
                await asyncio.sleep(self.pause_s)

    async def states(
        self, facts: Facts, service: str, collection: str, query: Mapping[str, Any], ids: Iterable[str] | None = None
    ) -> None:
        """Read all of a collection that match, or those of some ids."""
        found: dict[str, Mapping[str, Any]] = getattr(facts, collection)
        for chunk in (None,) if ids is None else _chunks(ids):
            wanted = query if chunk is None else {**query, "_id": {"$in": chunk}}
            async for document in self.documents(service, collection, wanted):
                if _can_be_read(facts, collection, document):
                    found[document["_id"]] = _kept(collection, document)

    async def notices_of(self, codes: Iterable[str]) -> set[str]:
        """Ids of all notices of some dossiers."""
        recipients, found = self.databases["notify"].collection("recipients"), set[str]()
        for chunk in _chunks(codes):
            async for recipient in recipients.find({"_id": {"$in": chunk}}, {"notices": 1}):
                found.update(recipient.get("notices") or ())
        return found

    async def journal(self, facts: Facts, service: str, query: Mapping[str, Any]) -> AsyncIterator[Row]:
        """The rows of the outbox documents that match."""
        async for document in self.documents(service, OUTBOX, query):
            what = fault(OUTBOX, document)
            if what is not None:
                facts.unreadable[f"{service}/{OUTBOX}/{document['_id']}"] = (str(document["_id"]), what)
                continue
            for event in document["events"]:
                if event["topic"] in _BUSINESS:  # copies of dead letters tell of nothing that happened to a dossier
                    yield _row(service, document, event)

    async def waiting(self, facts: Facts) -> None:
        """What every state that is read from now on need not have."""
        facts.fences = await self.fences()
        for service in self.databases:
            await self.troubles(facts, service)
        facts.parked_before, facts.parked = facts.parked, []

    async def troubles(self, facts: Facts, service: str) -> None:
        """What waits with its key, and what waits for an operator: few documents, most of the time none."""
        mongo = self.databases[service]
        async for key in mongo.collection(PARKED_KEYS).find({}, {"slug": 1, "parked_at": 1}):
            facts.parked.append(Parked(service, key["_id"], key.get("slug", ""), key.get("parked_at")))
        letters = [letter async for letter in mongo.collection(DEAD_LETTERS).find({"state": "open"}, {"_id": 1})]
        facts.dead_letters[service] = len(letters)


async def read_everything(facts: Facts, reader: Reader, on_phase: Callable[[str], None]) -> None:
    """Fences and parked keys before states, states before journals: what is seen in a later one may be newer, and newer
    things are never missed there."""
    on_phase("Đọc cơ sở dữ liệu")
    await reader.waiting(facts)
    for service, collection, query in STATES:
        if service in reader.databases:
            await reader.states(facts, service, collection, query)
    for service in reader.databases:
        on_phase(f"Đọc nhật ký sự kiện của {service}")
        facts.journal += [row async for row in reader.journal(facts, service, {})]
        await reader.troubles(facts, service)


async def read_event_log(reading: LogReading, log: Log) -> None:
    """Read all business topics from their beginning, after the journals."""
    async with log.read({}) as records:
        async for record in records:
            found = logged(record)
            if found is not None and not reading.take(found):
                reading.stray(found)


async def read_phones(facts: Facts, simulators: str) -> None:
    """Read every message that the simulated networks took."""
    messages: list[Mapping[str, Any]] = []
    after = 0
    async with httpx.AsyncClient(base_url=simulators, timeout=10.0) as http:
        while True:
            page = (await http.get("/control/messages", params={"after": after, "limit": 5000})).json()
            messages += page["messages"]
            after = page["next"]
            if not page["more"]:
                break
    facts.messages = messages


def _chunks(ids: Iterable[str]) -> list[list[str]]:
    ordered = sorted(ids)
    return [ordered[start : start + MOST_IDS] for start in range(0, len(ordered), MOST_IDS)]


def _can_be_read(facts: Facts, collection: str, document: Mapping[str, Any]) -> bool:
    id = document["_id"]
    what = fault(collection, document)
    if collection == "dossiers":
        try:
            series, number = parts(id)
        except (ValueError, AttributeError):
            what = "no dossier code"
        else:
            if what is not None:  # its number has its dossier all the same
                facts.numbered.setdefault(series, set()).add(number)
    if what is None:
        return True
    about = document.get("code") if collection == "notices" else id
    facts.unreadable[f"{collection}/{id}"] = (str(about or id), what)
    return False


def _kept(collection: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a document that was read whole what the rules look at."""
    if collection == "cases":
        kept = {name: document.get(name) for name in ("state", "timeliness", "mechanism", "outcome")}
        return kept | {"steps": [{"state": step["state"]} for step in document.get("steps", ())]}
    if collection == "notices":
        kept = {name: document[name] for name in FIELDS["notices"] if name != "attempts"}
        fields = ("id", "provider", "provider_id", "result", "delivered_at")
        return kept | {
            "attempts": [{name: one[name] for name in fields if name in one} for one in document["attempts"]]
        }
    return document


def _row(service: str, document: Mapping[str, Any], event: Mapping[str, Any]) -> Row:
    return Row(
        service=service,
        id=event["id"],
        topic=intern(event["topic"]),
        type=intern(event["type"]),
        subject=intern(event["subject"]),
        aggregate=intern(event["aggregate"]),
        sequence=event["sequence"],
        pending=document.get("pending", False),
        created_at=document["created_at"],
        sent_at=document.get("sent_at"),
        key=event.get("key"),
    )
