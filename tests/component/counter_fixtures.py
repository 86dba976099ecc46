"""A counter's own software as tests play it: commands on `counter.intake.v1`, answers read from intake's outbox."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from contracts.events import Message
from contracts.events.counter import FileDossier, RegisterDossier
from contracts.events.routing import DossierResolved
from contracts.problems import NotYet
from contracts.types import Mechanism, Outcome, Timeliness
from services.intake.domain.dossier import Dossier
from services.intake.store import DOSSIERS
from services.kit.sealing import Sealer
from tests.component.ledger import events
from tests.component.service_fixtures import COUNTER, OFFICE, PROCEDURE, Intake, now

TOPIC, REPLIES = "counter.intake.v1", "counter.replies.v1"


def register(intake: Intake, ref: str = "R-1", **changes: Any) -> RegisterDossier:
    values: dict[str, Any] = {
        "counter": COUNTER, "external_ref": ref, "procedure_code": PROCEDURE, "applicant": intake.seal(),
        "duplicate_confirmed": True,
    }  # fmt: skip
    return RegisterDossier(**(values | changes))


def filing(intake: Intake, **changes: Any) -> FileDossier:
    values: dict[str, Any] = {"counter": COUNTER, "procedure_code": PROCEDURE, "applicant": intake.seal()}
    return FileDossier(**(values | changes))


def sealed(intake: Intake, **values: Any) -> str:
    """Anything that a counter's software seals for intake."""
    return Sealer(intake.opener.public_key).seal(json.dumps(values).encode())


def resolved(code: str, **changes: Any) -> DossierResolved:
    at = now()
    values: dict[str, Any] = {
        "code": code, "occurred_at": at, "agency": OFFICE, "mechanism": Mechanism.ONE_STOP, "procedure_code": PROCEDURE,
        "outcome": Outcome.GRANTED, "timeliness": Timeliness.EARLY, "due_at": at, "first_due_at": at,
    }  # fmt: skip
    return DossierResolved(**(values | changes))


async def with_result(intake: Intake, **changes: Any) -> str:
    """A dossier whose result waits at the counter."""
    code = await intake.register(**changes)
    await intake.take(resolved(code))
    return code


async def send(intake: Intake, *messages: Message, **more: Any) -> list[dict[str, Any]]:
    """Deliver commands as one batch. Returns: the answers that this made, oldest first."""
    before = len(await answers(intake))
    await intake.take(*messages, topic=TOPIC, **more)
    return (await answers(intake))[before:]


async def answers(intake: Intake) -> list[dict[str, Any]]:
    """Every answer in the outbox, with its short type as `answer`."""
    found = await events(intake.mongo, topic=REPLIES)
    return [{"answer": event["type"].split(".")[-2], **json.loads(event["body"])} for event in found]


async def dossier_of(intake: Intake, code: str) -> Dossier:
    found = await DOSSIERS.read(intake.mongo, code)
    assert found is not None
    return found


async def parked_commands(intake: Intake) -> list[bool]:
    """Two commands of one key that wait for a fact. Returns: put True into it when the fact has come."""
    came: list[bool] = []
    good = intake.consumer.handlers

    def handler(message: Message, envelope: Any) -> Any:
        if not came:
            raise NotYet("fact-missing", "Chưa có.")
        return good[type(message)](message, envelope)

    intake.consumer = dataclasses.replace(intake.consumer, handlers={RegisterDossier: handler})
    assert await send(intake, register(intake), register(intake)) == []
    return came
