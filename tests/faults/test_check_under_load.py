"""The checker beside a system at work and in trouble: what is only late it never calls lost, and it disturbs nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest

from motcua.check import Options, Report, Sources, check, incremental_check
from motcua.install import SERVICES
from services.kit import pauses
from services.kit.operations.operation import account_acting
from tests.eventually import eventually
from tests.faults.installation import patient_town, quick_stack
from tests.faults.load import crowd, each_told_once, finish_all
from tests.journeys.town import Citizen, Town

pytestmark = [pytest.mark.fault, pytest.mark.long, pytest.mark.timeout(900)]
GRACE = timedelta(seconds=10)
"""Far less than anything below lasts."""
LATE = frozenset({"event-not-sent", "key-parked", "command-without-answer"})
"""What waits longer than that is told as waiting."""


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """Its services reach the broker over a proxy; the checker does not."""
    async with patient_town(quick_stack(tmp_path_factory.mktemp("town"), through_proxies=True)) as everybody:
        yield everybody


async def test_nothing_is_found_while_dossiers_flow_and_nothing_when_they_have_come_to_rest(town: Town) -> None:
    stack = town.stack
    databases = {service: stack.mongo(service) for service in SERVICES}
    sources = Sources(databases, stack.endpoints.kafka_bootstrap)
    epoch = stack.supervisor.running["routing-worker"].plan.env["KAFKA_EPOCH"]
    reports: list[Report] = []
    codes: dict[str, Citizen] = {}
    over = asyncio.Event()

    async def look() -> None:
        while not over.is_set():
            reports.append(await incremental_check(sources, stack.clock.now(), Options(GRACE, epoch)))
            reports.append(await check(sources, stack.clock.now(), grace=GRACE, epoch=epoch))

    async def come() -> None:
        while not over.is_set():
            codes.update(await crowd(town, 4, patience=10, pace_s=0.5))

    async def seen(what: Callable[[Report], bool]) -> None:
        """Wait until both checks have looked, from now on."""
        start = len(reports)

        def both() -> bool:
            return {"full", "incremental"} <= {report.mode for report in reports[start:] if what(report)}

        await eventually(both, timeout=180)

    async def trouble() -> None:
        await seen(lambda report: report.seen["cases"] > 0)
        for group in ("routing", "notify", "intake"):
            await held(group, lambda group=group: seen(lambda report: waits_for(report, group)))  # type: ignore[misc]
        stack.kafka_proxy.cut()
        await seen(lambda report: "event-not-sent" in {finding.rule for finding in report.findings})
        stack.kafka_proxy.pass_through()
        await seen(lambda report: not report.findings)

    async def held(group: str, until: Callable[[], Awaitable[None]]) -> None:
        acting = account_acting("test", "kiểm thử")
        assert await pauses.pause(databases[group], group, acting, stack.clock.now())
        await until()
        assert await pauses.resume(databases[group], group, acting, stack.clock.now())

    working = [asyncio.create_task(look()), asyncio.create_task(come())]
    try:
        await trouble()
        some = dict(list(codes.items())[:12])
        await finish_all(town, some)
    finally:
        over.set()
        await asyncio.gather(*working)
    assert [finding for report in reports for finding in report.findings if finding.rule not in LATE] == []
    assert len({report.seen["events"] for report in reports}) > 1, "it looked while they flowed"
    await town.at_rest(180)

    async def clean() -> bool:
        new = await incremental_check(sources, stack.clock.now(), Options(timedelta(0), epoch))
        whole = await check(sources, stack.clock.now(), grace=timedelta(0))
        assert (new.findings, whole.findings) == ([], [])
        return True

    await eventually(clean, timeout=60)
    for mongo in databases.values():
        await mongo.close()
    await each_told_once(town, {code: who for code, who in codes.items() if code not in some}, 1)


def waits_for(report: Report, group: str) -> bool:
    """Whether it says that something older than it gives time waits for a consumer."""
    return any(f"records wait for {group}" in note for note in report.notes)
