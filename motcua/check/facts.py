"""What the checker reads: journals, states, the event log, the phone networks. Codes and ids only, nothing personal."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from contracts.envelope import EnvelopeError, from_headers
from contracts.topics import TOPICS
from services.kit.failures import DEAD_LETTERS, PARKED_KEYS
from services.kit.kafka import read_log
from services.kit.mongo import Mongo
from services.kit.outbox import OUTBOX


def _only(*names: str) -> dict[str, int]:
    return dict.fromkeys(names, 1)


_OF_AN_EVENT = ("id", "topic", "type", "subject", "aggregate", "sequence")
JOURNAL_FIELDS = _only("pending", "created_at", "sent_at", *(f"events.{name}" for name in _OF_AN_EVENT))
DOSSIER_FIELDS = _only(
    "status", "mechanism", "due_at", "backfill", "on_the_spot", "timeliness", "answer_due_at", "overdue_told"
)
CASE_FIELDS = _only("state", "timeliness", "mechanism", "outcome", "steps.state")
NUMBER_FIELDS = _only("last", "taken")
_BUSINESS = frozenset(topic.name for topic in TOPICS)
NOTICE_FIELDS = _only("code", "kind", "state", "event_id", "attempts", "created_at", "expires_at")


@dataclass(frozen=True)
class Row:
    """A journal row."""

    service: str
    id: str
    topic: str
    type: str
    subject: str
    aggregate: str
    sequence: int | None
    """None: it belongs to no aggregate (answers to commands)."""
    pending: bool
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True)
class Logged:
    """A record of the event log."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    id: str
    source: str
    type: str
    causation: str | None = None
    written_ms: int = 0
    """When it was handed to the broker, wall clock."""


@dataclass
class Facts:
    """Everything read, before anything is judged."""

    began_ms: float = field(default_factory=lambda: time.time() * 1000)
    """When reading began: what is written later may be in one place read and not yet in another."""
    journal: list[Row] = field(default_factory=list)
    numbers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By series: the last number given out, and those beyond it that came with a code of their own."""
    dossiers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    cases: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    notices: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    recipients: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By dossier code, only those who want notices."""
    parked: list[tuple[str, str, str]] = field(default_factory=list)
    """Service, key, slug."""
    dead_letters: dict[str, int] = field(default_factory=dict)
    log: list[Logged] | None = None
    """None: the log was not read."""
    messages: list[Mapping[str, Any]] | None = None
    """None: no phone networks of ours."""


async def read_service(facts: Facts, service: str, mongo: Mongo) -> None:
    """Read one service's journal and what went wrong there."""
    async for document in mongo.collection(OUTBOX).find({}, JOURNAL_FIELDS):
        for event in document["events"]:
            if event["topic"] in _BUSINESS:  # copies of dead letters tell of nothing that happened to a dossier
                facts.journal.append(_row(service, document, event))
    async for key in mongo.collection(PARKED_KEYS).find({}, {"slug": 1}):
        facts.parked.append((service, key["_id"], key["slug"]))
    letters = [letter async for letter in mongo.collection(DEAD_LETTERS).find({"state": "open"}, {"_id": 1})]
    facts.dead_letters[service] = len(letters)


def _row(service: str, document: Mapping[str, Any], event: Mapping[str, Any]) -> Row:
    return Row(
        service=service,
        id=event["id"],
        topic=event["topic"],
        type=event["type"],
        subject=event["subject"],
        aggregate=event["aggregate"],
        sequence=event["sequence"],
        pending=document.get("pending", False),
        created_at=document["created_at"],
        sent_at=document.get("sent_at"),
    )


async def read_states(facts: Facts, databases: Mapping[str, Mongo]) -> None:
    """Read numbers, dossiers, cases and notices, without the personal fields."""
    for name, service, collection, query, fields in (
        # Before the dossiers: a number is given out together with its dossier.
        ("numbers", "intake", "numbers", {}, NUMBER_FIELDS),
        ("dossiers", "intake", "dossiers", {}, DOSSIER_FIELDS),
        ("cases", "routing", "cases", {}, CASE_FIELDS),
        ("notices", "notify", "notices", {}, NOTICE_FIELDS),
        ("recipients", "notify", "recipients", {"contact": {"$ne": None}}, {"_id": 1}),
    ):
        cursor = databases[service].collection(collection).find(query, fields)
        setattr(facts, name, {document["_id"]: document async for document in cursor})


async def read_event_log(facts: Facts, bootstrap: str) -> None:
    """Read all business topics from their beginning."""
    log: list[Logged] = []
    async with read_log(bootstrap, [topic.name for topic in TOPICS]) as records:
        async for record in records:
            try:
                envelope = from_headers(record.headers)
            except EnvelopeError:
                continue  # a partner's bad record: the consumers' dead letters tell of it
            log.append(
                Logged(
                    record.topic,
                    record.partition,
                    record.offset,
                    record.key,
                    envelope.id,
                    envelope.source,
                    envelope.type,
                    envelope.causation_id,
                    record.timestamp_ms,
                )
            )
    facts.log = log


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
