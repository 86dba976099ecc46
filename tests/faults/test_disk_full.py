"""The database's disk is full: nothing more is answered as done, and what was answered is there afterwards.

The limit on the size of files that a process may write makes its disk full without touching the machine's. The
embedded servers (WiredTiger both) panic at the first write of their log that fails, as MongoDB does; unlike MongoDB
they do not end then. They refuse everything until they are started again, also when there is room again.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

from services.kit.ids import new_id
from tests.eventually import eventually
from tests.faults.installation import patient_town, quick_stack
from tests.faults.load import crowd, each_told_once, finish_all
from tests.journeys.town import DESK, ONE_STOP, Town

pytestmark = [pytest.mark.fault, pytest.mark.long, pytest.mark.timeout(420)]
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    stack = quick_stack(tmp_path_factory.mktemp("town"))
    if stack.engines.mongo is None or sys.platform != "linux":
        pytest.skip("the database is not ours to limit")
    async with patient_town(stack) as everybody:
        yield everybody


async def test_a_full_disk_is_said_and_after_a_restart_with_room_nothing_is_missing(town: Town) -> None:
    mongo = town.stack.engines.mongo
    assert mongo is not None
    before = await crowd(town, 8)
    pid = mongo.pid
    assert pid is not None
    load = asyncio.create_task(crowd(town, 32, pace_s=0.5))
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    await eventually(lambda: refused(town), timeout=60)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, UNLIMITED)
    assert await refused(town), "it healed by itself: then the runbook need not ask for a restart"
    await mongo.kill()  # its service manager, or an operator
    codes = before | await load
    some = dict(list(codes.items())[:6])
    await finish_all(town, some)
    report = await town.nothing_lost(180)
    assert report.seen["dossiers"] == report.seen["cases"] == len(codes)
    await each_told_once(town, some, 3)
    await each_told_once(town, {code: who for code, who in codes.items() if code not in some}, 1)


async def refused(town: Town) -> bool:
    """Whether a clerk is told to come again later."""
    async with httpx.AsyncClient(base_url=town.counter.base_url, headers=town.counter.headers, timeout=30) as clerk:
        body = {"counter": DESK, "procedure_code": ONE_STOP, "checklist": [], "applicant": {}}
        answer = await clerk.post("/v1/dossiers", json=body, headers={"Idempotency-Key": new_id()})
    assert answer.status_code in (422, 503), answer.text
    return answer.status_code == 503
