"""Health checks that ask for a real protocol answer: an open port says nothing (it opens before the log is loaded)."""

from __future__ import annotations

import asyncio

from services.kit.kafka import cluster_answers
from services.kit.mongo import Mongo
from services.kit.mongo.driver import PyMongoError

_ATTEMPT_S = 2.0
_BETWEEN_S = 0.05


async def port_opens(bootstrap: str) -> bool:
    """Try each address without the client: its failed attempts are slow and noisy."""
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), _ATTEMPT_S)
        except (TimeoutError, OSError, ValueError):
            continue
        writer.close()
        return True
    return False


async def kafka_answers(bootstrap: str) -> bool:
    """Say whether a broker answers Metadata and lists at least one registered broker with a controller."""
    if not await port_opens(bootstrap):
        return False
    return await cluster_answers(bootstrap, _ATTEMPT_S)


async def mongo_answers(url: str) -> bool:
    """Say whether the server answers `ping`."""
    mongo = Mongo(url, "admin", driver="pymongo", pool=1)
    try:
        await mongo.ping(_ATTEMPT_S)
        return True
    except PyMongoError:
        return False
    finally:
        await mongo.close()


async def answers_within(url_or_bootstrap: str, deadline_s: float) -> bool:
    """Ask an existing cluster until it answers or the deadline passes."""
    ask = mongo_answers if "://" in url_or_bootstrap else kafka_answers
    loop = asyncio.get_running_loop()
    until = loop.time() + deadline_s
    while not await ask(url_or_bootstrap):
        if loop.time() >= until:
            return False
        await asyncio.sleep(_BETWEEN_S)
    return True
