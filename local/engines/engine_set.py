"""The broker and the database the system runs on, chosen by the environment and handed over as addresses."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType

from local.engines.base import EngineProcess
from local.engines.cluster import NODES, KafkaCluster
from local.engines.errors import BadEngineSetting, Unreachable
from local.engines.kafka import Kafka
from local.engines.probes import answers_within
from local.engines.secantus import Secantus, SecantusServer
from local.engines.secantus_rs import SecantusRs
from local.engines.tansu import Tansu

EXISTING_DEADLINE_S = 10.0


class EngineKind(StrEnum):
    """Where an engine comes from."""

    EMBEDDED = "embedded"
    """From wheels, started here."""
    NATIVE = "native"
    """From the cache `make engines` fills, started here."""
    EXTERNAL = "external"
    """An existing cluster that is neither started nor stopped here."""


@dataclass(frozen=True)
class Endpoints:
    """Where the engines are, and the client settings their differences ask for."""

    kafka_bootstrap: str
    mongodb_url: str
    kafka_idempotence: bool
    """Whether producers may set `enable_idempotence`: the embedded broker refuses InitProducerId."""
    kafka_memory_only: bool
    """Whether a restart of the broker empties it."""
    fetch_max_wait_ms: int
    """How long a fetch may wait: the embedded broker answers late, so that 500 ms shows as latency."""
    kafka_replication: int = 1
    """How many copies a topic that is created here has."""


Broker = Tansu | Kafka | KafkaCluster


class EngineSet:
    """A broker and a database, started and stopped together.

    Either may be an existing cluster: then its process is None. Use it as `async with`, or call `start` and `stop`.
    """

    def __init__(
        self, broker: Broker | None, mongo: SecantusServer | None, *, bootstrap: str = "", mongodb_url: str = ""
    ) -> None:
        """Take the processes to start, and the address of each that is None."""
        self._broker, self._mongo = broker, mongo
        self._bootstrap = broker.bootstrap if broker else bootstrap
        self._mongodb_url = mongo.url if mongo else mongodb_url

    @classmethod
    def from_environment(
        cls, data_dir: Path, kafka_port: int = 0, mongo_port: int = 0, *, environ: Mapping[str, str] = os.environ
    ) -> EngineSet:
        """Choose the engines as ENGINES, KAFKA_NODES, KAFKA_BOOTSTRAP and MONGODB_URL say; port 0 is a free port.

        Each engine has a directory of its own under `data_dir`, the embedded and the native one too.
        Raises BadEngineSetting for an unknown value of ENGINES or KAFKA_NODES.
        """
        native = _wants_native(environ)
        nodes = _wanted_nodes(environ, native=native)
        bootstrap = environ.get("KAFKA_BOOTSTRAP", "").strip()
        mongodb_url = environ.get("MONGODB_URL", "").strip()
        broker: Broker | None = None
        mongo: SecantusServer | None = None
        if not bootstrap and nodes > 1:
            broker = KafkaCluster(data_dir / "kafka-cluster", kafka_port)
        elif not bootstrap and native:
            broker = Kafka(data_dir / "kafka", kafka_port, jvm=environ.get("KAFKA_JVM_OPTIONS", "").split())
        elif not bootstrap:
            broker = Tansu(data_dir / "tansu", kafka_port)
        if not mongodb_url:
            make = SecantusRs if native else Secantus
            mongo = make(data_dir / make.name, mongo_port)
        return cls(broker, mongo, bootstrap=bootstrap, mongodb_url=mongodb_url)

    @property
    def broker(self) -> EngineProcess | None:
        """The broker, or the first node of the cluster."""
        return next(iter(self.brokers), None)

    @property
    def brokers(self) -> Sequence[EngineProcess]:
        """Every broker that is started here: none, one, or the nodes of the cluster."""
        if isinstance(self._broker, KafkaCluster):
            return self._broker.nodes
        return () if self._broker is None else (self._broker,)

    @property
    def mongo(self) -> EngineProcess | None:
        return self._mongo

    @property
    def broker_kind(self) -> EngineKind:
        if self._broker is None:
            return EngineKind.EXTERNAL
        return EngineKind.EMBEDDED if isinstance(self._broker, Tansu) else EngineKind.NATIVE

    @property
    def mongo_kind(self) -> EngineKind:
        if self._mongo is None:
            return EngineKind.EXTERNAL
        return EngineKind.EMBEDDED if isinstance(self._mongo, Secantus) else EngineKind.NATIVE

    @property
    def endpoints(self) -> Endpoints:
        """The addresses and client settings, known before the start."""
        embedded = self.broker_kind is EngineKind.EMBEDDED
        return Endpoints(
            kafka_bootstrap=self._bootstrap,
            mongodb_url=self._mongodb_url,
            kafka_idempotence=not embedded,
            kafka_memory_only=embedded,
            fetch_max_wait_ms=50 if embedded else 500,
            kafka_replication=max(1, len(self.brokers)),
        )

    async def start(self) -> Endpoints:
        """Start both engines at once and wait until both answer; nothing is left running when one fails.

        Raises the errors of EngineProcess.start and wait_ready, and Unreachable for an existing cluster.
        """
        tasks = [
            asyncio.create_task(self._ready(self._broker, "KAFKA_BOOTSTRAP", self._bootstrap)),
            asyncio.create_task(self._ready(self._mongo, "MONGODB_URL", self._mongodb_url)),
        ]
        try:
            await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.stop()
            raise
        return self.endpoints

    async def stop(self) -> None:
        """Stop what was started here."""
        await asyncio.gather(*(engine.stop() for engine in (self._broker, self._mongo) if engine is not None))

    async def __aenter__(self) -> Endpoints:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @staticmethod
    async def _ready(engine: EngineProcess | KafkaCluster | None, setting: str, address: str) -> None:
        if engine is not None:
            await engine.start()
            await engine.wait_ready()
        elif not await answers_within(address, EXISTING_DEADLINE_S):
            raise Unreachable(setting, address)


def _wants_native(environ: Mapping[str, str]) -> bool:
    value = environ.get("ENGINES", "").strip() or EngineKind.EMBEDDED
    if value not in (EngineKind.EMBEDDED, EngineKind.NATIVE):
        raise BadEngineSetting("ENGINES", value, f"{EngineKind.EMBEDDED}, {EngineKind.NATIVE}")
    return value == EngineKind.NATIVE


def _wanted_nodes(environ: Mapping[str, str], *, native: bool) -> int:
    value = environ.get("KAFKA_NODES", "").strip() or "1"
    if value not in ("1", str(NODES)) or (value != "1" and not native):
        raise BadEngineSetting("KAFKA_NODES", value, f"1; {NODES} (ENGINES={EngineKind.NATIVE})")
    return int(value)
