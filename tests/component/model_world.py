"""The world of the model test: processes of one service over a real database and the small log; all may fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.problems import Refused
from services.kit import schema
from services.kit.commit import Committer
from services.kit.consumer import Consumer
from services.kit.errors import Stale, Unavailable
from services.kit.kafka import Record
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.kit.mongo.driver import PyMongoError
from services.kit.operations.operation import Acting
from services.kit.operations.parked import Parked
from services.kit.outbox import OUTBOX, republish
from services.kit.relay import Relay
from services.kit.retrier import Retrier
from services.kit.work import Cause, Item
from tests.component.model_engines import Died, Fault, Gate, GatedMongo, nothing
from tests.component.model_log import READ, Log, Place, Publisher, Publishing
from tests.component.model_service import BOOKS, CODES, COMMANDS, HANDLERS, OBSTACLES, reply

GROUP = "model"


@dataclass
class Time:
    """Moves only when the test says so: business time and the clock of leases."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 2, 0, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


class Process:
    """Something that can die or be stopped in the middle of what it does."""

    def __init__(self, mongo: GatedMongo, world: World) -> None:
        self.mongo, self.world = mongo, world
        self.gate = mongo.gate = Gate()
        self.doing: asyncio.Task[None] | None = None
        self.born()

    def born(self) -> None:
        """A new process: nothing is remembered."""

    async def do(self, action: Callable[[], Awaitable[None]], fault: Fault | None) -> None:
        self.gate.arm(fault)
        self.doing = asyncio.create_task(self._guarded(action))
        stopped = asyncio.create_task(self.gate.stopped.wait())
        await asyncio.wait({self.doing, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if self.doing.done():
            self._finish()

    async def go_on(self, *, killed: bool) -> None:
        """What was stopped runs again, or dies where it stands."""
        assert self.doing is not None
        self.gate.go_on(killed=killed)
        await asyncio.wait({self.doing})
        self._finish()

    def _finish(self) -> None:
        task, self.doing = self.doing, None
        assert task is not None
        task.result()

    async def _guarded(self, action: Callable[[], Awaitable[None]]) -> None:
        try:
            await action()
        except Died:
            self.born()
        except (Refused, Stale, Unavailable, PyMongoError):
            pass  # said to whoever asked, and tried again some time


class Api(Process):
    """Takes clerks' requests."""

    async def commit(self, decision: Any) -> None:
        committer = Committer(self.mongo, "/model", self.world.time.now)
        await committer.run_all([Item(decision, Cause("c"))], conflict_s=0.05)

    async def skip_head(self, code: str) -> None:
        """An operator wants the head of a parked key dropped; the retrier does it at its next round."""
        rows = [row["_id"] for row in await self.world.all("parked") if row["parked_key"] == f"{GROUP}|{code}"]
        if rows:
            parked = Parked(self.mongo, self.world.time.now)
            await parked.skip(f"{GROUP}|{code}", min(rows), Acting("operator-7", "as asked"))


class Worker(Process):
    """A member of the consumer group with its relay and its retrier."""

    def born(self) -> None:
        world = self.world
        self.lease = Lease(self.mongo, "worker")
        self.consumer = Consumer(
            GROUP, self.mongo, "/model", world.time.now, HANDLERS, command_topics=frozenset({COMMANDS}), reply=reply,
            epoch=str(world.log.epoch),
        )  # fmt: skip
        self.publisher = Publisher(world.log, self.gate)
        self.relay = Relay(self.mongo, self.publisher, self.lease, world.time.now)
        self.retrier = Retrier(self.mongo, self.consumer, self.lease)
        self.positions: dict[Place, int] = {}
        for place, owner in world.owners.items():
            if owner is self:
                self.positions[place] = world.log.committed.get(place, 0)

    async def deliver(self, most: int, *, commit_is_heard: bool) -> None:
        """One batch, as the subscription gives it: on failure the same records again, otherwise Kafka's commit."""
        log, batch, after = self.world.log, [], dict(self.positions)
        for place, position in self.positions.items():
            taken = log.at(place)[position : position + most]
            batch += taken
            after[place] = position + len(taken)
        await self.consumer.handle(batch)
        self.positions = after
        await self.gate.through("Kafka's commit", nothing)
        for place, position in after.items():
            if commit_is_heard and self.world.owners[place] is self:
                log.committed[place] = position

    async def lead(self) -> None:
        """Take the lease, if need be from one who has not been seen for too long."""
        while not self.lease.held and not await self.lease.hold():
            self.world.time.seconds += 2 * self.lease.ttl_s

    async def publish(self, how: Publishing) -> None:
        self.publisher.how = how
        await self.lead()
        await self.relay.once()

    async def retry(self) -> None:
        await self.lead()
        await self.retrier.once()


@dataclass
class World:
    """Everything outside the processes' memory."""

    mongo: Mongo
    time: Time
    clients: Sequence[GatedMongo]
    log: Log = field(default_factory=Log)
    read: Sequence[Place] = READ
    owners: dict[Place, Worker] = field(default_factory=dict)
    earlier: list[tuple[int, Record]] = field(default_factory=list)
    """What was read of logs that are lost."""
    commands: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CODES, 0))
    """How many the partner has sent, by dossier."""

    def __post_init__(self) -> None:
        self.api = Api(self.clients[0], self)
        self.workers = [Worker(client, self) for client in self.clients[1:]]

    async def begin(self) -> None:
        """An empty database; the first worker has all partitions."""
        for name in COLLECTIONS:
            await self.mongo.collection(name).delete_many({})
        self.rebalance(self.workers[0], self.read, polite=True)

    def rebalance(self, to: Worker, places: Sequence[Place], *, polite: bool) -> None:
        """Give partitions to a worker. An impolite former owner has not heard of it and goes on."""
        for place in places:
            before = self.owners.get(place)
            self.owners[place] = to
            if polite and before is not None and before is not to and before.doing is None:
                before.positions.pop(place, None)
            to.positions[place] = self.log.committed.get(place, 0)

    async def lose_the_log(self) -> None:
        """The runbook: stop the workers, a new epoch, republish, start. Partners send again what they sent."""
        for process in (self.api, *self.workers):
            if process.doing is not None:
                await process.go_on(killed=True)
        self.earlier += await self.consumed()
        old, self.log = self.log, Log(self.log.epoch + 1)
        for worker in self.workers:
            worker.born()
        await republish(self.mongo)
        for record in old.at((COMMANDS, 0)):
            self.log.append(record.topic, record.key, record.value, record.headers)

    async def consumed(self) -> list[tuple[int, Record]]:
        """Records of this log that the service has taken over for good, by the fences."""
        done = []
        fences = {fence["_id"]: fence["next"] for fence in await self.all("fences")}
        for topic, partition in self.read:
            end = fences.get(f"{GROUP}/{topic}@{self.log.epoch}/{partition}", 0)
            done += [(self.log.epoch, record) for record in self.log.at((topic, partition))[:end]]
        return done

    async def all(self, collection: str) -> list[dict[str, Any]]:
        found = [document async for document in self.mongo.collection(collection).find({})]
        return sorted(found, key=lambda document: str(document["_id"]))

    async def close(self) -> None:
        for process in (self.api, *self.workers):
            if process.doing is not None:
                await process.go_on(killed=True)


COLLECTIONS = tuple(dict.fromkeys((*schema.KIT, BOOKS.collection, OBSTACLES.collection, OUTBOX)))
