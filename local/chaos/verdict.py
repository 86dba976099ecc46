"""After the storm: wait until nothing moves any more, then compare what was promised with what is there."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from local.chaos.crowd import Crowd
from local.chaos.figures import Verdict
from local.chaos.processes import SKEW_S
from local.chaos.road import AWAY, Road, Waiting
from local.chaos.show import Show
from local.stack import Stack
from motcua.check import Report, Sources, check
from motcua.install import SERVICES

STILL_S = 240.0
"""When what waits has not changed for so long, it waits for ever. Longer than the longest of the waits in
`installation.NOTIFY`: that for a gateway's word about a call whose answer was lost."""
LOOK_EVERY_S = 1.0
CLEAN_WITHIN_S = 20.0
NAMED = 20


async def judge(stack: Stack, road: Road, crowd: Crowd, show: Show) -> Verdict:
    """The end of a run: nobody comes any more."""
    restless = await _rest(road, show)
    show.phase("Đối chiếu nhật ký sự kiện, cơ sở dữ liệu và điện thoại")
    report = await _checked(stack)
    stored = await road.stored_codes()
    return Verdict(
        checked=report.as_dict(),
        answered=crowd.answered,
        stored=len(stored),
        not_stored=tuple(sorted(crowd.codes - stored)[:NAMED]),
        not_asked_for=len(stored - crowd.codes) + len(crowd.twice),
        restless=restless,
    )


async def _rest(road: Road, show: Show) -> str:
    """Returns: what waits for ever; empty when nothing does."""
    before: Waiting | None = None
    began = changed = time.monotonic()
    with show.bar(STILL_S):
        while True:
            try:
                waiting: Waiting | None = await road.waiting()
            except AWAY:
                waiting = None
            if waiting is not None and not waiting:
                return ""
            now = time.monotonic()
            if waiting != before:
                before, changed = waiting, now
            if now - changed > STILL_S:
                return str(waiting or "máy chủ không trả lời")
            show.at(now - changed, f"Chờ lắng ({now - began:.0f} s): {waiting or 'máy chủ không trả lời'}")
            await asyncio.sleep(LOOK_EVERY_S)


async def _checked(stack: Stack) -> Report:
    """The checker, on a system at rest: nothing is given time."""
    databases = {service: stack.mongo(service) for service in SERVICES}
    # A clock that was ahead wrote moments that have not come yet; they are no reason to pass over what they stand on.
    latest = timedelta(seconds=SKEW_S)
    sources = Sources(databases, stack.endpoints.kafka_bootstrap, stack.addresses.simulators)
    until = time.monotonic() + CLEAN_WITHIN_S
    try:
        while True:
            report = await check(sources, stack.clock.now() + latest, grace=timedelta(0))
            # A receipt that a phone has shown may be a moment away from its notice.
            if report.clean or time.monotonic() > until:
                return report
            await asyncio.sleep(LOOK_EVERY_S)
    finally:
        for mongo in databases.values():
            await mongo.close()
