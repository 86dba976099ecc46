"""Citizens at a steady rate, and clerks who repeat until there is a receipt."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import httpx
import pytest

from local.chaos.crowd import AT_ONCE, Citizen, Crowd, Desk, NotTaken
from tests.eventually import eventually

CITIZEN = Citizen(7, "H12.970.00", "2.000815", told=True)


@dataclass
class Shut:
    """A door that lets nobody in until it is opened."""

    opened: asyncio.Event = field(default_factory=asyncio.Event)
    inside: int = 0
    most: int = 0

    async def register(self, citizen: Citizen) -> str:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.opened.wait()
        self.inside -= 1
        return citizen.reference


async def test_who_comes_while_nothing_answers_waits_in_line_and_is_served_in_the_end() -> None:
    door, stop = Shut(), asyncio.Event()
    crowd = Crowd(door, rate=2000.0)
    coming = asyncio.create_task(crowd.come(stop))
    await eventually(lambda: crowd.longest_line > AT_ONCE)
    stop.set()
    waiting = crowd.longest_line
    door.opened.set()
    await coming
    assert crowd.answered == crowd.begun >= AT_ONCE + waiting
    assert door.most == AT_ONCE
    assert crowd.loaded(0).longest_line == crowd.longest_line


async def test_a_code_on_two_receipts_is_seen() -> None:
    class Same:
        async def register(self, citizen: Citizen) -> str:
            return "H12.970.00-261123-000001"

    crowd = Crowd(Same(), rate=1.0)
    await crowd.one()
    await crowd.one()
    assert crowd.twice == ["H12.970.00-261123-000001"]
    assert crowd.answered == 2


async def test_what_no_repeat_changes_is_counted_by_its_slug_and_the_next_citizen_comes() -> None:
    class Refusing:
        async def register(self, citizen: Citizen) -> str:
            raise NotTaken("request-invalid")

    stop = asyncio.Event()
    crowd = Crowd(Refusing(), rate=500.0)
    coming = asyncio.create_task(crowd.come(stop))
    await eventually(lambda: crowd.refused["request-invalid"] > 2)
    stop.set()
    await coming
    assert crowd.refused["request-invalid"] == crowd.begun
    assert crowd.answered == 0


async def test_the_wanted_share_of_citizens_wants_to_be_told() -> None:
    door = Shut()
    door.opened.set()
    crowd = Crowd(door, rate=1.0, told=0.2)
    people = [crowd._next() for _ in range(200)]
    assert sum(citizen.told for citizen in people) == 40
    assert len({citizen.phone for citizen in people}) == len({citizen.reference for citizen in people}) == 200


async def test_a_clerk_repeats_with_the_same_key_and_the_same_words_until_there_is_a_receipt() -> None:
    heard: list[tuple[str, bytes]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        heard.append((request.headers["Idempotency-Key"], request.content))
        if len(heard) == 1:
            raise httpx.ReadTimeout("stopped")
        if len(heard) == 2:
            return httpx.Response(503, json={"slug": "busy"})
        return httpx.Response(201, json={"code": "H12.970.00-261123-000001"})

    async with httpx.AsyncClient(base_url="http://desk", transport=httpx.MockTransport(answer)) as http:
        desk = Desk(http)
        assert await desk.register(CITIZEN) == "H12.970.00-261123-000001"
    assert len(heard) == 3
    assert len(set(heard)) == 1
    assert desk.repeats == 2


async def test_a_refusal_is_not_repeated() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(422, json={"slug": "request-invalid"})

    async with httpx.AsyncClient(base_url="http://desk", transport=httpx.MockTransport(answer)) as http:
        with pytest.raises(NotTaken) as refused:
            await Desk(http).register(CITIZEN)
    assert refused.value.slug == "request-invalid"
