"""Very many stored dossiers, made quickly: a few hundred real ones, copied with other codes and dates."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bench.clerks import PROCEDURE, application
from contracts.events import BY_TYPE, Message
from contracts.events.catalogue import ProcedurePublished
from contracts.events.counter import ChecklistLine
from contracts.events.intake import DossierSubmitted
from contracts.types import Channel
from local.samples.load import read_samples
from motcua.install import load_agencies, load_catalogue
from services.intake.bodies import lines
from services.intake.commands.application import Application
from services.intake.commands.register_dossier import RegisterDossier
from services.intake.domain.people import Applicant
from services.intake.store import DOSSIERS, FILINGS_OF_A_PERSON, REQUESTS
from services.intake.store import MORE as INTAKE_MORE
from services.intake.store import STORES as INTAKE
from services.kit import schema
from services.kit.batch import INBOX
from services.kit.clock import VIETNAM
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.mongo import Mongo
from services.kit.outbox import OUTBOX
from services.kit.settings import Settings
from services.kit.work import Cause, Decision, Item
from services.routing.commands.count_event import Counting
from services.routing.commands.open_case import OpenCase
from services.routing.commands.publish_workflow import PublishWorkflow
from services.routing.store import CASES, TRANSFERS
from services.routing.store import MORE as ROUTING_MORE
from services.routing.store import STORES as ROUTING

OPEN_SHARE = 0.1
"""The others are over, as in a house that has worked for years."""
AT_ONCE = 2_000
REAL = 200
YEARS = timedelta(days=3 * 365)
_OPEN_FIELDS = ("open_since", "open_due", "timer_at", "accept_by", "neglected_since", "unplaced_since", "to_sign")


@dataclass
class Stock:
    """The databases of intake and routing, and how much is in them."""

    intake: Mongo
    routing: Mongo
    now: datetime
    chance: random.Random
    stored: int = 0
    codes: list[str] = None  # type: ignore[assignment]
    _templates: Mapping[str, Sequence[Mapping[str, Any]]] = None  # type: ignore[assignment]
    _number: int = 0

    @classmethod
    async def begin(cls, mongodb_url: str, now: datetime, prefix: str = "bench_growth") -> Stock:
        """Empty, but for catalogue, agencies and the real dossiers that are copied."""
        driver = Settings().mongo_driver
        intake = Mongo(mongodb_url, f"{prefix}_intake", driver=driver)
        routing = Mongo(mongodb_url, f"{prefix}_routing", driver=driver)
        for mongo, stores, more in ((intake, INTAKE, INTAKE_MORE), (routing, ROUTING, ROUTING_MORE)):
            await mongo.drop()
            await schema.ensure(mongo, stores, more)
        stock = cls(intake, routing, now, random.Random(2018), codes=[])
        samples = read_samples()
        await load_agencies(routing, lambda: now, samples.agencies_file.read_bytes())
        await load_catalogue(intake, lambda: now, samples.catalogue())
        await stock.take_over([message async for message in _told(intake, ProcedurePublished)])
        codes = await stock.register(REAL)
        await stock.take_over([m async for m in _told(intake, DossierSubmitted) if m.code in codes])
        stock._templates = {
            name: [document async for document in mongo.collection(name).find({}).limit(REAL)]
            for mongo, name in ((intake, DOSSIERS.collection), (routing, CASES.collection), (routing, TRANSFERS))
        }
        stock.stored = REAL
        return stock

    async def register(self, number: int) -> set[str]:
        """So many registrations at the desk, in one transaction. Returns: their codes."""
        committer = Committer(self.intake, "/intake", lambda: self.now)
        commands = [Item(self.command(), Cause(new_id())) for _ in range(number)]
        results = await committer.run_all(commands)
        found = {result.code for result in results}
        self.codes += sorted(found)
        return found

    def command(self) -> RegisterDossier:
        self._number += 1
        counters = read_samples().counter_codes
        said = application(self._number, counters[self._number % len(counters)])
        handed_in = Application(
            counter=said["counter"],
            procedure_code=PROCEDURE,
            channel=Channel.COUNTER,
            applicant=Applicant("citizen", said["applicant"]["full_name"], said["applicant"]["id_number"]),
            checklist=lines(tuple(ChecklistLine.model_validate(line) for line in said["checklist"])),
        )
        key = f"growth-{self._number}"
        return RegisterDossier(key, key, handed_in, self.now)

    async def take_over(self, messages: Sequence[Message]) -> None:
        """What routing decides about intake's events, in one transaction."""
        decisions: list[Decision[Any]] = []
        for message in messages:
            if isinstance(message, ProcedurePublished):
                decisions.append(PublishWorkflow(message))
            elif isinstance(message, DossierSubmitted):
                decisions.append(Counting(OpenCase(message), message.code))
        committer = Committer(self.routing, "/routing", lambda: self.now)
        await committer.run_all([Item(decision, Cause(new_id())) for decision in decisions])

    async def told(self, codes: set[str]) -> list[Message]:
        """The events of dossiers registered just now."""
        return [m async for m in _told(self.intake, DossierSubmitted) if m.code in codes]

    async def grow(self, number: int) -> None:
        """Copy until so many are stored."""
        while self.stored < number:
            some = min(AT_ONCE, number - self.stored)
            for mongo, name, documents in self._copies(range(self.stored, self.stored + some)):
                await mongo.collection(name).insert_many(documents, ordered=False)
            self.stored += some

    async def close(self, *, keep: bool = False) -> None:
        """Drop it; `keep`: it goes with its server."""
        for mongo in (self.intake, self.routing):
            if not keep:
                await mongo.drop()
            await mongo.close()

    def _copies(self, numbers: range) -> Iterator[tuple[Mongo, str, list[dict[str, Any]]]]:
        found: dict[str, list[dict[str, Any]]] = {
            name: [] for name in (DOSSIERS.collection, CASES.collection, TRANSFERS)
        }
        more: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for n in numbers:
            at = self.now - self.chance.random() * YEARS
            template = self.chance.choice(self._templates[DOSSIERS.collection])
            code = f"{template['counter']}-{at.astimezone(VIETNAM):%y%m%d}-{9_000_000 + n}"
            is_open = self.chance.random() < OPEN_SHARE
            self.codes.append(code)
            status = {} if is_open else {"status": "returned", "returned_at": at + timedelta(days=3)}
            found[DOSSIERS.collection].append({**template, "_id": code, "code": code, "received_at": at, **status})
            found[CASES.collection].append(self._case(code, at, is_open=is_open))
            found[TRANSFERS].append(self._transfer(code, at, is_open=is_open))
            more.setdefault(("i", REQUESTS.collection), []).append(_small(f"key-{n}"))
            more.setdefault(("i", FILINGS_OF_A_PERSON.collection), []).append(_small(f"person-{n}"))
            more.setdefault(("r", INBOX), []).append({"_id": f"/intake|{n}", "at": at + YEARS})
        yield self.intake, DOSSIERS.collection, found[DOSSIERS.collection]
        yield self.routing, CASES.collection, found[CASES.collection]
        yield self.routing, TRANSFERS, found[TRANSFERS]
        for (where, name), documents in more.items():
            yield self.intake if where == "i" else self.routing, name, documents

    def _case(self, code: str, at: datetime, *, is_open: bool) -> dict[str, Any]:
        case = {**self.chance.choice(self._templates[CASES.collection]), "_id": code, "code": code, "received_at": at}
        if is_open:
            ahead = self.now + timedelta(hours=1) + self.chance.random() * timedelta(days=20)
            moments = {name: ahead for name in _OPEN_FIELDS if name in case}
            return {**case, **moments, "open_since": at, "due_at": ahead}
        for name in _OPEN_FIELDS:
            case.pop(name, None)
        return {**case, "state": "resolved", "timeliness": "early", "resolved_at": at + timedelta(days=2), "timers": []}

    def _transfer(self, code: str, at: datetime, *, is_open: bool) -> dict[str, Any]:
        transfer = {**self.chance.choice(self._templates[TRANSFERS]), "_id": f"{code}/1", "code": code}
        if is_open:
            return {**transfer, "due_at": self.now + self.chance.random() * timedelta(days=20), "changed_at": at}
        transfer.pop("box", None)
        return {**transfer, "state": "done", "changed_at": at}


async def _told(mongo: Mongo, kind: type[Message]) -> Any:
    async for document in mongo.collection(OUTBOX).find({"pending": True}):
        for event in document["events"]:
            if event["type"] == kind.TYPE:
                yield BY_TYPE[event["type"]].parse(event["body"])


def _small(id: str) -> dict[str, Any]:
    return {"_id": id, "_v": 1, "_n": 0, "_e": None, "fingerprint": "0" * 64, "code": id, "codes": [id]}
