"""The live part of an inbox page: a stream for whoever signed in, which says within a second that the list changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from services.kit.web.roles import Role
from services.routing.web import stream
from tests.component.pages_fixtures import person, sign_in
from tests.component.routing_fixtures import Timed, begin, did
from tests.component.service_fixtures import DISTRICT, OFFICE, TWO_STEPS
from tests.component.test_routing_news import address as address
from tests.component.test_routing_news import process as process
from tests.eventually import eventually


@dataclass
class Heard:
    """Names of events, in order."""

    names: list[str] = field(default_factory=list)
    over: bool = False


@asynccontextmanager
async def listening(timed: Timed, address: str, agency: str = OFFICE) -> AsyncIterator[Heard]:
    at_browser = await sign_in(timed.service.app, person(Role.OFFICER, units=(agency,)))
    heard = Heard()
    async with (
        httpx.AsyncClient(base_url=address, cookies=dict(at_browser.http.cookies), timeout=60) as http,
        http.stream("GET", f"/hop-viec/{agency}/tin", headers={"Accept": "text/event-stream"}) as reply,
    ):
        assert reply.headers["content-type"].startswith("text/event-stream")
        assert reply.headers["cache-control"] == "no-store"

        async def read() -> None:
            async for line in reply.aiter_lines():
                if line.startswith("event: "):
                    heard.names.append(line.removeprefix("event: "))
            heard.over = True

        reading = asyncio.create_task(read())
        await eventually(lambda: heard.names == ["ready"])
        yield heard
        reading.cancel()


async def test_a_new_transfer_is_told_to_its_agency_alone_and_without_a_word_about_it(
    timed: Timed, address: str
) -> None:
    async with listening(timed, address) as office, listening(timed, address, DISTRICT) as district:
        code = await begin(timed.service, procedure=TWO_STEPS)
        await eventually(lambda: office.names == ["ready", "change"])
        assert district.names == ["ready"]
        await did(timed.service, code, "accept")
        await did(timed.service, code, "complete")
        await eventually(lambda: district.names == ["ready", "change"])


async def test_many_at_once_are_few_events(timed: Timed, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CALM_S", 1.0)
    async with listening(timed, address) as office:
        for number in range(1, 11):
            await begin(timed.service, number)
        await eventually(lambda: office.names.count("change") >= 1)
        assert office.names.count("change") < 10


async def test_time_that_passes_is_told_too(timed: Timed, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "BEAT_S", 0.05)
    monkeypatch.setattr(stream, "STOP_S", 0.05)
    async with listening(timed, address) as office:
        await eventually(lambda: office.names.count("change") >= 2)


async def test_it_ends_after_a_while_so_that_the_session_is_looked_at_again(
    timed: Timed, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LONGEST_S", 0.1)
    monkeypatch.setattr(stream, "STOP_S", 0.05)
    async with listening(timed, address) as office:
        await eventually(lambda: office.over)
