"""Kafka is away: counters go on, and what they wrote arrives when it is back."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.eventually import eventually
from tests.faults.load import crowd, each_told_once, finish_all
from tests.journeys.town import Town

pytestmark = [pytest.mark.fault, pytest.mark.timeout(420)]
DOSSIERS = 60


async def test_sixty_dossiers_registered_while_the_broker_is_killed_all_arrive_once(town: Town) -> None:
    stack = town.stack
    broker = stack.engines.broker
    if broker is None:
        pytest.skip("the broker is not ours to kill")
    begun = await crowd(town, 6)
    for code in begun:
        await town.case(code)
    first_epoch = stack.supervisor.running["routing-worker"].plan.env["KAFKA_EPOCH"]
    first_pid = broker.pid
    assert first_pid is not None
    os.kill(first_pid, signal.SIGKILL)
    await eventually(lambda: not broker.running)
    codes = await crowd(town, DOSSIERS // 2)  # each is answered 201 at once
    assert not broker.running
    codes |= await crowd(town, DOSSIERS // 2)

    def back() -> bool:
        """A broker that kept its log goes on with the same epoch; one that forgot it begins a new one."""
        epoch = stack.supervisor.running["routing-worker"].plan.env["KAFKA_EPOCH"]
        return broker.pid not in (None, first_pid) and (epoch != first_epoch) == stack.endpoints.kafka_memory_only

    await eventually(back)
    await asyncio.gather(*(stack.supervisor.wait_ready(name) for name in stack.supervisor.running))
    for code in codes:
        assert (await town.case(code))["state"] == "open"
    some = dict(list(codes.items())[:10]) | begun
    await finish_all(town, some)
    report = await town.nothing_lost()
    assert report.seen["dossiers"] == report.seen["cases"] == DOSSIERS + 6
    await each_told_once(town, some, 3)
    await each_told_once(town, {code: who for code, who in codes.items() if code not in some}, 1)
