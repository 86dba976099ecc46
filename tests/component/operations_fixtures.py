"""Parked keys and dead letters of the tiny service, and an operator who does something about them."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from contracts.problems import Refused
from services.kit.consumer import Consumer
from services.kit.failures import DEAD_LETTERS, PARKED, PARKED_KEYS
from services.kit.kafka import Record
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.kit.operations import queries
from services.kit.operations.edits import Correction
from services.kit.operations.letters import Letters
from services.kit.operations.operation import account_acting
from services.kit.operations.parked import Parked
from services.kit.retrier import Retrier
from tests.component.ledger import Rules, consumer, now, record

A, B = "H12.970.00-261123-0001", "H12.970.00-261123-0002"
RIGHT_TYPE = Correction(headers={"CE_Type": "vn.motcua.dossier.transferred.v1"})
ACTING = account_acting("operator-7", "cured by release 7")


@dataclass
class Desk:
    """A consumer, its worker's retrier, and an operator."""

    mongo: Mongo
    rules: Rules
    consumer: Consumer
    retrier: Retrier
    letters: Letters
    parked: Parked

    async def rows(self, collection: str) -> list[dict[str, Any]]:
        found = [document async for document in self.mongo.collection(collection).find({})]
        return sorted(found, key=lambda document: str(document["_id"]))

    async def letter(self) -> dict[str, Any]:
        [letter] = await self.rows(DEAD_LETTERS)
        return letter

    async def waiting(self) -> tuple[list[str], list[int]]:
        """Parked keys, and the offsets that wait."""
        keys = [key["_id"] for key in await self.rows(PARKED_KEYS)]
        return keys, [row["offset"] for row in await self.rows(PARKED)]

    async def result(self, operation: dict[str, Any]) -> tuple[str, Any]:
        found = await queries.operation(self.mongo, operation["_id"])
        return found["state"], found["result"].get("outcome")


async def desk(mongo: Mongo, rules: Rules | None = None, **options: Any) -> Desk:
    rules = rules or Rules()
    subject = await consumer(mongo, rules, **options)
    lease = Lease(mongo, "worker", ttl_s=600)
    await lease.hold()
    return Desk(mongo, rules, subject, Retrier(mongo, subject, lease), Letters(mongo, now), Parked(mongo, now))


COMMANDS = {"command_topics": frozenset({"dossier.events.v1"})}
"""What is refused is buried, not parked."""


def unreadable(code: str, step: int, *, offset: int) -> Record:
    """A record of a type that only a newer release knows; its body is good."""
    return with_header(record(code, step, offset=offset), "ce_type", b"vn.motcua.dossier.transferred.v2")


def with_header(good: Record, name: str, value: bytes) -> Record:
    headers = tuple((n, value if n == name else v) for n, v in good.headers)
    return dataclasses.replace(good, headers=headers)


def body_of(code: str, step: int) -> bytes:
    value = record(code, step, offset=0).value
    assert value is not None
    return value


def with_field(body: bytes, **fields: Any) -> bytes:
    return json.dumps(json.loads(body) | fields).encode()


async def refused_command(mongo: Mongo) -> Desk:
    """A command of dossier A that the rules refused, and its cure."""
    subject = await desk(mongo, Rules(refused={A}), **COMMANDS)
    await subject.consumer.handle([record(A, 1, offset=0)])
    subject.rules.refused.clear()
    return subject


def slug_of(error: BaseException) -> str:
    assert isinstance(error, Refused)
    return error.slug
