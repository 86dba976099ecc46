"""Three nodes of Apache Kafka on one machine: a quorum that outlives the loss of any one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.engines.kafka import QUICK_START, Kafka
from local.engines.ports import HOST, choose_port

NODES = 3


class KafkaCluster:
    """The nodes, each a broker and a voter of the controllers' quorum, started and stopped together.

    Topics have three replicas; a record is acknowledged when two have it (`min.insync.replicas`). So one node may be
    lost without a pause beyond the 9 s after which the others notice; with two lost nothing is acknowledged.
    """

    def __init__(
        self, data_dir: Path, port: int = 0, *, heap: str = "256m", overrides: Mapping[str, str] | None = None
    ) -> None:
        """Give the first node `port`, all others free ones; touch nothing else.

        `heap` is small because there are three; `overrides` go to every node.
        """
        controllers = {node_id: choose_port() for node_id in range(1, NODES + 1)}
        voters = ",".join(f"{node_id}@{HOST}:{controller}" for node_id, controller in controllers.items())
        self.nodes: Sequence[Kafka] = tuple(
            Kafka(
                data_dir / str(node_id),
                port if node_id == 1 else 0,
                node_id=node_id,
                controller_port=controller,
                quorum_voters=voters,
                heap=heap,
                jvm=(QUICK_START,),
                overrides=overrides,
            )
            for node_id, controller in controllers.items()
        )

    @property
    def bootstrap(self) -> str:
        return ",".join(node.address for node in self.nodes)

    async def start(self) -> None:
        """Start all nodes; a quorum needs two, so none is waited for here.

        Raises what a node's start raises; those that had started are stopped.
        """
        try:
            await asyncio.gather(*(node.start() for node in self.nodes))
        except BaseException:
            await self.kill()
            raise

    async def wait_ready(self, deadline_s: float | None = None) -> None:
        """Wait until every node is a member that answers.

        Raises EngineDied or NotReady, of the first node that fails.
        """
        await asyncio.gather(*(node.wait_ready(deadline_s) for node in self.nodes))

    async def stop(self) -> None:
        """Ask all nodes to end at once."""
        await asyncio.gather(*(node.stop() for node in self.nodes))

    async def kill(self) -> None:
        """End all nodes at once, as a power cut would."""
        await asyncio.gather(*(node.kill() for node in self.nodes))
