"""Intake and routing as tests see them: real applications on a real database, records as Kafka would bring them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from asgi_lifespan import LifespanManager
from fastapi import FastAPI

from contracts.envelope import Envelope
from contracts.events import Message
from contracts.events.catalogue import ProcedurePublished
from contracts.events.intake import DossierSubmitted
from contracts.topics import BY_NAME
from contracts.types import Channel, LimitUnit, Mechanism
from services.intake import api as intake_api
from services.intake.commands.publish_procedure import PublishProcedure
from services.intake.commands.rate_dossier import RatingPolicy
from services.intake.consumers import COMMAND_TOPICS as INTAKE_COMMANDS
from services.intake.consumers import handlers as intake_handlers
from services.intake.consumers import reply as intake_reply
from services.intake.domain.procedure import Paper, Procedure
from services.intake.settings import IntakeSettings
from services.intake.store import MORE as intake_more
from services.intake.store import STORES as intake_stores
from services.kit import schema, telemetry
from services.kit.auth import ApiKeys
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.consumer import Consumer
from services.kit.failures import DEAD_LETTERS, PARKED
from services.kit.ids import new_id
from services.kit.kafka import Record
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.kit.outbox import OUTBOX
from services.kit.retrier import Retrier
from services.kit.sealing import Opener, Sealer, new_private_key
from services.kit.work import Cause, Item
from services.routing import api as routing_api
from services.routing.commands.import_agencies import ReplaceDirectory
from services.routing.consumers import COMMAND_TOPICS as ROUTING_COMMANDS
from services.routing.consumers import HANDLERS as ROUTING_HANDLERS
from services.routing.domain.directory import Agency, Directory
from services.routing.settings import RoutingSettings
from services.routing.store import MORE as routing_more
from services.routing.store import STORES as routing_stores
from tests.component.ledger import events as outbox_events

COUNTER, OTHER_COUNTER = "H12.970.00", "H12.971.00"
DISTRICT, COMMUNE, OFFICE = "H12.970", "H12.970.01", "H12.970.02"
PROCEDURE, TWO_STEPS, NO_LIMIT = "1.014466.H12", "1.014467.H12", "1.014468.H12"
PHONE, CITIZEN_ID, NAME = "0901234567", "096190001234", "Người Nộp Thử"
"""Fictitious."""
DIRECTORY = Directory(
    (
        Agency(DISTRICT, "Ủy ban nhân dân huyện Thử", "huyện", None, "people_committee"),
        Agency(COMMUNE, "Ủy ban nhân dân xã Thử", "xã", DISTRICT, "people_committee"),
        Agency(OFFICE, "Phòng Kinh tế", "huyện", DISTRICT, "department"),
    )
)
PROCEDURES = (
    Procedure(PROCEDURE, 0, "Đăng ký khai sinh", "Hộ tịch", "huyện", ("Phòng Kinh tế",), 3.0, LimitUnit.WORKING_DAYS),
    Procedure(
        TWO_STEPS, 0, "Cấp giấy phép", "Kinh tế", "huyện",
        ("Phòng Kinh tế", "Ủy ban nhân dân cấp huyện"), 10.0, LimitUnit.WORKING_DAYS,
    ),
    Procedure(NO_LIMIT, 0, "Thủ tục chưa có thời hạn", "Kinh tế", "huyện", ("Phòng Kinh tế",)),
)  # fmt: skip
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def now() -> datetime:
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass
class Service:
    """One service under test: its application, its database, its consumer."""

    mongo: Mongo
    app: FastAPI
    http: httpx.AsyncClient
    consumer: Consumer
    source: str
    clock: Now = now
    _offset: int = 0
    _lease: Lease | None = None

    async def key(self, *scopes: str) -> dict[str, str]:
        """Headers with a fresh API key."""
        return {"Authorization": f"Bearer {await ApiKeys(self.mongo, now).issue(list(scopes), label='test')}"}

    def record(
        self,
        message: Message,
        topic: str = "dossier.events.v1",
        *,
        id: str | None = None,
        key: str | None = None,
        **envelope: Any,
    ) -> Record:
        """The message as a well-behaved producer writes it."""
        by = {"dossier code": "code", "counter code": "counter", "procedure code": "procedure_code"}
        if key is None:
            key = BY_NAME[topic].constant_key or getattr(message, by[BY_NAME[topic].key])
        what = {"correlation_id": "c", **envelope}
        head = Envelope(id or new_id(), "/elsewhere", message.TYPE, self.clock(), key, **what)
        headers = tuple((name, value.encode()) for name, value in head.headers().items())
        self._offset += 1
        return Record(topic, 0, self._offset, key.encode(), message.to_json(), headers, 0)

    async def take(self, *messages: Message, topic: str = "dossier.events.v1", **more: Any) -> None:
        """Deliver messages as one Kafka batch."""
        await self.consumer.handle([self.record(message, topic, **more) for message in messages])

    async def documents(self, collection: str, **query: Any) -> list[dict[str, Any]]:
        found = [document async for document in self.mongo.collection(collection).find(query)]
        return sorted(found, key=lambda document: str(document["_id"]))

    async def counts(self, *collections: str) -> dict[str, int]:
        return {name: len(await self.documents(name)) for name in collections}

    async def told(self, code: str) -> list[str]:
        """Short names of the events in the outbox about a dossier, in order."""
        return [event["type"].split(".", 2)[2] for event in await outbox_events(self.mongo, subject=code)]

    async def events(self, code: str, name: str) -> list[dict[str, Any]]:
        found = await outbox_events(self.mongo, subject=code, type=f"vn.motcua.{name}")
        return [json.loads(event["body"]) for event in found]

    async def buried(self) -> list[str]:
        return [letter["slug"] for letter in await self.documents(DEAD_LETTERS)]

    async def parked(self) -> list[str]:
        return [row["slug"] for row in await self.documents(PARKED)]

    async def retry(self) -> None:
        """What the worker's retrier does when the time has come: until nothing moves."""
        if self._lease is None:
            self._lease = Lease(self.mongo, "worker", ttl_s=600)
            assert await self._lease.hold()
        retrier = Retrier(self.mongo, self.consumer, self._lease)
        for key in await self.documents("parked_keys"):
            await retrier.replay(key["_id"], self.clock())


@dataclass
class Intake(Service):
    """The intake service with a published catalogue."""

    opener: Opener = field(kw_only=True)
    notify: Opener = field(kw_only=True)
    settings: IntakeSettings = field(kw_only=True)
    desk: dict[str, str] = field(default_factory=dict)
    """Headers of the counter's key."""

    def body(self, **changes: Any) -> dict[str, Any]:
        """A good registration with changes; `applicant__x` changes the applicant."""
        applicant = {"full_name": NAME, "id_number": CITIZEN_ID, "phone": PHONE}
        own = {name.removeprefix("applicant__"): changes.pop(name) for name in list(changes) if "__" in name}
        body = {"counter": COUNTER, "procedure_code": PROCEDURE, "applicant": applicant | own}
        return body | {"duplicate_confirmed": True} | changes

    async def register(self, **changes: Any) -> str:
        reply = await self.post_dossier(self.body(**changes))
        assert reply.status_code == 201, reply.text
        code: str = reply.json()["code"]
        return code

    async def post_dossier(self, body: Any, *, key: str | None = None, **headers: str) -> httpx.Response:
        return await self.http.post(
            "/v1/dossiers", json=body, headers=self.desk | {"Idempotency-Key": key or new_id()} | headers
        )

    def seal(self, **changes: Any) -> str:
        """An applicant as a counter's software seals it."""
        values = {"full_name": NAME, "id_number": CITIZEN_ID, "phone": PHONE} | changes
        return Sealer(self.opener.public_key).seal(json.dumps(values).encode())

    async def ask_for(self, *papers: Paper) -> None:
        """Publish the birth registration with this list of papers."""
        await Committer(self.mongo, "/intake", now).run(PublishProcedure(replace(PROCEDURES[0], papers=papers)))

    async def nothing_stored(self, before: Mapping[str, int]) -> None:
        assert await self.counts(*before) == before


STORED = ("dossiers", "numbers", "requests", "outbox")


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with LifespanManager(app) as manager:
        transport = httpx.ASGITransport(app=manager.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


@asynccontextmanager
async def open_intake(settings: IntakeSettings, notify: Opener) -> AsyncIterator[Intake]:
    """One intake API process with its consumer beside it."""
    telemetry.configure("test")
    mongo = settings.mongo("intake")
    await schema.ensure(mongo, intake_stores, intake_more)
    app = intake_api.create_app(settings)
    assert settings.intake_private_key is not None
    opener = Opener(settings.intake_private_key.get_secret_value())
    async with _running(app) as http:
        policy = RatingPolicy(timedelta(days=settings.invitation_days), settings.follow_up_working_days)
        sealer = Sealer(notify.public_key)
        handlers = intake_handlers(opener, sealer, now, frozenset({COUNTER}), rating_policy=policy)
        consumer = Consumer(
            "intake", mongo, "/intake", now, handlers, command_topics=INTAKE_COMMANDS, reply=intake_reply
        )
        service = Intake(mongo, app, http, consumer, "/intake", opener=opener, notify=notify, settings=settings)
        cause = Cause(new_id())
        await Committer(mongo, "/intake", now).run_all([Item(PublishProcedure(p), cause) for p in PROCEDURES])
        await mongo.collection(OUTBOX).delete_many({"events.topic": "catalogue.procedures.v1"})
        service.desk = await service.key(f"counter:{COUNTER}", "backfill")
        yield service
    await mongo.close()


def intake_settings(url: str, prefix: str, notify: Opener, **changes: Any) -> IntakeSettings:
    values = {"mongodb_url": url, "mongodb_prefix": prefix, "intake_private_key": new_private_key()}
    return IntakeSettings(**(values | {"notify_public_key": notify.public_key} | changes))


@pytest.fixture
async def intake(mongodb_url: str, prefix: str) -> AsyncIterator[Intake]:
    notify = Opener(new_private_key())
    async with open_intake(intake_settings(mongodb_url, prefix, notify), notify) as service:
        yield service
        await service.mongo.drop()


@asynccontextmanager
async def open_routing(settings: RoutingSettings) -> AsyncIterator[Service]:
    """One routing API process with its consumer beside it: a directory of three agencies and no workflow yet."""
    telemetry.configure("test")
    mongo, clock = settings.mongo("routing"), settings.clock().now
    await schema.ensure(mongo, routing_stores, routing_more)
    app = routing_api.create_app(settings)
    async with _running(app) as http:
        consumer = Consumer("routing", mongo, "/routing", clock, ROUTING_HANDLERS, command_topics=ROUTING_COMMANDS)
        await Committer(mongo, "/routing", clock).run(ReplaceDirectory(DIRECTORY))
        yield Service(mongo, app, http, consumer, "/routing", clock)
        await mongo.drop()
    await mongo.close()


@pytest.fixture
async def routing(mongodb_url: str, prefix: str) -> AsyncIterator[Service]:
    async with open_routing(RoutingSettings(mongodb_url=mongodb_url, mongodb_prefix=prefix)) as service:  # type: ignore[arg-type]
        yield service


def published(code: str = PROCEDURE, version: int = 1, agencies: tuple[str, ...] = ("Phòng Kinh tế",)) -> Message:
    return ProcedurePublished(
        procedure_code=code, version=version, name="Thủ tục thử", field="Thử", published_at=now(),
        mechanism=Mechanism.INTERLINKED if len(agencies) > 1 else Mechanism.ONE_STOP, agencies=agencies,
    )  # fmt: skip


def submitted(code: str, procedure: str = PROCEDURE, **changes: Any) -> DossierSubmitted:
    values: dict[str, Any] = {
        "code": code, "occurred_at": now(), "procedure_code": procedure, "procedure_version": 1,
        "procedure_name": "Thủ tục thử", "mechanism": Mechanism.ONE_STOP, "channel": Channel.COUNTER,
        "counter": COUNTER, "received_at": now(), "due_at": now() + timedelta(days=14),
    }  # fmt: skip
    return DossierSubmitted(**(values | changes))


def dossier(number: int = 1) -> str:
    return f"{COUNTER}-260302-{number:04d}"


__all__ = ["Intake", "Service", "intake", "routing"]
