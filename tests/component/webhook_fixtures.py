"""Routing's webhooks with partners' real HTTP servers, a clock that can be moved, and the worker's loop."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from asgi_lifespan import LifespanManager
from fastapi import FastAPI, Request, Response

from contracts.events import Message
from contracts.events.intake import DossierReturned, DossierSubmitted, DossierWithdrawn
from contracts.events.routing import AgencyTransferOpened, DossierTransferAccepted, DossierTransferred
from contracts.types import HandOverMethod, HandOverProof, Mechanism, ReceivedBy
from local.simulators.server import serving
from services.kit import limiter, schema, telemetry
from services.kit.api import make_api
from services.kit.commit import Committer
from services.kit.consumer import Consumer
from services.kit.lease import Lease
from services.kit.sealing import new_private_key
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.commands.import_agencies import ReplaceDirectory
from services.routing.domain.case import Case, Step
from services.routing.settings import RoutingSettings
from services.routing.store import CASES, STORES
from services.routing.webhooks.compose import make_sender
from services.routing.webhooks.http import routes
from services.routing.webhooks.sender import WebhookSender
from services.routing.webhooks.store import DELIVERIES
from services.routing.webhooks.store import STORES as WEBHOOK_STORES
from services.routing.webhooks.telling import telling
from tests.component.service_fixtures import COUNTER, DIRECTORY, OFFICE, PROCEDURE, Service, dossier
from tests.component.service_fixtures import now as real_now
from tests.eventually import eventually

OPENED, TRANSFERRED = AgencyTransferOpened.TYPE, DossierTransferred.TYPE
ACCEPTED, WITHDRAWN, RETURNED = DossierTransferAccepted.TYPE, DossierWithdrawn.TYPE, DossierReturned.TYPE
SUBMITTED = DossierSubmitted.TYPE
HANG = 0
"""Instead of a status: no answer until the test is over."""


@dataclass(frozen=True)
class Got:
    """A request as a partner's server received it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event

    @property
    def name(self) -> str:
        """`transferred` of the dossier's number, `transferred 1`."""
        event = self.event
        return f"{event['type'].split('.')[-2]} {int(str(event['subject']).rpartition('-')[2])}"


def signatures(got: Got, *secrets: str) -> list[bool]:
    """Which of the secrets the request is signed with."""
    signed = f"{got.id}.{got.headers['webhook-timestamp']}.".encode() + got.body
    given = got.headers["webhook-signature"].split(" ")
    keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]
    made = ["v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]
    return [one in given for one in made]


@dataclass
class Partner:
    """An agency's own system: what it got, and how it answers."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answer: Callable[[Got], int] = lambda _: 200
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b"thanks"
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def events(self) -> list[Got]:
        """Without probes and questions."""
        return [got for got in self.got if got.method == "POST" and ".probe." not in got.event["type"]]

    @property
    def names(self) -> list[str]:
        return [got.name for got in self.events]

    def fail(self, status: int = 500, *, dossiers: Iterable[int] = (), times: int = 10**9) -> None:
        """Refuse events (of these dossiers; none named: all) so often."""
        numbers, left = set(dossiers), times

        def answer(got: Got) -> int:
            nonlocal left
            if ".probe." in got.event["type"] or (numbers and int(got.name.split()[1]) not in numbers) or not left:
                return 200
            left -= 1
            return status

        self.answer = answer

    def recover(self) -> None:
        self.answer = lambda _: 200

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.api_route("/{path:path}", methods=["POST", "OPTIONS"])
        async def take(request: Request, path: str) -> Response:
            got = Got(request.method, path, dict(request.headers), await request.body())
            self.got.append(got)
            status = 200 if got.method == "OPTIONS" else self.answer(got)
            if status == HANG:
                await self.released.wait()
            return Response(self.content, status_code=status or 200, headers=self.headers)

        return app


@asynccontextmanager
async def partner_server() -> AsyncIterator[Partner]:
    partner = Partner()
    async with serving(partner.app()) as base:
        partner.url = f"{base}/hook"
        yield partner
        partner.released.set()


@dataclass
class Clock:
    """The time of day, moved."""

    offset: timedelta = timedelta(0)

    def now(self) -> datetime:
        return real_now() + self.offset

    def forward(self, **by: float) -> None:
        self.offset += timedelta(**by)


@dataclass(frozen=True)
class PutCase:
    case: Case

    def needs(self) -> Iterable[Ref]:
        return (Ref(CASES, self.case.code),)

    def decide(self, work: Work, now: datetime) -> None:
        work.put(CASES, self.case.code, self.case)


@dataclass
class Town(Service):
    """Routing with webhooks; the loop runs only inside `sending`."""

    settings: RoutingSettings = field(kw_only=True)
    time: Clock = field(kw_only=True)
    _senders: int = 0
    _rounds: int = 0

    def committer(self) -> Committer:
        return Committer(self.mongo, "/routing", self.time.now)

    # --- subscriptions ------------------------------------------------------------------------------------------

    def path(self, agency: str = OFFICE, *more: str) -> str:
        return "/".join((f"/v1/agencies/{agency}/subscriptions", *more))

    async def ask(self, method: str, *more: str, agency: str = OFFICE, **options: Any) -> httpx.Response:
        """As the agency itself."""
        headers = await self.key(f"agency:{agency}")
        return await self.http.request(method, self.path(agency, *more), headers=headers, **options)

    async def subscribe(self, partner: Partner, *types: str, agency: str = OFFICE, **more: Any) -> dict[str, Any]:
        body = {"url": partner.url, "types": types or (OPENED,)} | more
        reply = await self.ask("POST", agency=agency, json=body)
        assert reply.status_code == 201, reply.text
        made: dict[str, Any] = reply.json()
        return made

    async def shown(self, subscription: dict[str, Any], **params: str) -> dict[str, Any]:
        reply = await self.ask("GET", subscription["id"], agency=subscription["agency"], params=params)
        assert reply.status_code == 200, reply.text
        shown: dict[str, Any] = reply.json()
        return shown

    async def states(self, subscription: dict[str, Any]) -> list[str]:
        """What became of its deliveries, the earliest first."""
        shown = await self.shown(subscription)
        return [delivery["state"] for delivery in reversed(shown["deliveries"])]

    # --- dossiers -----------------------------------------------------------------------------------------------

    async def case(self, number: int = 1, *agencies: str, **changes: Any) -> str:
        code, now = dossier(number), real_now()
        values: dict[str, Any] = {
            "code": code, "procedure_code": PROCEDURE, "procedure_version": 1, "mechanism": Mechanism.ONE_STOP,
            "channel": "counter", "counter": COUNTER, "unit": "H12.970",
            "counted_on": "H12.970", "field": "Thử", "received_at": now,
            "due_at": now, "first_due_at": now, "steps": tuple(Step(agency, now) for agency in agencies or (OFFICE,)),
        }  # fmt: skip
        await self.committer().run(PutCase(Case(**(values | changes))))
        return code

    def transferred(self, number: int = 1, agency: str = OFFICE, **changes: Any) -> DossierTransferred:
        now = real_now()
        values: dict[str, Any] = {
            "code": dossier(number), "occurred_at": now, "step": 1, "steps": 1, "transfer": 1, "agency": agency,
            "step_due_at": now, "due_at": now,
        }  # fmt: skip
        return DossierTransferred(**(values | changes))

    def accepted(self, number: int = 1, agency: str = OFFICE) -> DossierTransferAccepted:
        return DossierTransferAccepted(code=dossier(number), occurred_at=real_now(), step=1, agency=agency)

    def withdrawn(self, number: int = 1, **changes: Any) -> DossierWithdrawn:
        return DossierWithdrawn(code=dossier(number), occurred_at=real_now(), counter=COUNTER, **changes)

    def returned(self, number: int = 1) -> DossierReturned:
        return DossierReturned(
            code=dossier(number), occurred_at=real_now(), counter=COUNTER, method=HandOverMethod.COUNTER,
            received_by=ReceivedBy.OWNER, proof=HandOverProof.SIGNATURE,
        )  # fmt: skip

    async def happens(self, *messages: Message, **more: Any) -> None:
        """As records of one Kafka batch."""
        await self.take(*messages, **more)

    # --- the worker's loop --------------------------------------------------------------------------------------

    async def sender(self, **changes: Any) -> WebhookSender:
        self._senders += 1
        lease = Lease(self.mongo, f"worker-{self._senders}", ttl_s=600)
        assert await lease.hold()
        settings = self.settings.model_copy(update=changes)
        return make_sender(settings, self.mongo, self.committer(), lease, self.time.now)

    @asynccontextmanager
    async def sending(self, **changes: Any) -> AsyncIterator[WebhookSender]:
        stop, sender = asyncio.Event(), await self.sender(**changes)
        once = sender.once

        async def counted() -> int:
            started = await once()
            self._rounds += 1
            return started

        sender.once = counted  # type: ignore[method-assign]
        running = asyncio.create_task(sender.run(stop))
        try:
            yield sender
        finally:
            stop.set()
            await running

    async def rounds_pass(self, many: int = 3) -> None:
        """The sender has looked again, so often: what was to be sent is sent or under way."""
        until = self._rounds + many
        await eventually(lambda: self._rounds >= until)

    # --- what became of it --------------------------------------------------------------------------------------

    async def all_delivered(self, made: dict[str, Any]) -> bool:
        states = await self.states(made)
        return bool(states) and set(states) == {"delivered"}

    async def tried(self, made: dict[str, Any]) -> bool:
        return any(delivery["attempts"] for delivery in (await self.shown(made))["deliveries"])

    async def has_failed(self, made: dict[str, Any], times: int) -> bool:
        return int((await self.shown(made))["failures"]) >= times

    async def is_paused(self, made: dict[str, Any]) -> bool:
        return bool((await self.shown(made))["state"] == "paused")

    async def has_dead(self, made: dict[str, Any]) -> bool:
        return "dead" in await self.states(made)

    async def nothing_waits(self) -> bool:
        return not await self.documents(DELIVERIES.collection, state="waiting")

    async def settled(self, partner: Partner, *names: str) -> None:
        """Wait until the partner has heard these, in any order of dossiers."""
        await eventually(lambda: sorted(partner.names) == sorted(names))


def webhook_settings(url: str, prefix: str, **changes: Any) -> RoutingSettings:
    values: dict[str, Any] = {
        "mongodb_url": url, "mongodb_prefix": prefix, "routing_private_key": new_private_key(),
        "webhook_allow_http": True, "webhook_networks": ("127.0.0.0/8",), "webhook_ports": (),
    }  # fmt: skip
    return RoutingSettings(**(values | changes))


@asynccontextmanager
async def open_town(settings: RoutingSettings) -> AsyncIterator[Town]:
    """One routing API with webhooks, and its consumer."""
    telemetry.configure("test")
    clock, mongo = Clock(), settings.mongo("routing")
    stores = [*STORES, *(store for store in WEBHOOK_STORES if store not in STORES)]
    await schema.ensure(mongo, stores, limiter.INDEXES)
    committer = Committer(mongo, "/routing", clock.now)
    await committer.run(ReplaceDirectory(DIRECTORY))
    app = make_api(
        "routing-api", settings, mongo, [routes(mongo, committer, clock.now, settings)], stores, limiter.INDEXES
    )
    consumer = Consumer("routing", mongo, "/routing", clock.now, telling({}))
    async with LifespanManager(app) as manager:
        transport = httpx.ASGITransport(app=manager.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            yield Town(mongo, app, http, consumer, "/routing", clock.now, settings=settings, time=clock)
            await mongo.drop()


@pytest.fixture
async def town(mongodb_url: str, prefix: str) -> AsyncIterator[Town]:
    async with open_town(webhook_settings(mongodb_url, prefix)) as opened:
        yield opened


@pytest.fixture
async def partner() -> AsyncIterator[Partner]:
    async with partner_server() as opened:
        yield opened
