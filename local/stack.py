"""The whole system on one machine: engines, topics, indexes, keys, six processes, phone networks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType

import httpx

from contracts.topics import all_topics
from local.caretaker import Caretaker
from local.doorway import Doorway
from local.engines import Endpoints, EngineSet
from local.faults.network import Network
from local.faults.proxy import Proxy
from local.identity import Identity, load_identity
from local.plan import Addresses, Ports, ProcessPlan, services, sign_in, simulators
from local.samples.load import read_samples
from local.simulators.settings import SimulatorSettings
from local.simulators.zalo_oauth import VERIFIER_LENGTH
from local.supervisor import Say, Supervisor
from motcua.install import SERVICES, issue_keys, prepare_databases
from services.kit.clock import Clock
from services.kit.kafka import create_topics
from services.kit.mongo import Mongo
from services.kit.outbox import republish
from services.kit.settings import Settings

WORKER_GRACE_S = 5.0
"""For workers whose broker is gone: they finish the calls to gateways, and have nothing to wait for beyond that."""


@dataclass
class Stack:
    """Start it, use it, stop it. Databases are kept between runs; the memory-only broker is filled again."""

    data_dir: Path
    say: Say
    ports: Ports = field(default_factory=Ports)
    prefix: str = "motcua"
    clock_offset: float = 0.0
    on_phase: Callable[[str], None] = lambda phase: None
    engine_pause_s: float = 1.0
    """How long after a crash an engine is started again."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Environment of the services on top of what every local installation gives them."""
    fault_dir: Path | None = None
    """Where `local.faults.strikes` says what shall happen to the processes."""
    through_proxies: bool = False
    """The services reach their engines over `kafka_proxy` and `mongo_proxy`; the tools beside them go straight."""
    republished: int = 0

    def __post_init__(self) -> None:
        self.data_dir = self.data_dir.absolute()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.identity: Identity = load_identity(self.data_dir)
        self.engines = EngineSet.from_environment(self.data_dir / "engines", self.ports.kafka, self.ports.mongo)
        self.supervisor = Supervisor(self.data_dir, self.say)
        self.caretaker = Caretaker(self.say, self.engine_pause_s)
        self.doorway = Doorway(self.ports.kafka, self.ports.doorway)
        self._network = Network(self.ports.kafka, self.ports.mongo) if self.through_proxies else None
        self.addresses: Addresses
        self._zalo_token = ""
        self.endpoints: Endpoints

    @property
    def clock(self) -> Clock:
        return Clock(timedelta(seconds=self.clock_offset))

    @property
    def kafka_proxy(self) -> Proxy:
        """Between the services and the broker; only with `through_proxies`."""
        assert self._network is not None
        return self._network.kafka

    @property
    def mongo_proxy(self) -> Proxy:
        """Between the services and the database; only with `through_proxies`."""
        assert self._network is not None
        return self._network.mongo

    def mongo(self, service: str) -> Mongo:
        """A client of one service's database, for the tools beside the services."""
        name, driver = f"{self.prefix}_{service}", Settings().mongo_driver
        return Mongo(self.endpoints.mongodb_url, name, driver=driver, app="motcua-local", pool=8, quiet_s=600)

    async def start(self) -> None:
        """Raises: EngineError, DidNotBecomeReady; what was started is stopped."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        self.on_phase("Khởi động máy chủ Kafka và MongoDB")
        self.endpoints = await self.engines.start()
        self.addresses = Addresses.of(self.ports, self.endpoints)
        if self.endpoints.kafka_memory_only:
            await self.doorway.start()
        if self._network is not None:
            await self._network.start()
        self.on_phase("Tạo topic, chỉ mục, khóa truy cập")
        await create_topics(self.endpoints.kafka_bootstrap, all_topics(), self.endpoints.kafka_replication)
        await self._prepare()
        self.on_phase("Khởi động các dịch vụ và mạng điện thoại mô phỏng")
        await self.supervisor.start(
            [
                simulators(self.ports, self.data_dir, self.identity, clock_offset=self.clock_offset),
                sign_in(self.ports),
            ]
        )
        self._zalo_token = await self._consent()
        await self.supervisor.start(self._plans())
        self._take_care()

    def _plans(self) -> list[ProcessPlan]:
        # A broker that forgot its log begins at offset 0 again: a new epoch, so that old fences do not match.
        epoch = str(time.time_ns() // 1_000_000) if self.endpoints.kafka_memory_only else "0"
        plans = services(
            self.ports, self._network.endpoints(self.endpoints) if self._network else self.endpoints, self.identity,
            epoch=epoch, prefix=self.prefix, clock_offset=self.clock_offset,
        )  # fmt: skip
        own = dict(self.settings) if self.fault_dir is None else {**self.settings, "FAULT_DIR": str(self.fault_dir)}
        notify = {"ZALO_REFRESH_TOKEN": self._zalo_token}
        return [
            replace(plan, env={**plan.env, **(notify if plan.name.startswith("notify") else {}), **own})
            for plan in plans
        ]

    def _take_care(self) -> None:
        """From now on a crashed engine comes back by itself; an emptied broker is filled again."""
        if self.engines.mongo is not None:
            self.caretaker.watch(self.engines.mongo)
        if self.engines.broker is not None and self.endpoints.kafka_memory_only:
            # Workers first: one that lived on would commit its old offsets to the empty broker.
            self.caretaker.watch(self.engines.broker, self._stop_workers, self._refill)
        else:
            for broker in self.engines.brokers:
                self.caretaker.watch(broker)

    async def _stop_workers(self) -> None:
        await self.supervisor.stop_workers(WORKER_GRACE_S)

    async def _refill(self) -> None:
        """Topics, journals and workers anew. What partners had written and nobody had read is gone with the broker."""
        await create_topics(self.endpoints.kafka_bootstrap, all_topics(), self.endpoints.kafka_replication)
        for service in SERVICES:
            mongo = self.mongo(service)
            self.republished += await republish(mongo)
            await mongo.close()
        await self.supervisor.start([plan for plan in self._plans() if plan.name.endswith("-worker")])

    async def stop(self) -> None:
        """Processes first, engines last."""
        await self.caretaker.stop()
        await self.supervisor.stop()
        if self._network is not None:
            await self._network.stop()
        await self.doorway.stop()
        await self.engines.stop()

    async def _prepare(self) -> None:
        samples = read_samples()
        for service in SERVICES:
            mongo = self.mongo(service)
            await prepare_databases(mongo, service)
            await issue_keys(
                mongo,
                self.clock.now,
                {
                    self.identity.operator_key: ["operator", "service"],
                    self.identity.counters_key: [f"counter:{code}" for code in samples.counter_codes],
                    self.identity.agencies_key: ["head", *(f"agency:{code}" for code in samples.agency_codes)],
                },
            )
            if self.endpoints.kafka_memory_only:
                self.republished += await republish(mongo)
            await mongo.close()

    async def _consent(self) -> str:
        """What a person does once in Zalo's console: allow the app to send; gives the first refresh token."""
        settings = SimulatorSettings()
        form = {
            "code": settings.zalo_auth_code,
            "app_id": settings.zalo_app_id,
            "grant_type": "authorization_code",
            "code_verifier": "v" * VERIFIER_LENGTH,
        }
        url = f"{self.addresses.simulators}/zalo-oauth/v4/oa/access_token"
        async with httpx.AsyncClient(timeout=5.0) as http:
            answer = await http.post(url, data=form, headers={"secret_key": settings.zalo_app_secret})
        token: str = answer.json()["refresh_token"]
        return token

    async def __aenter__(self) -> Stack:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
