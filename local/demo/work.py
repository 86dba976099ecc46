"""The working day itself: counters, agencies and citizens at work on a running stack until everything is done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from local.demo.agencies import Agencies
from local.demo.counters import Counters
from local.demo.day import plan_day
from local.demo.measure import Measures
from local.memory import resident_mb
from local.samples.load import read_samples
from local.stack import Stack
from services.intake.domain.procedure import Procedure
from services.kit.kafka import Producer
from services.kit.mongo import Mongo
from services.kit.sealing import Sealer
from services.kit.settings import KafkaSettings

QUIET_WITHIN_S = 240.0
"""Give up when nothing moved for so long."""
UNFINISHED = ("created", "sending", "unknown", "sent")


@dataclass(frozen=True)
class DayResult:
    """What the drivers brought home."""

    measures: Measures
    finished: bool
    """Every result handed over and every notice at its end."""
    memory_mb: float
    """Of all processes and engines, at the end of the work."""


async def run_day(
    stack: Stack, procedures: Sequence[Procedure], dossiers: int, rate: float, console: Console
) -> DayResult:
    """Let `dossiers` citizens come at `rate` a second; progress is shown on the console."""
    samples = read_samples()
    measures = Measures()
    now = stack.clock.now
    kafka = KafkaSettings(bootstrap=stack.endpoints.kafka_bootstrap, idempotence=stack.endpoints.kafka_idempotence)
    producer = Producer(kafka, "demo")
    await producer.start()
    async with (
        _client(stack.addresses.intake, stack.identity.counters_key) as desk_http,
        _client(stack.addresses.routing, stack.identity.agencies_key) as agency_http,
    ):
        counters = Counters(desk_http, producer, Sealer(stack.identity.intake_public_key), now, measures)
        agencies = Agencies(agency_http, producer, counters, now, measures)
        stop = asyncio.Event()
        tasks = [
            asyncio.create_task(agencies.work(stack.endpoints.kafka_bootstrap)),
            asyncio.create_task(counters.hand_over_ready(samples.counter_codes, stop)),
            asyncio.create_task(counters.receive(plan_day(dossiers, procedures, samples), rate)),
        ]
        try:
            finished = await _watch(stack, tasks, counters, agencies, dossiers, console)
            memory = resident_mb(_pids(stack))
        finally:
            stop.set()
            tasks[0].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await producer.stop()
    return DayResult(measures, finished, memory)


def _client(base_url: str, key: str) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=40)
    return httpx.AsyncClient(base_url=base_url, headers={"Authorization": f"Bearer {key}"}, timeout=30, limits=limits)


async def _watch(
    stack: Stack,
    tasks: list[asyncio.Task[None]],
    counters: Counters,
    agencies: Agencies,
    dossiers: int,
    console: Console,
) -> bool:
    columns = (TextColumn("{task.description:28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    last_change, before = time.monotonic(), (0, 0)
    async with httpx.AsyncClient(base_url=stack.addresses.simulators, timeout=10) as phones:
        with Progress(*columns, console=console) as progress:
            bars = {
                name: progress.add_task(name, total=dossiers)
                for name in ("Nộp tại quầy", "Cơ quan đã thấy", "Đã trả kết quả", "Tin nhắn đã đến máy")
            }
            while time.monotonic() - last_change < QUIET_WITHIN_S:
                for task in tasks:
                    if task.done() and task.exception() is not None:
                        task.result()
                delivered, returned = await _delivered(phones), len(counters.returned)
                progress.update(bars["Nộp tại quầy"], completed=counters.sent)
                progress.update(bars["Cơ quan đã thấy"], completed=len(agencies.seen))
                progress.update(bars["Đã trả kết quả"], completed=returned)
                progress.update(bars["Tin nhắn đã đến máy"], completed=delivered, total=max(delivered, 3 * dossiers))
                # The databases are asked only at the end: counting while it works would slow what is measured.
                if returned >= dossiers and delivered >= 2 * dossiers and await _finished(stack, dossiers):
                    return True
                if (returned, delivered) != before:
                    last_change, before = time.monotonic(), (returned, delivered)
                await asyncio.sleep(1.0)
    return False


async def _delivered(phones: httpx.AsyncClient) -> int:
    """Messages on the screens of the phones."""
    stats = (await phones.get("/control/stats")).json()
    return sum(provider["delivered"] for provider in stats.values() if "delivered" in provider)


async def _finished(stack: Stack, dossiers: int) -> bool:
    """Every result handed over, every notice at its end."""
    notify, intake = stack.mongo("notify"), stack.mongo("intake")
    try:
        returned = await _count(intake, "dossiers", {"status": "returned"})
        notices = await _count(notify, "notices", {})
        unfinished = await _count(notify, "notices", {"state": {"$in": list(UNFINISHED)}})
    finally:
        await notify.close()
        await intake.close()
    return returned >= dossiers and notices >= 3 * dossiers and not unfinished


async def _count(mongo: Mongo, collection: str, query: dict[str, object]) -> int:
    number: int = await mongo.collection(collection).count_documents(query)
    return number


def _pids(stack: Stack) -> list[int]:
    engines = [engine.pid for engine in (stack.engines.broker, stack.engines.mongo) if engine is not None]
    return [pid for pid in [*engines, *(p.pid for p in stack.supervisor.running.values())] if pid is not None]
