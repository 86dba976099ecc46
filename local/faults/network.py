"""The way from the services to their engines, over proxies that can break it; tools beside them go straight."""

from __future__ import annotations

from dataclasses import replace

from local.doorway import Doorway
from local.engines import Endpoints
from local.engines.ports import choose_port
from local.faults.proxy import Proxy


class Network:
    """One proxy before each engine.

    A Kafka client goes where the broker says it is, past any proxy. So behind the proxy stands a door that speaks for
    the broker and names the proxy: the broker itself need not know, and who asks it directly is told its own address.
    """

    def __init__(self, kafka_port: int, mongo_port: int) -> None:
        door_port = choose_port(0)
        self.kafka, self.mongo = Proxy(door_port), Proxy(mongo_port)
        self._door = Doorway(kafka_port, door_port, named_port=self.kafka.port)

    def endpoints(self, direct: Endpoints) -> Endpoints:
        """What the services are told."""
        url = f"mongodb://{self.mongo.address}/?directConnection=true"
        return replace(direct, kafka_bootstrap=self.kafka.address, mongodb_url=url)

    async def start(self) -> None:
        """Raises: OSError: a port is taken."""
        await self._door.start()
        await self.kafka.start()
        await self.mongo.start()

    async def stop(self) -> None:
        await self.kafka.stop()
        await self.mongo.stop()
        await self._door.stop()
