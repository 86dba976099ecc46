"""A process dies, or stands still, at a named point of the road, and nothing is lost or done twice."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping

import pytest

from contracts.events.agency import AcceptTransfer
from contracts.topics import AGENCY_ACTIONS
from local.faults.strikes import Strikes
from services.kit.points import PointName
from tests.eventually import eventually
from tests.faults.installation import patient_town, quick_stack
from tests.faults.load import crowd, each_told_once, finish_all
from tests.journeys.town import JUSTICE, Town

pytestmark = [pytest.mark.fault, pytest.mark.timeout(420)]
DOSSIERS, FINISHED = 16, 6
STOPPED_S = 9.0
"""Longer than a lease lives without a beat, and than a neighbour waits before it frees what a dead process held."""
Deaths = Mapping[str, PointName]
"""By process, the point where it dies. Several die in one round: that is what a power cut does, and it saves time."""
WORST: Deaths = {
    "intake-api": "decisions-after-commit",
    "intake-worker": "relay-after-publish",
    "routing-worker": "consumer-before-commit",
    "notify-worker": "notice-after-call",
    "notify-api": "receipt-before-answer",
}
OTHERS: tuple[Deaths, ...] = (
    {
        "intake-api": "decisions-before-commit",
        "intake-worker": "consumer-before-transaction",
        "routing-worker": "relay-after-publish",
        "notify-worker": "notice-before-call",
    },
    {
        "intake-worker": "consumer-before-commit",
        "routing-worker": "consumer-after-commit",
        "routing-api": "decisions-after-commit",
        "notify-worker": "receipts-before-mark",
    },
    {
        "intake-worker": "consumer-after-commit",
        "routing-worker": "relay-after-mark",
        "routing-api": "decisions-before-commit",
        "notify-worker": "decisions-before-commit",
    },
    {
        "intake-worker": "relay-after-mark",
        "routing-worker": "consumer-before-transaction",
        "notify-worker": "decisions-after-commit",
    },
    {"notify-worker": "consumer-before-commit"},
    {"notify-worker": "consumer-after-commit"},
    {"notify-worker": "relay-after-publish"},
)


def words(deaths: Deaths) -> str:
    return ",".join(f"{process}:{point}" for process, point in deaths.items())


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with patient_town(quick_stack(tmp_path_factory.mktemp("town"))) as everybody:
        yield everybody


async def test_the_worst_points(town: Town) -> None:
    await survives(town, WORST)


@pytest.mark.long
@pytest.mark.parametrize("point", ["retrier-before-commit", "retrier-after-commit"])
async def test_a_worker_that_dies_while_it_tries_a_parked_key_again(town: Town, point: PointName) -> None:
    """An agency's action comes before its dossier: intake's worker stands still, and with it intake's relay."""
    stack, worker = town.stack, town.stack.supervisor.running["intake-worker"]
    assert stack.fault_dir is not None
    assert worker.pid is not None
    strikes = Strikes(stack.fault_dir)
    os.kill(worker.pid, signal.SIGSTOP)
    codes = await crowd(town, 3)
    for code in codes:
        action = AcceptTransfer(code=code, occurred_at=stack.clock.now(), agency=JUSTICE, step=1)
        await town.send(AGENCY_ACTIONS.name, code, action)

    async def parked() -> bool:
        mongo = stack.mongo("routing")
        number: int = await mongo.collection("parked_keys").count_documents({})
        await mongo.close()
        return number == len(codes)

    await eventually(parked, timeout=60)
    strikes.arm("routing-worker", point)
    os.kill(worker.pid, signal.SIGCONT)
    await eventually(lambda: strikes.struck("routing-worker", point), timeout=60)
    await finish_all(town, codes)
    await town.nothing_lost(180)
    await each_told_once(town, codes, 3)


@pytest.mark.long
@pytest.mark.parametrize("deaths", OTHERS, ids=words)
async def test_every_other_point(town: Town, deaths: Deaths) -> None:
    await survives(town, deaths)


@pytest.mark.long
@pytest.mark.parametrize("stops", [WORST, *OTHERS], ids=words)
async def test_who_stands_still_at_any_point_and_goes_on_later_does_nothing_twice(town: Town, stops: Deaths) -> None:
    await survives(town, stops, "stop")


async def survives(town: Town, strikes_at: Deaths, what: str = "kill") -> None:
    """A small crowd is in flight, the points strike, and who died is started anew, who was stopped goes on."""
    stack, running = town.stack, town.stack.supervisor.running
    assert stack.fault_dir is not None
    strikes = Strikes(stack.fault_dir)
    before = {process: running[process].restarts for process in strikes_at}
    for process, point in strikes_at.items():
        strikes.arm(process, point, what)
    waking = asyncio.gather(*(_woken(town, strikes, process, point) for process, point in strikes_at.items()))
    codes = await crowd(town, DOSSIERS)
    some = dict(list(codes.items())[:FINISHED])
    await finish_all(town, some)
    await waking
    report = await town.nothing_lost(180)
    assert report.seen["dossiers"] == report.seen["cases"]
    again = 1 if what == "kill" else 0
    assert {p: running[p].restarts - before[p] for p in strikes_at} == dict.fromkeys(strikes_at, again)
    await each_told_once(town, some, 3)
    await each_told_once(town, {code: who for code, who in codes.items() if code not in some}, 1)


async def _woken(town: Town, strikes: Strikes, process: str, point: PointName) -> None:
    """Wait until the point has struck; some seconds later the process goes on, where it is still there."""
    pid = town.stack.supervisor.running[process].pid
    await eventually(lambda: strikes.struck(process, point), timeout=120)
    await asyncio.sleep(STOPPED_S)
    if pid is not None and town.stack.supervisor.running[process].pid == pid:
        os.kill(pid, signal.SIGCONT)
