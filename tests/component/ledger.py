"""A tiny service to test the kit with: it keeps, per dossier, which steps were applied, in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from contracts.envelope import Envelope
from contracts.events.routing import DossierTransferred
from contracts.problems import Invalid, NotYet
from contracts.topics import DOSSIER_EVENTS
from services.kit import schema
from services.kit.consumer import Consumer
from services.kit.kafka import Record
from services.kit.mongo import Mongo
from services.kit.store import Ref, Store
from services.kit.work import Work


@dataclass(frozen=True)
class Ledger:
    """Steps applied to one dossier."""

    steps: tuple[int, ...] = ()


LEDGERS: Store[Ledger] = Store("ledgers", Ledger)


@dataclass
class Rules:
    """What the test wants to go wrong."""

    not_yet: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    bugs: set[str] = field(default_factory=set)
    first_step_first: bool = False
    """Later steps are not yet possible before the first."""
    refused_while_empty: set[int] = field(default_factory=set)
    """Steps that are refused as long as none was applied."""


@dataclass(frozen=True)
class Append:
    """Append the event's step; tell it on."""

    event: DossierTransferred
    rules: Rules

    def needs(self) -> Iterable[Ref]:
        yield Ref(LEDGERS, self.event.code)

    def decide(self, work: Work, now: datetime) -> None:
        code = self.event.code
        if code in self.rules.not_yet:
            raise NotYet("fact-missing", "Chưa có.")
        if code in self.rules.refused:
            raise Invalid("rule-says-no", "Không được.")
        if code in self.rules.bugs:
            raise ZeroDivisionError
        ledger = work.get(LEDGERS, code) or Ledger()
        if self.event.step in self.rules.refused_while_empty and not ledger.steps:
            raise Invalid("rule-says-no", "Không được.")
        if self.rules.first_step_first and self.event.step > 1 and not ledger.steps:
            raise NotYet("fact-missing", "Chưa có.")
        work.put(
            LEDGERS, code, replace(ledger, steps=(*ledger.steps, self.event.step)), (DOSSIER_EVENTS, code, self.event)
        )


def now() -> datetime:
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


async def consumer(mongo: Mongo, rules: Rules | None = None, **options: Any) -> Consumer:
    """A consumer that appends steps."""
    await schema.ensure(mongo, [LEDGERS])
    rules = rules or Rules()
    handlers = {DossierTransferred: lambda message, _: Append(message, rules)}
    return Consumer("test", mongo, "/test", now, handlers, **options)


def transferred(code: str, step: int) -> DossierTransferred:
    moment = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    return DossierTransferred(
        code=code, occurred_at=moment, step=step, steps=9, agency="H12.970.02", step_due_at=moment, due_at=moment
    )


def record(
    code: str, step: int, *, offset: int, partition: int = 0, id: str | None = None, topic: str = DOSSIER_EVENTS.name
) -> Record:
    """A record as a well-behaved producer writes it."""
    event = transferred(code, step)
    envelope = Envelope(
        id=id or f"{code}/{step}",
        source="/routing",
        type=event.TYPE,
        time=event.occurred_at,
        subject=code,
        sequence=step,
    )
    headers = tuple((name, value.encode()) for name, value in envelope.headers().items())
    return Record(topic, partition, offset, code.encode(), event.to_json(), headers, 0)


async def steps_of(mongo: Mongo, code: str) -> tuple[int, ...]:
    ledger = await LEDGERS.read(mongo, code)
    return ledger.steps if ledger else ()


async def count(mongo: Mongo, collection: str, query: dict[str, Any] | None = None) -> int:
    found = mongo.collection(collection).find(query or {})
    return len([document async for document in found])


async def events(mongo: Mongo, **wanted: Any) -> list[dict[str, Any]]:
    """Events in the outbox, in the order in which the relay would send them."""
    cursor = mongo.collection("outbox").find({}).sort("_id", 1)
    found = [event async for document in cursor for event in document["events"]]
    return [event for event in found if all(event[name] == value for name, value in wanted.items())]
