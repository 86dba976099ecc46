"""The two kinds of process: `serve` (HTTP + MongoDB only) and `Worker` (Kafka, relay, background loops)."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import stamina
import uvicorn
import uvloop
from fastapi import FastAPI
from pymongo import IndexModel

from contracts.topics import Topic
from services.kit import logs, metrics, points, schema, telemetry
from services.kit.consumer import Consumer
from services.kit.errors import FailStop
from services.kit.health import Health, TransactionsHold
from services.kit.kafka import Producer, Subscription
from services.kit.lease import Lease
from services.kit.leased_loop import pause
from services.kit.mongo import Mongo
from services.kit.relay import Relay
from services.kit.retrier import Retrier
from services.kit.sessions import Sessions
from services.kit.settings import Settings
from services.kit.store import Store
from services.kit.tasks import ended
from services.kit.watch import Watch

log = logs.get("kit.process")
Loop = Callable[[asyncio.Event], Awaitable[None]]
LONGEST_PAUSE_S = 10.0


def configure(process: str, settings: Settings) -> None:
    """Logs, traces and the collector, first thing in a process."""
    _collect_seldom()
    logs.configure(process, settings.log_level)
    telemetry.configure(process)
    points.arm(process, settings.fault_dir)


def _collect_seldom() -> None:
    """What is loaded by now stays and is never looked at again; what a batch makes is mostly gone before a look at it.
    With the defaults a fifth of a worker's time went into looking."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


class _Server(uvicorn.Server):
    """A server that leaves the signals to the worker around it."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def server(app: FastAPI, settings: Settings, port: int, *, signals: bool = True) -> uvicorn.Server:
    """A uvicorn server with the house's settings."""
    config = uvicorn.Config(
        app,
        host=settings.bind_host,
        port=port,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=int(settings.graceful_seconds),
        timeout_keep_alive=75,  # longer than proxies and clients wait: who hangs up first may meet a request on its way
        server_header=False,
        date_header=False,
        proxy_headers=False,  # uvicorn would believe any local sender; `client_address` has a setting for it
    )
    running = uvicorn.Server(config) if signals else _Server(config)
    app.state.stopping = lambda: running.should_exit  # a stream that never ends by itself would hold up the stop
    return running


def serve(process: str, app: FastAPI, settings: Settings, port: int) -> None:
    """Run an API process until SIGTERM or SIGINT; running requests are finished."""
    log.info("process.starting", port=port)
    server(app, settings, port).run()


def run_worker(worker: Worker) -> None:
    """Run a worker process until SIGTERM or SIGINT, on the faster loop that the APIs use too."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(worker.run())


@dataclass
class Worker:
    """A worker process: one consumer group member, the relay, the retrier, and the service's own loops.

    MongoDB and Kafka may be absent at start or go away later: each part waits for its engine with growing pauses and
    goes on by itself.
    """

    process: str
    settings: Settings
    mongo: Mongo
    consumer: Consumer
    topics: Sequence[Topic]
    port: int
    loops: dict[str, Loop] = field(default_factory=dict)
    stores: Sequence[Store[Any]] = ()
    collections: Mapping[str, Sequence[IndexModel]] = field(default_factory=dict)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    failed: FailStop | None = None

    def __post_init__(self) -> None:
        kafka = self.settings.kafka
        self.lease = Lease(self.mongo, "worker")
        self.mongo.sessions = self.sessions = Sessions(self.mongo, self.process)
        self.producer = Producer(kafka, self.process)
        self.relay = Relay(self.mongo, self.producer, self.lease, self.consumer.now)
        self.retrier = Retrier(self.mongo, self.consumer, self.lease)
        self.consumer.on_events = self.relay.wake
        self.subscription = Subscription(kafka, self.consumer.group, self.topics, self._handle)
        self.consumer.log_ends = self.subscription.ends if kafka.tells_ends else None
        self.watch = Watch(self.process, self.mongo, self.consumer, self.subscription, self.lease, self.settings)
        self.health = Health(
            self.process,
            ready={
                "mongodb": self.mongo.ping,
                "transactions": TransactionsHold(self.mongo, self.settings.health.commits_s),
                "kafka": self._kafka_ready,
                "consumer": self.watch.consumer_goes_on,
                "log": self.watch.logs_are_those_read_before,
                "offsets": self.watch.offsets_are_committed,
                "outbox": self.watch.outbox_drains,
            },
            live={"consumer": self.watch.member_lives},
            notes=self.watch.note,
        )

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT. Raises: SystemExit(70) after a FailStop."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.stop.set)
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.include_router(self.health.router())
        health_server = server(app, self.settings, self.port, signals=False)
        served = asyncio.create_task(health_server.serve())
        beat = asyncio.create_task(self.health.heartbeat())
        await self._work()
        beat.cancel()
        health_server.should_exit = True
        await served
        await self.mongo.close()
        if self.failed is not None:
            sys.exit(FailStop.exit_code)

    async def _work(self) -> None:
        loops: dict[str, Loop] = {
            "lease": self._lead,
            "sessions": self.sessions.run,
            "watch": self.watch.run,
            "relay": self._relay,
            "retrier": self.retrier.run,
            **self.loops,
        }
        await self._prepare()
        tasks = [asyncio.create_task(self._keep(name, body), name=name) for name, body in loops.items()]
        joining = asyncio.create_task(self._subscribe(), name="subscribe")
        log.info("process.started", loops=sorted(loops))
        await self.stop.wait()
        await ended([joining])
        await self._quietly(self.subscription.stop())
        _, late = await asyncio.wait(tasks, timeout=self.settings.graceful_seconds)
        await ended(late)
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._quietly(self.producer.stop())
        await self._quietly(self.sessions.leave())
        log.info("process.stopped", late=[task.get_name() for task in late])

    async def _prepare(self) -> None:
        """Collections and indexes first, however long the database is away; until then a signal still ends us."""
        preparing = asyncio.ensure_future(schema.ensure_when_reachable(self.mongo, self.stores, self.collections))
        stopping = asyncio.ensure_future(self.stop.wait())
        await asyncio.wait({preparing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if preparing.done():
            preparing.result()
        await ended([preparing])

    async def _handle(self, records: Sequence[Any]) -> None:
        try:
            await self.consumer.handle(records)
        except FailStop as error:
            self._fail(error)
            raise

    async def _lead(self, stop: asyncio.Event) -> None:
        """A loop of its own: a relay that waits for Kafka must not cost the other loops their lease."""
        while not stop.is_set():
            await self.lease.hold()
            await pause(stop, self.lease.ttl_s / 4)
        await self.lease.release()

    async def _relay(self, stop: asyncio.Event) -> None:
        await self.producer.start()
        await self.relay.run(stop)

    async def _keep(self, name: str, body: Loop) -> None:
        """Run a loop until stop; a failed round is logged and begun again after a growing pause."""
        wait_s = 0.25
        while not self.stop.is_set():
            started = time.monotonic()
            try:
                await body(self.stop)
            except FailStop as error:
                self._fail(error)
            except Exception as error:  # noqa: BLE001 - the edge of a background loop
                metrics.count("loop_failures_total", loop=name)
                wait_s = 0.25 if time.monotonic() - started > 60 else min(LONGEST_PAUSE_S, wait_s * 2)
                log.warning(
                    "loop.failed", loop=name, error=type(error).__name__, detail=str(error)[:200], pause_s=wait_s
                )
                await pause(self.stop, wait_s)

    async def _subscribe(self) -> None:
        """Join the group, however long no broker answers."""
        async for attempt in stamina.retry_context(
            on=Exception, attempts=None, timeout=None, wait_initial=0.5, wait_max=LONGEST_PAUSE_S
        ):
            with attempt:
                try:
                    await self.watch.look_for_pause()  # a held consumer must not take a batch before it knows
                    await self.subscription.start()
                except Exception:
                    await self._quietly(self.subscription.stop())
                    raise

    async def _kafka_ready(self) -> None:
        if not self.subscription.joined:
            raise RuntimeError("not subscribed yet")
        if not await self.subscription.reachable():
            raise RuntimeError("broker does not answer")

    def _fail(self, error: FailStop) -> None:
        log.critical("process.fail_stop", detail=str(error))
        self.failed = error
        self.stop.set()

    async def _quietly(self, action: Awaitable[Any]) -> None:
        try:
            await action
        except Exception as error:  # noqa: BLE001 - shutting down: said, not raised
            log.warning("process.stop_failed", error=type(error).__name__)
