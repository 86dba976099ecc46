"""Small pools of connections must be as good as one large pool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from services.kit.http_lanes import LANE, Lanes
from tests.eventually import eventually

ALL = 4 * LANE


class Door:
    """An HTTP server that answers when `all_of` requests are inside, or never."""

    def __init__(self, all_of: int) -> None:
        self.all_of, self.inside, self.connections = all_of, 0, 0
        self.full = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.inside += 1
                if self.inside >= self.all_of:
                    self.full.set()
                await self.full.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def opened(door: Door) -> AsyncIterator[str]:
    server = await asyncio.start_server(door.serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


def under_way(lanes: Lanes) -> list[int]:
    return [lane.under_way for lane in lanes._lanes]


async def test_as_many_calls_are_under_way_at_once_as_there_are_connections() -> None:
    door, lanes = Door(ALL), Lanes(ALL, 5.0)
    async with opened(door) as url, httpx.AsyncClient(transport=lanes, trust_env=False) as client:
        answers = await asyncio.wait_for(asyncio.gather(*(client.get(url) for _ in range(ALL))), 20)
    assert [answer.text for answer in answers] == ["ok"] * ALL
    assert set(under_way(lanes)) == {0}


async def test_calls_after_one_another_share_a_connection() -> None:
    door, lanes = Door(1), Lanes(ALL, 5.0)
    async with opened(door) as url, httpx.AsyncClient(transport=lanes, trust_env=False) as client:
        for _ in range(5):
            assert (await client.get(url)).text == "ok"
    assert door.connections == 1


async def test_no_connection_is_still_told_as_such() -> None:
    async with opened(Door(1)) as url:
        pass
    lanes = Lanes(ALL, 5.0)
    async with httpx.AsyncClient(transport=lanes, trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(url)
    assert set(under_way(lanes)) == {0}


async def test_a_call_that_is_given_up_leaves_its_lane() -> None:
    door, lanes = Door(2), Lanes(ALL, 5.0)
    async with opened(door) as url, httpx.AsyncClient(transport=lanes, trust_env=False) as client:
        given_up = asyncio.create_task(client.get(url))
        await eventually(lambda: door.inside, every=0.001)
        assert sum(under_way(lanes)) == 1
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        assert set(under_way(lanes)) == {0}
        assert (await client.get(url)).text == "ok"


async def test_a_body_that_is_not_read_leaves_its_lane_when_it_is_closed() -> None:
    door, lanes = Door(1), Lanes(ALL, 5.0)
    async with opened(door) as url, httpx.AsyncClient(transport=lanes, trust_env=False) as client:
        async with client.stream("GET", url):
            assert sum(under_way(lanes)) == 1
        assert set(under_way(lanes)) == {0}
