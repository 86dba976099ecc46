"""Everybody at work on one installation: clerks, citizens, officers, partners' software."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from local.chaos.crowd import Crowd, Desk
from local.chaos.figures import Loaded
from local.chaos.installation import Installation, client
from local.chaos.offices import Offices
from local.chaos.road import Road
from local.chaos.software import Software, Wire


@dataclass
class People:
    """They work until the context ends."""

    crowd: Crowd
    desk: Desk
    road: Road
    wire: Wire
    software: Software | None
    offices: Offices | None

    def loaded(self) -> Loaded:
        repeats = self.desk.repeats + (self.software.repeats if self.software else 0)
        if self.offices is not None:
            self.crowd.refused.update(self.offices.refused)
            self.offices.refused.clear()
        return self.crowd.loaded(repeats)


@asynccontextmanager
async def at_work(stack: Installation, rate: float, told: float, *, worked: bool) -> AsyncIterator[People]:
    """
    Args:
        worked: agencies work on what comes, counters hand it over, and some counters have software of their own; else
            citizens come, and that is all.
    """
    found, identity = stack.addresses, stack.identity
    wire = Wire(stack, "partner")
    async with (
        client(found.intake, identity.counters_key) as counter,
        client(found.intake, identity.counters_key) as handing_over,
        client(found.routing, identity.agencies_key) as agency,
        client(found.simulators) as phones,
    ):
        desk = Desk(counter)
        software = Software(stack, wire) if worked else None
        offices = Offices(agency, handing_over, wire, stack.clock.now) if worked else None
        crowd = Crowd(desk, rate, told, software, varied=worked)
        road = Road(stack, phones, worked=worked)
        tasks = [asyncio.create_task(software.listen())] if software is not None else []
        tasks += [asyncio.create_task(offices.work())] if offices is not None else []
        try:
            yield People(crowd, desk, road, wire, software, offices)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await wire.close()
            await road.close()
