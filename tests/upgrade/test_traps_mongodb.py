"""What Motor does with conflicts and cancelled calls: trap 11."""

from __future__ import annotations

import asyncio
import importlib
import os
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo.errors import OperationFailure
from pymongo.monitoring import CommandListener, CommandStartedEvent

from services.kit.errors import Stale
from services.kit.mongo import Mongo, Session, transact
from tests.eventually import eventually
from tests.upgrade.kafka_side import DEADLINE_S, gone

TRANSACT = "services/kit/mongo/transact.py"
MANY = 50


@pytest.fixture
async def motor(mongodb_url: str, prefix: str) -> AsyncIterator[Mongo]:
    """Motor, whatever driver the lane uses: the trap is its own."""
    client = Mongo(mongodb_url, f"{prefix}_motor", driver="motor")
    await client.create_indexes("things", [])
    yield client
    await client.close()


class Conflict(OperationFailure):
    """What the server answers to the loser of a race."""

    def __init__(self) -> None:
        super().__init__("WriteConflict", 112, {"errorLabels": ["TransientTransactionError"]})


class Pauses:
    """Counts how often somebody pauses, and lets no time pass."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._sleep = asyncio.sleep

    async def sleep(self, seconds: float, result: Any = None) -> Any:
        self.slept.append(seconds)
        return await self._sleep(0, result)


async def test_trap_11_a_transaction_in_conflict_is_begun_anew_without_a_pause(
    motor: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses, tries = Pauses(), 0
    monkeypatch.setattr("asyncio.sleep", pauses.sleep)

    async def body(session: Any) -> None:
        nonlocal tries
        tries += 1
        if tries < MANY:
            raise Conflict

    async with await motor.client.start_session() as session:
        await session.with_transaction(body)
    assert (tries, pauses.slept) == (MANY, []), gone(11, "the retries of `transact`", TRANSACT)

    tries = 0
    with pytest.raises(Stale):
        await transact(motor, lambda session: _always_in_conflict(), attempts=MANY)
    assert len(pauses.slept) == MANY
    assert all(
        0 < pause <= importlib.import_module("services.kit.mongo.transact").LONGEST_PAUSE_S for pause in pauses.slept
    )


async def _always_in_conflict() -> None:
    raise Conflict


class HeldBack(CommandListener):
    """Stops the thread of a call after it was handed over, before it is sent."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.reached, self.go_on = threading.Event(), threading.Event()

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name == self.command:
            self.reached.set()
            self.go_on.wait(DEADLINE_S)

    def succeeded(self, event: Any) -> None: ...

    def failed(self, event: Any) -> None: ...


async def test_trap_11_a_cancelled_call_is_carried_out_all_the_same(
    motor: Mongo, mongodb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from motor.motor_asyncio import AsyncIOMotorClient

    held = HeldBack("insert")
    client: Any = AsyncIOMotorClient(mongodb_url, event_listeners=[held])
    things = client[motor.name]["things"]
    inserting = asyncio.ensure_future(things.insert_one({"_id": "cancelled"}))
    await eventually(held.reached.is_set, timeout=DEADLINE_S)
    inserting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await inserting
    held.go_on.set()

    async def there() -> bool:
        return await motor.collection("things").find_one({"_id": "cancelled"}) is not None

    try:
        await eventually(there, timeout=DEADLINE_S)
    except AssertionError:
        raise AssertionError(gone(11, "`asyncio.shield` in `transact`", TRANSACT)) from None
    finally:
        client.close()


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_remedy_11_a_transaction_whose_caller_was_cancelled_is_finished_whole(
    mongodb_url: str, prefix: str, driver: Any
) -> None:
    mongo = Mongo(mongodb_url, f"{prefix}_kit", driver=driver)
    await mongo.create_indexes("things", [])
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def body(session: Session) -> None:
        await mongo.collection("things").insert_one({"_id": 1}, session=session)
        entered.set()
        await go_on.wait()
        await mongo.collection("things").insert_one({"_id": 2}, session=session)

    caller = asyncio.create_task(transact(mongo, body))
    await asyncio.wait_for(entered.wait(), DEADLINE_S)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()

    async def both() -> bool:
        return [thing["_id"] async for thing in mongo.collection("things").find({})] == [1, 2]

    await eventually(both, timeout=DEADLINE_S)
    await mongo.close()


def test_trap_11_motor_does_ten_calls_at_a_time_on_two_processors_unless_told() -> None:
    """Set before Motor is imported; a library that reads it later makes the line in the driver useless."""
    from motor.frameworks import asyncio as framework

    assert framework._EXECUTOR._max_workers == int(os.environ["MOTOR_MAX_WORKERS"]) >= 64
