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
from local.demo.book import Book
from local.demo.citizens import LOOK_EVERY_S, Citizens
from local.demo.counters import Counters
from local.demo.day import forgotten_since, plan_day
from local.demo.desk import Desk
from local.demo.measure import Measures
from local.demo.partners import Partners
from local.demo.visit import Course, Visit
from local.memory import resident_mb
from local.samples.load import read_samples
from local.stack import Stack
from motcua.check.told import NOTICE_OF
from services.intake.domain.procedure import Procedure
from services.intake.domain.status import ENDED
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
    """Every dossier at its end, every notice at its end, every invitation answered that somebody wanted to answer."""
    memory_mb: float
    """Of all processes and engines, at the end of the work."""


@dataclass(frozen=True)
class _People:
    """Everybody at work."""

    book: Book
    counters: Counters
    agencies: Agencies
    citizens: Citizens
    partners: Partners


async def run_day(
    stack: Stack,
    procedures: Sequence[Procedure],
    dossiers: int,
    rate: float,
    console: Console,
    branching: frozenset[str] = frozenset(),
) -> DayResult:
    """Let `dossiers` citizens come at `rate` a second; progress is shown on the console.

    Args:
        branching: codes of the procedures with agencies side by side.
    """
    samples = read_samples()
    visits = plan_day(dossiers, procedures, samples)
    measures, book = Measures(), Book()
    now, bootstrap = stack.clock.now, stack.endpoints.kafka_bootstrap
    producer = Producer(KafkaSettings(bootstrap=bootstrap, idempotence=stack.endpoints.kafka_idempotence), "demo")
    await producer.start()
    async with (
        _client(stack.addresses.intake, stack.identity.counters_key) as desk_http,
        _client(stack.addresses.routing, stack.identity.agencies_key) as agency_http,
        _client(stack.addresses.intake) as public_http,
        _client(stack.addresses.simulators) as phones,
    ):
        partners = Partners(producer, Sealer(stack.identity.intake_public_key), now, measures)
        citizens = Citizens(public_http, phones, book, measures)
        desk = Desk(desk_http, book, measures)
        counters = Counters(desk, partners, citizens, book, measures, forgotten_since(now()))
        agencies = Agencies(agency_http, producer, book, now, measures, branching)
        people = _People(book, counters, agencies, citizens, partners)
        stop = asyncio.Event()
        for_ever = [partners.listen(bootstrap), agencies.work(bootstrap), citizens.watch_phones()]
        tasks = [asyncio.create_task(task) for task in for_ever]
        tasks.append(asyncio.create_task(counters.look_after(samples.counter_codes, agencies.seen, stop)))
        tasks.append(asyncio.create_task(counters.receive(visits, rate)))
        try:
            finished = await _watch(stack, tasks, people, visits, console)
            memory = resident_mb(_pids(stack))
        finally:
            stop.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await producer.stop()
    return DayResult(measures, finished, memory)


def _client(base_url: str, key: str | None = None) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=40)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.AsyncClient(base_url=base_url, headers=headers, timeout=30, limits=limits)


async def _watch(
    stack: Stack, tasks: list[asyncio.Task[None]], people: _People, visits: Sequence[Visit], console: Console
) -> bool:
    columns = (TextColumn("{task.description:28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    agencies_see = {Course.REFUSED, Course.TAKEN_BACK, Course.ON_THE_SPOT}
    totals = {
        "Đã nộp": len(visits),
        "Cơ quan đã thấy": sum(visit.course not in agencies_see for visit in visits),
        "Đã kết thúc": len(visits),
        "Tin nhắn đã đến máy": 3 * len(visits),
        "Đã đánh giá": 0,
    }
    last_change, before = time.monotonic(), (0, 0, 0)
    with Progress(*columns, console=console) as progress:
        bars = {name: progress.add_task(name, total=total) for name, total in totals.items()}
        while time.monotonic() - last_change < QUIET_WITHIN_S:
            for task in tasks:
                if task.done() and task.exception() is not None:
                    task.result()
            book = people.book
            delivered, rated = await _delivered(people.citizens.phones), len(book.rated)
            progress.update(bars["Đã nộp"], completed=book.came)
            progress.update(bars["Cơ quan đã thấy"], completed=len(people.agencies.seen))
            progress.update(bars["Đã kết thúc"], completed=book.ended)
            progress.update(bars["Tin nhắn đã đến máy"], completed=delivered, total=max(delivered, 3 * len(visits)))
            progress.update(bars["Đã đánh giá"], completed=rated, total=rated + people.citizens.unanswered)
            # The databases are asked only at the end: counting while it works would slow what is measured.
            came = len(visits) if not tasks[-1].done() else book.came
            if book.ended >= came and _idle(people) and await _finished(stack, came):
                await asyncio.sleep(2 * LOOK_EVERY_S)  # the last messages may not have been read yet
                if _idle(people):
                    return came == len(visits)
            if (book.ended, delivered, rated) != before:
                last_change, before = time.monotonic(), (book.ended, delivered, rated)
            await asyncio.sleep(1.0)
    return False


def _idle(people: _People) -> bool:
    return not people.partners.waiting and not people.citizens.unanswered


async def _delivered(phones: httpx.AsyncClient) -> int:
    """Messages on the screens of the phones."""
    stats = (await phones.get("/control/stats")).json()
    return sum(provider["delivered"] for provider in stats.values() if "delivered" in provider)


async def _finished(stack: Stack, dossiers: int) -> bool:
    """Every dossier at its end, every event sent, every notice made and at its end."""
    databases = {name: stack.mongo(name) for name in ("intake", "routing", "notify")}
    try:
        ended: dict[str, object] = {"status": {"$in": [status.value for status in ENDED]}}
        if await _count(databases["intake"], "dossiers", ended) < dossiers:
            return False
        if any([await _count(mongo, "outbox", {"pending": True}) for mongo in databases.values()]):
            return False
        calling = await _calling(databases["intake"]) + await _calling(databases["routing"])
        made = await _count(databases["notify"], "notices", {})
        unfinished = await _count(databases["notify"], "notices", {"state": {"$in": list(UNFINISHED)}})
    finally:
        for mongo in databases.values():
            await mongo.close()
    return made >= calling and not unfinished


async def _calling(mongo: Mongo) -> int:
    """Events that call for a notice; everybody in the demonstration wants to be told."""
    number = 0
    async for document in mongo.collection("outbox").find({}, {"events.type": 1}):
        number += sum(event["type"] in NOTICE_OF for event in document["events"])
    return number


async def _count(mongo: Mongo, collection: str, query: dict[str, object]) -> int:
    number: int = await mongo.collection(collection).count_documents(query)
    return number


def _pids(stack: Stack) -> list[int]:
    engines = [engine.pid for engine in (stack.engines.broker, stack.engines.mongo) if engine is not None]
    return [pid for pid in [*engines, *(p.pid for p in stack.supervisor.running.values())] if pid is not None]
