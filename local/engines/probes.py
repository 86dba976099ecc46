"""Health checks that ask for a real protocol answer: an open port says nothing (it opens before the log is loaded)."""

from __future__ import annotations

import asyncio

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

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
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=int(_ATTEMPT_S * 1000))
    try:
        await asyncio.wait_for(admin.start(), _ATTEMPT_S)
        cluster = await asyncio.wait_for(admin.describe_cluster(), _ATTEMPT_S)
        return bool(cluster["brokers"])
    except (TimeoutError, KafkaError, OSError):
        return False
    finally:
        await admin.close()


async def mongo_answers(url: str) -> bool:
    """Say whether the server answers `ping`."""
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(
        url, serverSelectionTimeoutMS=500, connectTimeoutMS=500, socketTimeoutMS=int(_ATTEMPT_S * 1000)
    )
    try:
        await client.admin.command("ping")
        return True
    except PyMongoError:
        return False
    finally:
        await client.close()


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
