"""The service that the model test runs: dossiers that are told of, and a book per dossier of what was read about it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from contracts.envelope import Envelope
from contracts.events import Message
from contracts.events.agency import AcceptTransfer
from contracts.events.counter import CommandAccepted, CommandRejected
from contracts.events.routing import DossierOverdue, DossierTransferred
from contracts.problems import Invalid, NotYet
from contracts.topics import AGENCY_ACTIONS, COUNTER_REPLIES, DOSSIER_EVENTS, NOTICE_EVENTS, Topic
from services.kit.consumer import Handler
from services.kit.replies import Settled
from services.kit.store import Ref, Store
from services.kit.work import Work
from tests.component.ledger import transferred

FACTS, COMMANDS = DOSSIER_EVENTS.name, AGENCY_ACTIONS.name
OUT, ANSWERS = NOTICE_EVENTS.name, COUNTER_REPLIES.name
CODES = tuple(f"H12.970.00-261123-{number:04d}" for number in (1, 2))
COUNTER = "H12.970.00"
MOMENT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Book:
    """A dossier: how many facts were told of it, and what was read about it, in order."""

    told: int = 0
    entries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Obstacles:
    """Why nothing about a dossier can be entered at the moment."""

    fact_missing: bool = False
    refused: bool = False
    bug: bool = False

    def __bool__(self) -> bool:
        return self.fact_missing or self.refused or self.bug


BOOKS: Store[Book] = Store("books", Book)
OBSTACLES: Store[Obstacles] = Store("obstacles", Obstacles)


@dataclass(frozen=True)
class Tell:
    """A clerk's request: the next fact about a dossier."""

    code: str

    def needs(self) -> Iterable[Ref]:
        yield Ref(BOOKS, self.code)

    def decide(self, work: Work, now: datetime) -> None:
        book = work.get(BOOKS, self.code) or Book()
        told = book.told + 1
        event = (DOSSIER_EVENTS, self.code, transferred(self.code, told))
        work.put(BOOKS, self.code, replace(book, told=told), event)


@dataclass(frozen=True)
class SetObstacles:
    code: str
    obstacles: Obstacles

    def needs(self) -> Iterable[Ref]:
        yield Ref(OBSTACLES, self.code)

    def decide(self, work: Work, now: datetime) -> None:
        work.put(OBSTACLES, self.code, self.obstacles)


@dataclass(frozen=True)
class Enter:
    """What a record does: one more entry in the book, and an event that tells of it."""

    code: str
    entry: str

    def needs(self) -> Iterable[Ref]:
        yield Ref(BOOKS, self.code)
        yield Ref(OBSTACLES, self.code)

    def decide(self, work: Work, now: datetime) -> None:
        book = work.get(BOOKS, self.code) or Book()
        obstacles = work.get(OBSTACLES, self.code) or Obstacles()
        # A partner's command may be read before the fact it acts on.
        if obstacles.fact_missing or (is_command(self.entry) and not any(map(is_fact, book.entries))):
            raise NotYet("fact-missing", "Chưa có.")
        if obstacles.refused:
            raise Invalid("rule-says-no", "Không được.")
        if obstacles.bug:
            raise ZeroDivisionError
        entries = (*book.entries, self.entry)
        work.put(
            BOOKS,
            self.code,
            replace(book, entries=entries),
            (NOTICE_EVENTS, self.code, transferred(self.code, len(entries))),
        )


def is_fact(entry: str) -> bool:
    return entry.startswith("fact")


def is_command(entry: str) -> bool:
    return entry.startswith("command")


HANDLERS: dict[type[Message], Handler] = {
    DossierTransferred: lambda message, _: Enter(message.code, f"fact {message.step}"),
    AcceptTransfer: lambda message, _: Enter(message.code, f"command {message.step}"),
}


def entry_of(topic: str, value: bytes) -> tuple[str, str]:
    """Dossier and entry of a good record."""
    body = json.loads(value)
    return body["code"], f"{'fact' if topic == FACTS else 'command'} {body['step']}"


def reply(settled: Settled) -> tuple[Topic, str, Message]:
    command = {"counter": COUNTER, "command_id": settled.envelope.id, "command": settled.envelope.type}
    if settled.rejection is None:
        return COUNTER_REPLIES, COUNTER, CommandAccepted(**command)
    return COUNTER_REPLIES, COUNTER, CommandRejected(**command, slug=settled.rejection.slug, message="Không được.")


def command(code: str, number: int) -> tuple[Envelope, Message]:
    """A partner's command as its software makes it."""
    message = AcceptTransfer(code=code, agency="H12.970.02", step=number)
    id = f"{code}/command/{number}"
    envelope = Envelope(id=id, source="/partner", type=message.TYPE, time=MOMENT, subject=code)
    return envelope, message


def not_ours(code: str) -> tuple[tuple[tuple[str, bytes | None], ...], bytes]:
    """Headers and body of an event that this service does nothing about."""
    message = DossierOverdue(code=code, occurred_at=MOMENT, agency="H12.970.02", due_at=MOMENT)
    envelope = Envelope(id=f"{code}/overdue", source="/partner", type=message.TYPE, time=MOMENT, subject=code)
    return tuple((name, value.encode()) for name, value in envelope.headers().items()), message.to_json()
