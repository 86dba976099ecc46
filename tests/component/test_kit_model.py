"""One machine that plays everything at once over the kit, and says after each step what must have happened once.

Processes die, are stopped or cut off at any single call to an engine; partitions move and the former owner goes on;
records come again; the log is lost. `make model EXAMPLES=1000` plays as many other examples.
"""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.kit import schema
from services.kit.mongo import Mongo
from tests.component.model_actions import (
    Action,
    BatchIsDelivered,
    ClerkTells,
    FactsGoAllTheWay,
    PartitionsMove,
    PartnerCommands,
    RecordIsWrittenAgain,
    RelayPublishes,
    SomebodyWritesGarbage,
    WhileItIsStopped,
)
from tests.component.model_chances import ACTIONS
from tests.component.model_engines import Fault, GatedMongo
from tests.component.model_expectation import Seen, check, check_at_rest
from tests.component.model_log import READ, Publishing
from tests.component.model_service import BOOKS, CODES, COMMANDS, FACTS, OBSTACLES, Obstacles, SetObstacles
from tests.component.model_world import Time, World
from tests.drivers import DRIVER

EXAMPLES, STEPS = 25, 50


class Stage:
    """One database and one event loop for all examples."""

    def __init__(self, url: str, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.time = Time()
        self.mongo = Mongo(url, name, driver=DRIVER)
        self.clients = [GatedMongo(url, name, driver=DRIVER) for _ in range(3)]
        self.run(schema.ensure(self.mongo, [BOOKS, OBSTACLES]))

    def run(self, what: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(what)

    def close(self) -> None:
        for mongo in (self.mongo, *self.clients):
            self.run(mongo.close())
        self.loop.close()


class Kit(RuleBasedStateMachine):
    """One rule for all actions: with a rule each, hypothesis would leave out half of them in every example."""

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.stage.mongo, self.stage.time, self.stage.clients)
        self.failed = False

    def run(self, what: Awaitable[Any]) -> Any:
        try:
            return self.stage.run(what)
        except BaseException:
            self.failed = True
            raise

    @initialize()
    def begin(self) -> None:
        self.run(self.world.begin())

    @rule(action=ACTIONS)
    def step(self, action: Action) -> None:
        self.run(action.happen(self.world))

    @invariant()
    def each_record_has_had_its_effect_once_and_in_order(self) -> None:
        self.run(self._look())

    def teardown(self) -> None:
        try:
            if not self.failed:
                self.stage.run(self._come_to_rest())
        finally:
            self.stage.run(self.world.close())

    async def _look(self) -> Seen:
        seen = await Seen.of(self.world)
        check(self.world, seen)
        return seen

    async def _come_to_rest(self) -> None:
        """Faults end; then what is blocked waits, and nothing else; then nothing is blocked, and nothing waits."""
        world = self.world
        for process in (world.api, *world.workers):
            if process.doing is not None:
                await process.go_on(killed=False)
        world.rebalance(world.workers[0], READ, polite=True)
        obstacles = {
            found["_id"]: any(found[name] for name in Obstacles.__annotations__)
            for found in await world.all("obstacles")
        }
        await self._drain()
        check_at_rest(world, await self._look(), {code for code, blocked in obstacles.items() if blocked})
        for code in obstacles:
            await world.api.do(lambda code=code: world.api.commit(SetObstacles(code, Obstacles())), None)  # type: ignore[misc]
        await self._drain()
        check_at_rest(world, await self._look(), set())

    async def _drain(self) -> None:
        """Until nothing moves: what is applied makes events, and one record may be what another waits for."""
        world, worker, before = self.world, self.world.workers[0], None
        while before != (before := await self._moved()):
            self.stage.time.seconds += 7 * 3600
            await worker.do(lambda: worker.publish(Publishing()), None)
            while any(at < len(world.log.at(place)) for place, at in worker.positions.items()):
                standing = dict(worker.positions)
                await worker.do(lambda: worker.deliver(50, commit_is_heard=True), None)
                assert worker.positions != standing, "a batch is delivered again and again"
            await worker.do(worker.retry, None)

    async def _moved(self) -> tuple[Any, ...]:
        seen = await Seen.of(self.world)
        return seen.books, seen.parked, seen.letters, seen.waiting, dict(self.world.workers[0].positions)


@contextmanager
def staged(url: str, name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Kit]]:
    stage = Stage(url, name)
    monkeypatch.setattr("services.kit.lease.time", stage.time)
    transact = importlib.import_module("services.kit.mongo.transact")
    monkeypatch.setattr(transact, "FIRST_PAUSE_S", 0.0)
    monkeypatch.setattr(transact, "LONGEST_PAUSE_S", 0.002)
    # Whoever meets the open transaction of a process that is stopped does not wait for it.
    monkeypatch.setitem(transact.transact.__kwdefaults__, "conflict_s", 0.05)
    try:
        yield type("Machine", (Kit,), {"stage": stage})
    finally:
        stage.close()


def play(machine: type[Kit], examples: int) -> None:
    phases = set(Phase) - ({Phase.shrink, Phase.explain} if "MODEL_NO_SHRINK" in os.environ else set())
    run_state_machine_as_test(
        machine,
        settings=settings(
            derandomize="MODEL_EXAMPLES" not in os.environ,  # the same examples each time, until somebody asks for more
            max_examples=examples, stateful_step_count=STEPS, deadline=None, database=None,
            phases=phases, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


def test_whatever_fails_every_record_takes_effect_once_and_in_order(
    mongodb_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with staged(mongodb_url, f"{prefix}_model", monkeypatch) as machine:
        play(machine, int(os.environ.get("MODEL_EXAMPLES", EXAMPLES)))


X = CODES[0]
TOLD = (ClerkTells(X, 1, None), RelayPublishes(0, Publishing(), None))
SCRIPTS: dict[str, tuple[Action, ...]] = {
    # Seldom played by chance, and each a reason for a guard of its own.
    "a request is stopped between reading and writing while a batch writes the same dossier": (
        *TOLD,
        WhileItIsStopped(ClerkTells(X, 1, Fault("is stopped", 2)), (BatchIsDelivered(0, 8, True, None),)),
    ),
    "the database is away while a batch is read": (
        *TOLD,
        BatchIsDelivered(0, 8, True, Fault("is refused", 1)),
    ),
    "a command is in a batch twice": (
        FactsGoAllTheWay(X, 1),
        PartnerCommands(X, 1),
        RecordIsWrittenAgain((COMMANDS, 0), 0),
        BatchIsDelivered(0, 8, True, None),
    ),
    "a former owner moves a fence that has moved on": (
        FactsGoAllTheWay(X, 1),
        SomebodyWritesGarbage(FACTS, X, "not ours"),
        WhileItIsStopped(
            BatchIsDelivered(0, 8, True, Fault("is stopped", 2)),
            (PartitionsMove(1, frozenset(READ), polite=False), FactsGoAllTheWay(X, 2)),
        ),
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_rare_interleaving_ends_well(
    mongodb_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with staged(mongodb_url, f"{prefix}_model", monkeypatch) as machine:
        kit = machine()
        kit.begin()
        for action in SCRIPTS[name]:
            kit.step(action=action)
            kit.each_record_has_had_its_effect_once_and_in_order()
        kit.teardown()
