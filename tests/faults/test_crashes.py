"""Processes and the database die in the middle of work."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from local.engines.ports import choose_port
from tests.eventually import eventually
from tests.faults.load import crowd, each_told_once, finish_all
from tests.journeys.town import Town

pytestmark = [pytest.mark.fault, pytest.mark.timeout(420)]


async def test_each_worker_is_killed_in_turn_during_load_and_nothing_is_lost_or_done_twice(town: Town) -> None:
    running = town.stack.supervisor.running
    load = asyncio.create_task(crowd(town, 48, patience=30, pace_s=0.8))
    for name in ("intake-worker", "routing-worker", "notify-worker"):
        pid = running[name].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

        async def another(name: str = name, pid: int = pid) -> bool:
            return running[name].pid not in (None, pid)

        await eventually(another)
    codes = await load
    some = dict(list(codes.items())[:12])
    await finish_all(town, some)
    await town.nothing_lost(180)
    await each_told_once(town, some, 3)
    await each_told_once(town, {code: who for code, who in codes.items() if code not in some}, 1)


async def test_the_database_server_is_killed_and_everything_that_was_answered_is_there_afterwards(town: Town) -> None:
    mongo = town.stack.engines.mongo
    if mongo is None:
        pytest.skip("the database is not ours to kill")
    load = asyncio.create_task(crowd(town, 32, patience=30, pace_s=0.2))
    pid = mongo.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    codes = await load  # a clerk who got no answer, or 503, sent the same registration again
    assert mongo.pid != pid
    some = dict(list(codes.items())[:8])
    await finish_all(town, some)
    await town.nothing_lost(180)
    await each_told_once(town, some, 3)
    await each_told_once(town, {code: who for code, who in codes.items() if code not in some}, 1)


async def test_two_workers_of_one_service_share_the_partitions_and_everything_happens_once(town: Town) -> None:
    supervisor = town.stack.supervisor
    first = supervisor.running["routing-worker"]
    port = choose_port(0)
    second = replace(
        first.plan,
        name="second-routing-worker",
        env={**first.plan.env, "ROUTING_WORKER_PORT": str(port)},
        health=f"http://127.0.0.1:{port}/readyz",
    )
    before = first.log_file.read_text().count("kafka.assigned")
    await supervisor.start([second])

    def shares() -> list[int]:
        return [last_assignment(supervisor.running[name].log_file) for name in (first.plan.name, second.name)]

    async def shared() -> bool:
        assert first.log_file.read_text().count("kafka.assigned") > before
        assert min(shares()) > 0, shares()
        return True

    await eventually(shared, timeout=90)
    codes = await crowd(town, 32)
    some = dict(list(codes.items())[:8])
    await finish_all(town, some)
    await supervisor.running[second.name].stop(10)  # its partitions go back to the first
    later = await crowd(town, 8)
    for code in later:
        await town.case(code)
    await town.nothing_lost(180)
    await each_told_once(town, some, 3)


def last_assignment(log: Path) -> int:
    """Partitions of a worker's latest assignment."""
    entries = [json.loads(line) for line in log.read_text().splitlines() if "kafka.assigned" in line]
    return int(entries[-1]["partitions"]) if entries else 0
