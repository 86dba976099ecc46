"""A connection to MongoDB that dies without a word must not hold up its caller for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from local.faults.proxy import Proxy
from services.kit.mongo import Mongo
from services.kit.mongo.driver import Driver

FAR_TOO_LONG_S = 60.0


@pytest.fixture
async def proxy(mongodb_url: str) -> AsyncIterator[Proxy]:
    server = urlsplit(mongodb_url)
    if server.port is None or server.hostname is None:
        pytest.skip("the address names no single server")
    running = Proxy(server.port, server.hostname)
    await running.start()
    yield running
    await running.stop()


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_a_read_on_a_connection_that_a_router_forgot_goes_on_over_another(
    proxy: Proxy, prefix: str, driver: Driver
) -> None:
    """The client's own watch on the server sees nothing wrong: its connection is another one."""
    mongo = Mongo(f"mongodb://{proxy.address}/?directConnection=true", f"{prefix}_kit", driver=driver, quiet_s=1.0)
    things = mongo.collection("things")
    await things.insert_one({"_id": 1, "weight": "x" * 100_000})
    assert await things.find_one({"_id": 1})
    proxy.strand(1)
    found = await asyncio.wait_for(things.find_one({"_id": 1}), FAR_TOO_LONG_S)
    assert found["_id"] == 1
    await mongo.close()
