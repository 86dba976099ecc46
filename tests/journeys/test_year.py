"""The replay of the year, in small: stopped half way, taken up again, and counted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from local.plan import Ports
from local.stack import Stack
from local.year.plan import plan_year
from local.year.replay import Replay
from local.year.report import report_on
from local.year.run import SETTINGS, prepare, replay
from services.kit.kafka import Producer
from services.kit.settings import KafkaSettings

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]
PART = plan_year(days=3, scale=0.2)
ENOUGH = 12


def the_stack(data: Path) -> Stack:
    return Stack(data, lambda process, line: None, ports=Ports.free(), settings=SETTINGS)


async def test_a_year_that_was_broken_off_goes_on_where_it_was_and_everybody_counts_the_same(tmp_path: Path) -> None:
    first: list[int] = []
    some = asyncio.Event()

    def note(done: int) -> None:
        first.append(done)
        if len(first) >= ENOUGH:
            some.set()

    async with the_stack(tmp_path) as stack:
        await prepare(stack, PART)
        working = asyncio.create_task(replay(stack, PART, note))
        await asyncio.wait_for(some.wait(), 120)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    async with the_stack(tmp_path) as stack:
        await prepare(stack, PART)
        await replay(stack, PART, lambda done: None)
        report = await report_on(stack, PART)
    assert report.expected["interlinked"] > 0
    assert report.good, (report.log, report.statistics, report.cases, report.recount.differences, report.check.findings)


async def test_what_was_said_before_changes_nothing_when_it_is_said_again(tmp_path: Path) -> None:
    async with the_stack(tmp_path) as stack:
        await prepare(stack, PART)
        await replay(stack, PART, lambda done: None)
        endpoints = stack.endpoints
        settings = KafkaSettings(bootstrap=endpoints.kafka_bootstrap, idempotence=endpoints.kafka_idempotence)
        producer, nowhere = Producer(settings, "again"), stack.mongo("nobody")
        await producer.start()
        # Who looks back at an empty database says everything once more, and hears of the old answers only.
        await Replay(PART, stack, nowhere, producer, lambda done: None).run()
        await producer.stop()
        await nowhere.close()
        report = await report_on(stack, PART)
    assert report.good, (report.log, report.statistics, report.cases, report.recount.differences, report.check.findings)
