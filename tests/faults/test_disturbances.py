"""What strikes a running system besides death: workers that stand still, come and go, or have the wrong time; records
that come again, in another order, or spoilt."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator

import pytest

from contracts.topics import AGENCY_ACTIONS, COUNTER_INTAKE, DOSSIER_EVENTS
from local.chaos.records import unburied
from local.faults.strikes import Strikes
from services.kit.kafka import Record, read_log
from services.kit.points import PointName
from tests.eventually import eventually
from tests.faults.installation import epoch_of, leads, patient_town, quick_stack, second_of, shares
from tests.faults.load import crowd, each_told_once, finish_all
from tests.journeys.town import Citizen, Town

pytestmark = [pytest.mark.fault, pytest.mark.long, pytest.mark.timeout(420)]
FINISHED = 6
STOPPED: dict[str, PointName] = {
    "intake-worker": "relay-after-publish",
    "routing-worker": "consumer-before-commit",
    "notify-worker": "notice-before-call",
}
"""Where a leader stands still: with events sent and not marked, with a transaction open, with calls claimed."""
JOINS = 3
SKEW_S = 20.0


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with patient_town(quick_stack(tmp_path_factory.mktemp("town"))) as everybody:
        yield everybody


async def test_leaders_that_are_stopped_until_others_lead_and_then_wake_up_double_nothing(town: Town) -> None:
    stack, running = town.stack, town.stack.supervisor.running
    assert stack.fault_dir is not None
    strikes = Strikes(stack.fault_dir)
    seconds = [second_of(stack, name) for name in STOPPED]
    await stack.supervisor.start(seconds)
    for name in STOPPED:
        await shares(running[name], running[f"second-{name}"])
    before = {name: await epoch_of(stack, name.partition("-")[0]) for name in STOPPED}
    stopped = {name: running[name].pid for name in STOPPED}
    for name, point in STOPPED.items():
        strikes.arm(name, point, "stop")
    codes = await crowd(town, 24)

    async def others_lead() -> bool:
        assert all(strikes.struck(name, point) for name, point in STOPPED.items())
        epochs = {name: await epoch_of(stack, name.partition("-")[0]) for name in STOPPED}
        assert all(epochs[name] > before[name] for name in STOPPED), epochs
        return True

    await eventually(others_lead, timeout=90)
    for code in codes:
        await town.case(code)
    for name, pid in stopped.items():
        assert pid is not None
        assert running[name].pid == pid, name
        os.kill(pid, signal.SIGCONT)
    codes |= await crowd(town, 8)
    await all_is_well(town, codes)
    for plan in seconds:
        await running[plan.name].stop(20)


async def test_a_second_worker_that_joins_and_leaves_again_and_again_under_load(town: Town) -> None:
    supervisor = town.stack.supervisor
    load = asyncio.create_task(crowd(town, 96, pace_s=2.0))
    for round in range(JOINS):
        plan = second_of(town.stack, "routing-worker")
        await supervisor.start([plan])
        await shares(supervisor.running["routing-worker"], supervisor.running[plan.name])
        if round % 2:
            supervisor.running[plan.name].stopping = True  # or the supervisor would bring it back
            supervisor.running[plan.name].kill()
        await supervisor.running[plan.name].stop(20)
        supervisor.running[plan.name].log_file.unlink()
    await all_is_well(town, await load)


@pytest.mark.parametrize("skew_s", [-SKEW_S, SKEW_S])
async def test_a_worker_whose_clock_is_wrong_beside_one_whose_clock_is_right(town: Town, skew_s: float) -> None:
    stack = town.stack
    right = {name: stack.supervisor.running[name] for name in STOPPED}
    plans = [
        second_of(stack, name, CLOCK_OFFSET_SECONDS=str(stack.clock_offset + skew_s)) for name, process in right.items()
    ]
    await stack.supervisor.start(plans)
    for name, process in right.items():
        await shares(process, stack.supervisor.running[f"second-{name}"])
    codes = await crowd(town, 12)
    for process in right.values():
        process.kill()

    async def they_lead() -> bool:
        for name, process in right.items():
            if not await leads(stack.supervisor.running[f"second-{name}"]):
                process.kill()  # it was back before its lease had run out
                raise AssertionError(name)
        return True

    await eventually(they_lead, timeout=180, every=12)
    codes |= await crowd(town, 12)
    await all_is_well(town, codes)
    for plan in plans:
        await stack.supervisor.running[plan.name].stop(20)
        stack.supervisor.running[plan.name].log_file.unlink()


async def test_records_that_come_again_all_of_them_and_in_another_order_across_keys_change_nothing(town: Town) -> None:
    codes = await crowd(town, 12)
    some = dict(list(codes.items())[:FINISHED])
    await finish_all(town, some)
    await town.nothing_lost(180)
    before = await log_of(town)
    chosen = random.Random(7)
    by_key: dict[bytes | None, list[Record]] = {}
    for record in before:
        by_key.setdefault(record.key, []).append(record)
    again = list(before)  # as they came
    while by_key:  # and keys mixed anew, each key in its order
        key = chosen.choice(list(by_key))
        again.append(by_key[key].pop(0))
        if not by_key[key]:
            del by_key[key]
    await town.put(*(as_event(record) for record in again))
    more = await crowd(town, 6)
    await town.nothing_lost(180)
    assert len(await log_of(town)) >= len(before) + len(again)
    await each_told_once(town, some, 3)
    await each_told_once(town, {**{c: who for c, who in codes.items() if c not in some}, **more}, 1)


async def test_spoilt_records_among_the_good_ones_become_dead_letters_and_hold_up_nobody(town: Town) -> None:
    spoilt: dict[bytes, str] = {}

    async def spoil(number: int) -> None:
        good_headers = [("ce_id", str(number).encode()), ("ce_type", b"vn.gov.unknown.v1")]
        bodies = (b"\xff\xfe", b"{", None, b'{"code": 5}')
        headers = ([], good_headers, [("ce_id", None)], [("ce_id", b"\xff")])
        topic = (DOSSIER_EVENTS, COUNTER_INTAKE, AGENCY_ACTIONS)[number % 3].name
        key = b"spoilt-%d" % number
        await town.put({"topic": topic, "key": key, "body": bodies[number % 4], "headers": headers[number % 4]})
        spoilt[key] = topic

    load = asyncio.create_task(crowd(town, 32, pace_s=0.5))
    for number in range(48):
        await spoil(number)
        await asyncio.sleep(0.05)
    await all_is_well(town, await load)

    async def each_is_a_dead_letter_of_all_who_read_its_topic() -> bool:
        assert not (missing := await unburied(town.stack, spoilt)), missing
        return True

    await eventually(each_is_a_dead_letter_of_all_who_read_its_topic)


async def all_is_well(town: Town, codes: dict[str, Citizen]) -> None:
    """Some are finished, and then every rule of the checker holds and every phone has every message once."""
    some = dict(list(codes.items())[:FINISHED])
    await finish_all(town, some)
    report = await town.nothing_lost(180)
    assert report.seen["dossiers"] == report.seen["cases"]
    await each_told_once(town, some, 3)
    await each_told_once(town, {code: who for code, who in codes.items() if code not in some}, 1)


async def log_of(town: Town) -> list[Record]:
    topics = [DOSSIER_EVENTS.name]
    async with read_log(town.stack.endpoints.kafka_bootstrap, topics) as records:
        return [record async for record in records]


def as_event(record: Record) -> dict[str, object]:
    return {"topic": record.topic, "key": record.key, "body": record.value, "headers": list(record.headers)}
