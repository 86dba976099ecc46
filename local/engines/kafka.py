"""Native broker: Apache Kafka in KRaft mode, run from the jars that `make engines` fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.engines.base import EngineProcess
from local.engines.cache import PREPARE_COMMAND, java_binary, kafka_jars
from local.engines.errors import BinaryMissing, EngineDied, NotReady
from local.engines.ports import HOST, choose_port
from local.engines.probes import kafka_answers

# Any 16 bytes in base64 will do; all nodes of one cluster must be formatted with the same.
CLUSTER_ID = "bW90Y3VhLWxvY2FsLTAwMQ"
FORMAT_DEADLINE_S = 60.0
QUICK_START = "-XX:TieredStopAtLevel=1"
"""Java without its second compiler: half the CPU of a start, and slower under a load that lasts."""


class Kafka(EngineProcess):
    """One node that is broker and controller.

    Three nodes are a `KafkaCluster`: each has its `node_id`, `port` and `controller_port`, and all the same
    `quorum_voters` ("1@127.0.0.1:20001,2@127.0.0.1:20002,3@…").
    After SIGKILL a start takes 9 s more: the controller lets the old registration run out first
    (`broker.session.timeout.ms`; shorter, a busy machine fences the broker). A clean stop does not have to wait.
    """

    name = "kafka"
    default_deadline_s = 60.0

    def __init__(
        self,
        data_dir: Path,
        port: int = 0,
        *,
        node_id: int = 1,
        controller_port: int = 0,
        quorum_voters: str | None = None,
        heap: str = "512m",
        jvm: Sequence[str] = (),
        rebalance_delay_ms: int = 0,
        overrides: Mapping[str, str] | None = None,
        stop_grace_s: float = 30.0,
    ) -> None:
        """Take the node's place in the cluster; `overrides` are added to server.properties last.

        `jvm` is added to Java's command line. `rebalance_delay_ms` is 0 because every start of a group would wait for
        it (3 s by default).
        """
        if quorum_voters:
            self.name = f"kafka-{node_id}"  # one of several
        super().__init__(data_dir, port, stop_grace_s=stop_grace_s)
        self.node_id = node_id
        self.controller_port = choose_port(controller_port)
        self.quorum_voters = quorum_voters or f"{node_id}@{HOST}:{self.controller_port}"
        self.heap = heap
        self.jvm = tuple(jvm)
        self.rebalance_delay_ms = rebalance_delay_ms
        self.overrides = dict(overrides or {})

    @property
    def bootstrap(self) -> str:
        return self.address

    def needed_ports(self) -> Sequence[int]:
        return (self.port, self.controller_port)

    def command(self) -> Sequence[str]:
        # The heap is small but fixed at once, and running out of it ends the broker: half-dead ones only confuse tests.
        heap = (f"-Xms{self.heap}", f"-Xmx{self.heap}", "-XX:+ExitOnOutOfMemoryError")
        # Pause goals of Kafka's own start script.
        collector = ("-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35")
        return (*self._java(*heap, *collector, *self.jvm), "kafka.Kafka", str(self._properties_file))

    async def answers(self) -> bool:
        return await kafka_answers(self.bootstrap)

    async def prepare_data(self) -> None:
        """Write server.properties anew and format the log directory on the first start."""
        text = "".join(f"{key}={value}\n" for key, value in self.properties().items())
        self._properties_file.write_text(text)
        if not (self._log_dir / "meta.properties").exists():
            await self._format()

    def properties(self) -> dict[str, str]:
        """Return server.properties."""
        nodes = len(self.quorum_voters.split(","))
        replicas = str(min(3, nodes))
        in_sync = "2" if nodes >= 3 else "1"
        return {
            "process.roles": "broker,controller",
            "node.id": str(self.node_id),
            "controller.quorum.voters": self.quorum_voters,
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://{HOST}:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": str(self._log_dir),
            # A topic nobody declared is a mistake; the broker would hide it by making one with one partition.
            "auto.create.topics.enable": "false",
            "default.replication.factor": replicas,
            "min.insync.replicas": in_sync,
            "offsets.topic.replication.factor": replicas,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": in_sync,
            # 50 partitions each by default: seconds of the first group join and of every start, for nothing here.
            "offsets.topic.num.partitions": "8",
            "transaction.state.log.num.partitions": "4",
            "group.initial.rebalance.delay.ms": str(self.rebalance_delay_ms),
            # 128 MB by default, a quarter of our heap.
            "log.cleaner.dedupe.buffer.size": "16777216",
            **self.overrides,
        }

    @property
    def _properties_file(self) -> Path:
        return self.data_dir / "server.properties"

    @property
    def _log_dir(self) -> Path:
        return self.data_dir / "logs"

    def _java(self, *options: str) -> Sequence[str]:
        jars = kafka_jars()
        if not jars.exists():
            raise BinaryMissing(str(jars), PREPARE_COMMAND)
        logger = "-Dorg.slf4j.simpleLogger."
        dated = (f"{logger}showDateTime=true", f"{logger}dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ")
        return (java_binary(), *options, f"{logger}defaultLogLevel=warn", *dated, "-cp", f"{jars}/*")

    async def _format(self) -> None:
        """Format the log directory, about 1 s of Java.

        Raises EngineDied when the tool refuses, NotReady when it hangs.
        """
        arguments = ("format", "--config", str(self._properties_file), "--cluster-id", CLUSTER_ID, "--ignore-formatted")
        tool = await self._spawn((*self._java("-Xmx128m", QUICK_START), "kafka.tools.StorageTool", *arguments))
        try:
            returncode = await asyncio.wait_for(tool.wait(), FORMAT_DEADLINE_S)
        except TimeoutError:
            raise NotReady("kafka.tools.StorageTool", FORMAT_DEADLINE_S, self.log_tail()) from None
        finally:
            if tool.returncode is None:
                tool.kill()
                await tool.wait()
        if returncode != 0:
            raise EngineDied("kafka.tools.StorageTool", returncode, self.log_tail())
