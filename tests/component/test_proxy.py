"""The proxy that breaks the network for the fault tests must itself do what it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from contracts.topics import DOSSIER_EVENTS
from local.engines import Endpoints
from local.engines.ports import choose_port
from local.faults.network import Network
from local.faults.proxy import Proxy
from services.kit.kafka import Producer, create_topics
from services.kit.settings import KafkaSettings
from tests.eventually import eventually

SOON_S = 0.3
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Echo:
    """Says back what it hears."""

    def __init__(self) -> None:
        self.port = choose_port(0)
        self.heard = bytearray()
        self.resets = 0
        self.ends = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65536):
                self.heard += piece
                writer.write(piece)
                await writer.drain()
            self.ends += 1
        except ConnectionError:
            self.resets += 1
        finally:
            writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    server = Echo()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def proxy(echo: Echo) -> AsyncIterator[Proxy]:
    running = Proxy(echo.port)
    await running.start()
    yield running
    await running.stop()
    assert running.connections == 0


async def connect(proxy: Proxy) -> Connection:
    return await asyncio.open_connection("127.0.0.1", proxy.port)


async def said_back(connection: Connection, words: bytes) -> bytes:
    reader, writer = connection
    writer.write(words)
    await writer.drain()
    return await reader.readexactly(len(words))


async def silence(connection: Connection) -> None:
    """Nothing comes, not even an end."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(connection[0].read(1), SOON_S)


async def test_everything_passes_both_ways_and_ends_in_order(proxy: Proxy, echo: Echo) -> None:
    reader, writer = await connect(proxy)
    words = bytes(range(256)) * 4096
    writer.write(words)
    writer.write_eof()
    assert await reader.read() == words
    assert bytes(echo.heard) == words
    writer.close()
    await eventually(lambda: (echo.ends, echo.resets, proxy.connections) == (1, 0, 0))


async def test_a_cut_resets_what_is_open_and_refuses_what_comes_until_the_network_is_back(
    proxy: Proxy, echo: Echo
) -> None:
    before = await connect(proxy)
    assert await said_back(before, b"hello") == b"hello"
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        await before[0].read(1)
    with pytest.raises(ConnectionRefusedError):
        await connect(proxy)
    await eventually(lambda: echo.resets == 1)
    proxy.pass_through()
    assert await said_back(await connect(proxy), b"again") == b"again"


async def test_a_half_open_network_accepts_says_nothing_and_ends_nothing(proxy: Proxy, echo: Echo) -> None:
    before = await connect(proxy)
    assert await said_back(before, b"hello") == b"hello"
    proxy.half_open()
    during = await connect(proxy)
    for _, writer in (before, during):
        writer.write(b"anybody?")
    await asyncio.gather(silence(before), silence(during))
    assert bytes(echo.heard) == b"hello"
    proxy.pass_through()
    for reader, _ in (before, during):
        assert await reader.readexactly(8) == b"anybody?"


async def test_a_connection_that_is_frozen_can_be_cut(proxy: Proxy) -> None:
    before = await connect(proxy)
    assert await said_back(before, b"hello") == b"hello"
    proxy.half_open()
    during = await connect(proxy)
    proxy.cut()
    for reader, _ in (before, during):
        with pytest.raises(ConnectionResetError):
            await reader.read(1)


async def test_a_connection_that_was_forgotten_stays_silent_while_new_ones_pass(proxy: Proxy, echo: Echo) -> None:
    before = await connect(proxy)
    assert await said_back(before, b"hello") == b"hello"
    proxy.strand()
    before[1].write(b"anybody?")
    assert await said_back(await connect(proxy), b"new") == b"new"
    await silence(before)
    assert bytes(echo.heard) == b"hellonew"
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        await before[0].read(1)


async def test_only_the_busiest_connections_are_forgotten_when_so_many_are_asked_for(proxy: Proxy) -> None:
    busy, idle = await connect(proxy), await connect(proxy)
    assert await said_back(idle, b"hello") == b"hello"
    assert await said_back(busy, b"x" * 1000) == b"x" * 1000
    proxy.strand(1)
    busy[1].write(b"anybody?")
    assert await said_back(idle, b"still here") == b"still here"
    await silence(busy)


async def test_a_delay_holds_back_each_way(proxy: Proxy) -> None:
    connection = await connect(proxy)
    assert await said_back(connection, b"quick") == b"quick"
    proxy.delay(0.2)
    started = time.monotonic()
    assert await said_back(connection, b"slow") == b"slow"
    assert time.monotonic() - started >= 0.4


async def test_all_connections_share_a_throttled_line(proxy: Proxy) -> None:
    connections = [await connect(proxy) for _ in range(2)]
    proxy.throttle(40_000)
    started = time.monotonic()
    answers = await asyncio.gather(*(said_back(connection, b"x" * 5_000) for connection in connections))
    assert [len(answer) for answer in answers] == [5_000, 5_000]
    # Twice 5,000 bytes there and back; the last dose arrives before its time on the line is over.
    assert time.monotonic() - started >= 0.4
    proxy.pass_through()
    assert await said_back(connections[0], b"x" * 100_000) == b"x" * 100_000


async def test_a_server_that_is_away_is_an_end_of_the_connection(proxy: Proxy, echo: Echo) -> None:
    await echo.stop()
    reader, _ = await connect(proxy)
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    await eventually(lambda: proxy.connections == 0)
    await echo.start()
    assert await said_back(await connect(proxy), b"back") == b"back"


async def test_a_kafka_client_stays_behind_the_proxy_and_the_tools_beside_it_go_straight(broker: Endpoints) -> None:
    await create_topics(broker.kafka_bootstrap, [DOSSIER_EVENTS])
    network = Network(int(broker.kafka_bootstrap.partition(",")[0].rpartition(":")[2]), choose_port(0))
    await network.start()
    seen = network.endpoints(broker)
    behind = Producer(KafkaSettings(bootstrap=seen.kafka_bootstrap, idempotence=seen.kafka_idempotence), "behind")
    straight = Producer(KafkaSettings(bootstrap=broker.kafka_bootstrap, idempotence=seen.kafka_idempotence), "straight")
    event = {"topic": DOSSIER_EVENTS.name, "key": b"k", "body": b"{}", "headers": []}
    for producer in (behind, straight):
        await producer.start()
        assert await producer.publish([event]) == [None]
    network.kafka.half_open()
    sending = asyncio.create_task(behind.publish([event]))
    assert await straight.publish([event]) == [None]
    assert not (await asyncio.wait({sending}, timeout=SOON_S))[0]
    network.kafka.pass_through()
    assert await sending == [None]
    for producer in (behind, straight):
        await producer.stop()
    await network.stop()
