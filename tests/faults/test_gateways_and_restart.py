"""Gateways that take a message and say nothing; an installation that is stopped and started again."""

from __future__ import annotations

import pytest

from local.stack import Stack
from local.up import load_samples
from tests.faults.load import crowd, each_told_once, finish_all
from tests.journeys.town import Citizen, people_of

pytestmark = [pytest.mark.fault, pytest.mark.timeout(420)]
SAY_NOTHING = {"timeout_after_accept": 0.2, "drop_after_accept": 0.1, "receipt_twice": 0.1, "receipt_before_reply": 0.1}


async def test_gateways_that_keep_silent_and_a_restart_of_everything_leave_each_phone_with_each_message_once(
    fresh_stack: Stack,
) -> None:
    async with fresh_stack as running:
        await load_samples(running)
        async with people_of(running) as town:
            await town.phones.put("/control/faults", json=SAY_NOTHING)
            codes = await crowd(town, 36)
            told = dict(list(codes.items())[:12])
            await finish_all(town, told)
            await town.nothing_lost(180)
            await each_told_once(town, told, 3)
            await each_told_once(town, {c: who for c, who in codes.items() if c not in told}, 1)
            assert await silences(running) >= 1
            await town.phones.put("/control/faults", json={})
            begun = await crowd(town, 6)
            people = town.people
            for code in list(begun)[:3]:
                await town.case(code)  # the other three are stopped wherever they are
    await _after_the_restart(fresh_stack, codes | begun, begun, people)


async def silences(stack: Stack) -> int:
    """How many notices had a call that was never answered, and no receipt that came first.

    None at all would mean that the faults above did not strike.
    """
    notify = stack.mongo("notify")
    number: int = await notify.collection("notices").count_documents({"history.state": "unknown"})
    await notify.close()
    return number


async def _after_the_restart(
    stack: Stack, codes: dict[str, Citizen], begun: dict[str, Citizen], people: list[Citizen]
) -> None:
    events_before = stack.republished
    async with stack as again:
        if again.endpoints.kafka_memory_only:
            assert again.republished > events_before
        async with people_of(again) as town:
            town.people.extend(people)
            await finish_all(town, begun)
            report = await town.nothing_lost(180)
            assert report.seen["dossiers"] == report.seen["cases"] == len(codes)
            await each_told_once(town, begun, 3)
