"""What may happen in the model test, each as a value that says how: the steps of the machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tests.component.model_engines import Fault
from tests.component.model_log import Place, Publishing
from tests.component.model_service import COMMANDS, Obstacles, SetObstacles, Tell, command, not_ours
from tests.component.model_world import Worker, World


class Action(Protocol):
    async def happen(self, world: World) -> None: ...


def _free(world: World, number: int) -> Worker | None:
    """This worker, or the other one while this one is stopped."""
    workers = (world.workers[number], world.workers[1 - number])
    return next((worker for worker in workers if worker.doing is None), None)


# What the world asks for.


@dataclass(frozen=True)
class ClerkTells:
    code: str
    many: int
    fault: Fault | None

    async def happen(self, world: World) -> None:
        for _ in range(self.many):
            if world.api.doing is None:
                await world.api.do(lambda: world.api.commit(Tell(self.code)), self.fault)


@dataclass(frozen=True)
class PartnerCommands:
    code: str
    many: int

    async def happen(self, world: World) -> None:
        for _ in range(self.many):
            world.commands[self.code] += 1
            envelope, message = command(self.code, world.commands[self.code])
            headers = tuple((name, value.encode()) for name, value in envelope.headers().items())
            world.log.append(COMMANDS, self.code.encode(), message.to_json(), headers)


@dataclass(frozen=True)
class SomebodyWritesGarbage:
    """Or what this service does nothing about."""

    topic: str
    code: str
    spoiled: str

    async def happen(self, world: World) -> None:
        envelope, _ = command(self.code, 900 + len(world.log.at((self.topic, 0))))
        headers: tuple[tuple[str, bytes | None], ...] = tuple((n, v.encode()) for n, v in envelope.headers().items())
        body = {"header": b"{}", "body": b"\xff{"}.get(self.spoiled)
        if self.spoiled == "header":
            headers = (*headers, ("x", None))
        if self.spoiled == "not ours":
            headers, body = not_ours(self.code)
        world.log.append(self.topic, self.code.encode(), body, headers)


@dataclass(frozen=True)
class TheWorldChanges:
    """A fact goes missing or arrives, a rule begins or ceases to refuse, a bug comes or goes."""

    code: str
    obstacles: Obstacles

    async def happen(self, world: World) -> None:
        if world.api.doing is None:
            await world.api.do(lambda: world.api.commit(SetObstacles(self.code, self.obstacles)), None)


@dataclass(frozen=True)
class OperatorSkips:
    code: str
    fault: Fault | None

    async def happen(self, world: World) -> None:
        if world.api.doing is None:
            await world.api.do(lambda: world.api.skip_head(self.code), self.fault)


# What the workers do.


@dataclass(frozen=True)
class RelayPublishes:
    number: int
    how: Publishing
    fault: Fault | None

    async def happen(self, world: World) -> None:
        if worker := _free(world, self.number):
            await worker.do(lambda: worker.publish(self.how), self.fault)


@dataclass(frozen=True)
class BatchIsDelivered:
    number: int
    most: int
    commit_is_heard: bool
    fault: Fault | None

    async def happen(self, world: World) -> None:
        if worker := _free(world, self.number):
            await worker.do(lambda: worker.deliver(self.most, commit_is_heard=self.commit_is_heard), self.fault)


@dataclass(frozen=True)
class FactsGoAllTheWay:
    """Told, published and delivered, without a fault."""

    code: str
    many: int

    async def happen(self, world: World) -> None:
        await ClerkTells(self.code, self.many, None).happen(world)
        await RelayPublishes(0, Publishing(), None).happen(world)
        for number in (0, 1):
            await BatchIsDelivered(number, 8, True, None).happen(world)


@dataclass(frozen=True)
class ParkedKeysAreTried:
    number: int
    fault: Fault | None

    async def happen(self, world: World) -> None:
        if worker := _free(world, self.number):
            world.time.seconds += 7 * 3600
            await worker.do(worker.retry, self.fault)


# What befalls them.


@dataclass(frozen=True)
class StoppedProcessGoesOnOrDies:
    which: int
    killed: bool

    async def happen(self, world: World) -> None:
        stopped = [process for process in (*world.workers, world.api) if process.doing is not None]
        if stopped:
            await stopped[self.which % len(stopped)].go_on(killed=self.killed)


@dataclass(frozen=True)
class WhileItIsStopped:
    """What one process does is cut in two by what others do."""

    cut: Action
    meanwhile: tuple[Action, ...]

    async def happen(self, world: World) -> None:
        before = [process for process in (world.api, *world.workers) if process.doing is not None]
        for action in (self.cut, *self.meanwhile):
            await action.happen(world)
        for process in (world.api, *world.workers):
            if process.doing is not None and process not in before:
                await process.go_on(killed=False)


@dataclass(frozen=True)
class PartitionsMove:
    number: int
    places: frozenset[Place]
    polite: bool

    async def happen(self, world: World) -> None:
        if worker := _free(world, self.number):
            world.rebalance(worker, sorted(self.places), polite=self.polite)


@dataclass(frozen=True)
class RecordsComeAgain:
    """Delivered again: the member's position goes back."""

    number: int
    back: int

    async def happen(self, world: World) -> None:
        if worker := _free(world, self.number):
            worker.positions = {place: max(0, at - self.back) for place, at in worker.positions.items()}


@dataclass(frozen=True)
class RecordIsWrittenAgain:
    """A producer's repeat: the same record at a new offset."""

    place: Place
    which: int

    async def happen(self, world: World) -> None:
        there = world.log.at(self.place)
        if there:
            again = there[self.which % len(there)]
            world.log.append(again.topic, again.key, again.value, again.headers)


@dataclass(frozen=True)
class BrokerLosesItsLog:
    async def happen(self, world: World) -> None:
        await world.lose_the_log()
