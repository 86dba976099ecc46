"""Routing with its own events coming back to it, and a day with one dossier of each fate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from contracts.events import Message
from contracts.events.agency import (
    AcceptTransfer,
    CompleteStep,
    HaltProcessing,
    RequestPayment,
    RequestSupplement,
)
from contracts.events.intake import DossierRefused, DossierWithdrawn
from contracts.topics import DOSSIER_EVENTS
from contracts.types import Channel, Mechanism, Outcome
from services.kit.kafka import Record
from services.routing.recount import recount
from tests.component.ledger import events as journal
from tests.component.service_fixtures import (
    COUNTER,
    OFFICE,
    TWO_STEPS,
    Service,
    dossier,
    now,
    published,
    submitted,
)
from tests.unit.routing.statistics_fixtures import holds

CATALOGUE, ACTIONS = "catalogue.procedures.v1", "agency.actions.v1"
AGENCIES = ("Phòng Kinh tế", "Ủy ban nhân dân cấp huyện")


@dataclass
class Loop:
    """Kafka between routing and itself: what it told comes back to its consumer."""

    routing: Service
    seen: int = 0

    async def records(self) -> list[Record]:
        """What was told and has not come back yet."""
        told = [event for event in await journal(self.routing.mongo) if event["topic"] == DOSSIER_EVENTS.name]
        fresh, self.seen = told[self.seen :], len(told)
        return [self._record(event) for event in fresh]

    async def come_back(self) -> list[Record]:
        records = await self.records()
        await self.routing.consumer.handle(records)
        return records

    def again(self, record: Record) -> Record:
        """The same event at another place in the log, as a relay that sends twice makes it."""
        self.routing._offset += 1
        return Record(record.topic, 0, self.routing._offset, record.key, record.value, record.headers, 0)

    def _record(self, event: dict[str, Any]) -> Record:
        self.routing._offset += 1
        headers = tuple((name, value) for name, value in event["headers"])
        return Record(event["topic"], 0, self.routing._offset, event["key"], event["body"], headers, 0)


@pytest.fixture
async def loop(routing: Service) -> Loop:
    await routing.take(published(), published(TWO_STEPS, 1, AGENCIES), topic=CATALOGUE)
    return Loop(routing)


def accept(number: int, agency: str = OFFICE, step: int = 1, **more: Any) -> AcceptTransfer:
    return AcceptTransfer(code=dossier(number), agency=agency, step=step, **more)


def complete(number: int, agency: str = OFFICE, step: int = 1, **more: Any) -> CompleteStep:
    return CompleteStep(code=dossier(number), agency=agency, step=step, **more)


def supplement(number: int) -> RequestSupplement:
    return RequestSupplement(code=dossier(number), agency=OFFICE, step=1, reason="missing", items=("Giấy",))


def payment(number: int) -> RequestPayment:
    return RequestPayment(code=dossier(number), agency=OFFICE, step=1, amount_vnd=1000, legal_basis="Khoản 1")


def consultation(number: int) -> HaltProcessing:
    return HaltProcessing(code=dossier(number), agency=OFFICE, step=1, reason="opinion-asked", legal_basis="Khoản 1")


def withdrawn(number: int) -> DossierWithdrawn:
    return DossierWithdrawn(code=dossier(number), occurred_at=now(), counter=COUNTER)


def overdue(number: int) -> Message:
    long_ago = now() - timedelta(days=60)
    return submitted(dossier(number), received_at=long_ago, due_at=long_ago + timedelta(days=20))


async def ask(routing: Service, **query: str) -> dict[str, Any]:
    reply = await routing.http.get("/v1/statistics", params=query, headers=await routing.key("operator"))
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    assert holds(found)
    assert all(holds(row) for row in found.get("rows", ()))
    return found


async def agrees(routing: Service) -> int:
    """The read model says what the cases say. Returns: events still on their way."""
    found = await recount(routing.mongo, now())
    assert found.differences == ()
    return found.on_the_way


async def busy_day(loop: Loop) -> None:
    """One dossier of each fate."""
    routing = loop.routing
    await routing.take(*(submitted(dossier(number)) for number in range(1, 9)), overdue(9))
    await routing.take(submitted(dossier(10), TWO_STEPS, mechanism=Mechanism.INTERLINKED, channel=Channel.ONLINE))
    await routing.take(submitted(dossier(11), resolved_at=now(), outcome=Outcome.GRANTED, due_at=now()))
    await routing.take(*(accept(number) for number in (1, 2, 3, 4, 5, 6, 10)), topic=ACTIONS)
    await routing.take(
        complete(1),
        complete(2, outcome=Outcome.DENIED, ground="not-eligible"),
        complete(3, outcome=Outcome.TERMINATED, ground="not-eligible"),
        supplement(4), payment(5), consultation(6), complete(10),
        topic=ACTIONS,
    )  # fmt: skip
    await routing.take(withdrawn(7), DossierRefused(
        code=dossier(99), occurred_at=now(), counter=COUNTER, reasons=("not-competent",)
    ))  # fmt: skip
