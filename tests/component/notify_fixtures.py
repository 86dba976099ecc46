"""A small town for notify: its own database, real gateways (simulated), the API listening, the loops of the worker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from contracts.envelope import Envelope
from contracts.events import DossierEvent
from contracts.events.intake import (
    DossierCodeIssued,
    DossierCompletionRequested,
    DossierRefused,
    DossierRegistered,
    DossierReturned,
    DossierSubmitted,
    DossierWithdrawn,
)
from contracts.events.notify import NoticeDelivered, NoticeEnded, NoticeSent
from contracts.events.routing import DossierResolved, DossierSupplementRequested
from contracts.topics import DOSSIER_EVENTS
from contracts.types import (
    Channel,
    CodePurpose,
    HandOverMethod,
    HandOverProof,
    Mechanism,
    Outcome,
    ReceivedBy,
    Timeliness,
)
from local.simulators.app import create_app as create_gateways
from local.simulators.server import serving
from local.simulators.settings import SimulatorSettings
from services.kit import schema
from services.kit.auth import ApiKeys
from services.kit.commit import Committer
from services.kit.consumer import Consumer
from services.kit.ids import new_id
from services.kit.kafka import Record
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.kit.outbox import OUTBOX
from services.kit.sealing import Opener, Sealer, new_private_key
from services.notify.api import create_app
from services.notify.consumers import SOURCE, make_consumer
from services.notify.domain.notice import Notice
from services.notify.receipts import ReceiptLoop
from services.notify.sender import Sender
from services.notify.settings import NotifySettings
from services.notify.setup import make_receipts, make_sender
from services.notify.store import MORE, NOTICES, STORES
from tests.eventually import eventually

COUNTER = "H99.01"
CALLBACK_SECRET = "test-callback-secret"
PHONE = "0901234567"
"""Fictitious; the simulated gateways treat it as an ordinary phone."""


def now() -> datetime:
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def code(number: int = 7) -> str:
    return f"{COUNTER}-260302-{number:04d}"


@dataclass
class Town:
    """Everything a test of notify acts on."""

    mongo: Mongo
    settings: NotifySettings
    opener: Opener
    gateways: httpx.AsyncClient
    api: httpx.AsyncClient
    simulator: SimulatorSettings
    _offset: int = 0
    _leases: list[Lease] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.consumer: Consumer = make_consumer(self.mongo, now, self.settings.lifetime, "0")

    # --- what happens to dossiers -------------------------------------------------------------------------------

    def submitted(self, dossier: str, phone: str | None = PHONE, channel: str | None = None, **more: Any) -> Any:
        values: dict[str, Any] = {
            "code": dossier, "occurred_at": now(), "procedure_code": "1.014466.H12", "procedure_version": 1,
            "procedure_name": "Đăng ký khai sinh", "mechanism": Mechanism.ONE_STOP, "channel": Channel.COUNTER,
            "counter": COUNTER, "received_at": now(), "due_at": now() + timedelta(days=3),
            "contact": self.contact(phone, channel),
        }  # fmt: skip
        return DossierSubmitted(**(values | more))

    def registered(self, dossier: str, phone: str | None = PHONE, **more: Any) -> DossierRegistered:
        values: dict[str, Any] = {
            "code": dossier, "occurred_at": now(), "procedure_code": "1.014466.H12", "procedure_version": 1,
            "procedure_name": "Đăng ký khai sinh", "channel": Channel.ONLINE, "counter": COUNTER,
            "answer_due_at": now() + timedelta(days=1), "contact": self.contact(phone),
        }  # fmt: skip
        return DossierRegistered(**(values | more))

    def contact(self, phone: str | None, channel: str | None = None) -> str | None:
        """A phone as intake seals it."""
        return None if phone is None else self.seal({"phone": phone} | ({"channel": channel} if channel else {}))

    def seal(self, body: object) -> str:
        return Sealer(self.opener.public_key).seal(json.dumps(body).encode())

    def code_issued(
        self, dossier: str, digits: str = "246810", purpose: CodePurpose = CodePurpose.TRACKING, **more: Any
    ) -> DossierCodeIssued:
        values: dict[str, Any] = {"secret": self.seal({"code": digits}), "expires_at": now() + timedelta(minutes=5)}
        return DossierCodeIssued(code=dossier, occurred_at=now(), purpose=purpose, **(values | more))

    @staticmethod
    def completion_requested(dossier: str) -> DossierCompletionRequested:
        return DossierCompletionRequested(
            code=dossier, occurred_at=now(), counter=COUNTER, reason="paper-unreadable", items=("Bản sao giấy tờ mẫu",)
        )

    @staticmethod
    def refused(dossier: str, *grounds: str) -> DossierRefused:
        return DossierRefused(code=dossier, occurred_at=now(), counter=COUNTER, reasons=grounds or ("not-eligible",))

    @staticmethod
    def supplement_requested(dossier: str) -> DossierSupplementRequested:
        return DossierSupplementRequested(
            code=dossier, occurred_at=now(), step=1, agency="H99.07", reason="missing-papers", items=("Tờ khai mẫu",)
        )

    @staticmethod
    def resolved(dossier: str) -> DossierResolved:
        return DossierResolved(
            code=dossier, occurred_at=now(), agency="H99.07", mechanism=Mechanism.ONE_STOP,
            procedure_code="1.014466.H12", outcome=Outcome.GRANTED, timeliness=Timeliness.EARLY,
            due_at=now(), first_due_at=now(),
        )  # fmt: skip

    @staticmethod
    def returned(dossier: str, invitation: str | None = None) -> DossierReturned:
        return DossierReturned(
            code=dossier, occurred_at=now(), counter=COUNTER, method=HandOverMethod.COUNTER,
            received_by=ReceivedBy.OWNER, proof=HandOverProof.SIGNATURE, invitation=invitation,
        )  # fmt: skip

    @staticmethod
    def withdrawn(dossier: str) -> DossierWithdrawn:
        return DossierWithdrawn(code=dossier, occurred_at=now(), counter=COUNTER)

    async def happens(self, *events: DossierEvent, event_id: str | None = None) -> None:
        """Deliver events as one Kafka batch."""
        await self.consumer.handle([self.record(event, event_id) for event in events])

    def record(self, event: DossierEvent, event_id: str | None = None) -> Record:
        envelope = Envelope(event_id or new_id(), "/intake", event.TYPE, now(), event.code, 1, "correlation")
        headers = tuple((name, value.encode()) for name, value in envelope.headers().items())
        self._offset += 1
        return Record(DOSSIER_EVENTS.name, 0, self._offset, event.code.encode(), event.to_json(), headers, 0)

    # --- the worker's loops -------------------------------------------------------------------------------------

    async def lease(self) -> Lease:
        """A lease that is held, as the worker's would be."""
        lease = Lease(self.mongo, f"worker-{len(self._leases)}", ttl_s=600)
        assert await lease.hold()
        self._leases.append(lease)
        return lease

    async def sender(self, **changes: Any) -> Sender:
        settings = self.settings.model_copy(update=changes)
        committer = Committer(self.mongo, SOURCE, now, lane="sender")
        return make_sender(settings, self.mongo, self.opener, committer, await self.receipts())

    async def receipts(self) -> ReceiptLoop:
        committer = Committer(self.mongo, SOURCE, now, lane="receipts")
        return make_receipts(self.settings, self.mongo, committer, await self.lease())

    @asynccontextmanager
    async def working(self, **changes: Any) -> AsyncIterator[Sender]:
        """Sender and receipt loop run."""
        stop = asyncio.Event()
        sender = await self.sender(**changes)
        receipts = sender.receipts
        tasks = [asyncio.create_task(sender.run(stop)), asyncio.create_task(receipts.run(stop))]
        try:
            yield sender
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    # --- what can be seen ---------------------------------------------------------------------------------------

    async def notices(self, dossier: str | None = None) -> list[Notice]:
        found = self.mongo.collection(NOTICES.collection).find({} if dossier is None else {"code": dossier})
        return sorted([NOTICES.to_state(d) async for d in found], key=lambda n: (n.created_at, n.id))

    async def notice(self, dossier: str) -> Notice:
        [notice] = await self.notices(dossier)
        return notice

    async def reaches(self, dossier: str, state: str, timeout: float = 60) -> Notice:
        """Wait until the dossier's only notice is in a state."""

        async def check() -> Notice:
            notice = await self.notice(dossier)
            assert notice.state == state, f"{notice.state} {notice.reason}"
            return notice

        return await eventually(check, timeout=timeout)

    async def messages(self, **query: str) -> list[dict[str, Any]]:
        """What the gateways accepted: the truth to count by."""
        reply = await self.gateways.get("/control/messages", params={"limit": "5000", **query})
        messages: list[dict[str, Any]] = reply.json()["messages"]
        return messages

    async def stats(self) -> dict[str, Any]:
        stats: dict[str, Any] = (await self.gateways.get("/control/stats")).json()
        return stats

    async def faults(self, **faults: Any) -> None:
        (await self.gateways.put("/control/faults", json=faults)).raise_for_status()

    async def told(self) -> list[tuple[str, dict[str, Any]]]:
        """Events of notices in the outbox, in order."""
        found = [document async for document in self.mongo.collection(OUTBOX).find({})]
        rows = [event for document in sorted(found, key=lambda d: d["_id"]) for event in document["events"]]
        wanted = {event.TYPE for event in (NoticeSent, NoticeDelivered, NoticeEnded)}
        return [(row["type"].split(".")[3], json.loads(row["body"])) for row in rows if row["type"] in wanted]

    async def key(self, scopes: Iterable[str]) -> dict[str, str]:
        """Headers with a fresh API key."""
        issued = await ApiKeys(self.mongo, now).issue(list(scopes), label="test")
        return {"Authorization": f"Bearer {issued}"}


async def first_refresh_token(gateways: str) -> str:
    """A person consents once."""
    form = {
        "code": "sim-zalo-consent",
        "app_id": SimulatorSettings().zalo_app_id,
        "grant_type": "authorization_code",
        "code_verifier": "v" * 43,
    }
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {"secret_key": SimulatorSettings().zalo_app_secret}
        reply = await client.post(f"{gateways}/zalo-oauth/v4/oa/access_token", data=form, headers=headers)
        token: str = reply.json()["refresh_token"]
        return token


@asynccontextmanager
async def open_town(mongodb_url: str, prefix: str, **changes: Any) -> AsyncIterator[Town]:
    """Start the API and the gateways on free ports, on a database of the test's own."""
    async with AsyncExitStack() as stack:
        opener, simulated = Opener(new_private_key()), SimulatorSettings()
        values: dict[str, Any] = {
            "mongodb_url": mongodb_url, "mongodb_prefix": prefix, "zalo_app_id": simulated.zalo_app_id,
            "zalo_app_secret": simulated.zalo_app_secret, "zalo_oa_secret_key": simulated.zalo_oa_secret_key,
            "esms_api_key": simulated.esms_api_key, "esms_secret_key": simulated.esms_secret_key,
            "esms_callback_secret": CALLBACK_SECRET, "gateway_timeout_seconds": 1.0, "claim_margin_seconds": 0.5,
            "zalo_receipt_seconds": 60, "zalo_unknown_seconds": 1.5, "retry_first_seconds": 0.2, "quiet_hours": "",
        }  # fmt: skip
        settings = NotifySettings(**(values | changes))
        mongo = settings.mongo("notify")
        await schema.ensure(mongo, STORES, MORE)
        api = await stack.enter_async_context(serving(create_app(settings, settings.mongo("notify"))))
        simulator = SimulatorSettings(
            zalo_webhook_url=f"{api}/v1/webhooks/zalo", zalo_night_block=False, no_zalo_every=0,
            receipt_delay_min_ms=20, receipt_delay_max_ms=80, receipt_late_ms=2_000,
        )  # fmt: skip
        gateways = await stack.enter_async_context(serving(create_gateways(simulator)))
        settings = NotifySettings(
            **(
                values
                | {
                    "zalo_base_url": f"{gateways}/zalo",
                    "zalo_oauth_url": f"{gateways}/zalo-oauth",
                    "esms_base_url": f"{gateways}/esms",
                    "esms_callback_url": f"{api}/v1/webhooks/esms/{CALLBACK_SECRET}",
                    "zalo_refresh_token": await first_refresh_token(gateways),
                }
                | changes
            )
        )
        gateway_client = await stack.enter_async_context(httpx.AsyncClient(base_url=gateways, trust_env=False))
        api_client = await stack.enter_async_context(httpx.AsyncClient(base_url=api, trust_env=False))
        yield Town(mongo, settings, opener, gateway_client, api_client, simulator)
        await mongo.drop()
        await mongo.close()


@pytest.fixture
async def town(mongodb_url: str, prefix: str) -> AsyncIterator[Town]:
    async with open_town(mongodb_url, prefix) as opened:
        yield opened
