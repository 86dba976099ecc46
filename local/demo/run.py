"""`make demo`: start everything, run the day, wait until it is quiet, count, check."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from local.demo.agencies import Agencies
from local.demo.counters import Counters
from local.demo.day import opening_offset, plan_day
from local.demo.measure import Measures
from local.demo.report import gather_figures, show_day
from local.engines.errors import EngineError
from local.memory import resident_mb
from local.plan import Ports
from local.samples.load import read_samples
from local.stack import Stack
from local.supervisor import DidNotBecomeReady
from motcua.check import Sources, check, show
from motcua.install import SERVICES, load_agencies, load_catalogue
from services.intake.catalogue_file import CatalogueFile, read_catalogue
from services.kit.kafka import Producer
from services.kit.sealing import Sealer
from services.kit.settings import KafkaSettings

console = Console(highlight=False)
QUIET_WITHIN_S = 240.0
UNFINISHED = ("created", "sending", "unknown", "sent")


async def run_demo(dossiers: int, catalogue: Path | None, rate: float, *, keep: bool) -> int:
    """Returns: exit code, 0 when the day came to its end and the checker found nothing."""
    samples = read_samples()
    file = read_catalogue((catalogue or samples.procedures_file).read_bytes())
    data = Path(tempfile.mkdtemp(prefix="motcua-demo-"))
    quiet_log: list[str] = []
    stack = Stack(
        data,
        lambda name, line: quiet_log.append(f"{name} {line}"),
        ports=Ports.free(),
        clock_offset=opening_offset(datetime.now(UTC)),
        on_phase=lambda phase: console.print(f"[dim]{phase} …[/dim]"),
    )
    try:
        await stack.start()
    except (EngineError, DidNotBecomeReady) as error:
        console.print(f"[red]{error}[/red]")
        return 1
    try:
        console.print(f"Điện thoại của người dân: {stack.addresses.simulators}/phones")
        return await _day(stack, file, dossiers, rate)
    finally:
        await stack.stop()
        if keep:
            console.print(f"Dữ liệu và nhật ký: {data}")
        else:
            shutil.rmtree(data, ignore_errors=True)


async def _day(stack: Stack, file: CatalogueFile, dossiers: int, rate: float) -> int:
    samples = read_samples()
    now = stack.clock.now
    routing, intake = stack.mongo("routing"), stack.mongo("intake")
    await load_agencies(routing, now, samples.agencies_file.read_bytes())
    report = await load_catalogue(intake, now, file)
    console.print(
        f"Danh mục: {report.added} thủ tục ({report.without_limit} chưa có thời hạn, {report.refused} dòng bị từ chối)."
    )
    await routing.close()
    await intake.close()
    measures = Measures()
    kafka = KafkaSettings(bootstrap=stack.endpoints.kafka_bootstrap, idempotence=stack.endpoints.kafka_idempotence)
    producer = Producer(kafka, "demo")
    await producer.start()
    key = {"Authorization": f"Bearer {stack.identity.counters_key}"}
    agency_key = {"Authorization": f"Bearer {stack.identity.agencies_key}"}
    limits = httpx.Limits(max_connections=40)
    async with (
        httpx.AsyncClient(base_url=stack.addresses.intake, headers=key, timeout=30, limits=limits) as desk_http,
        httpx.AsyncClient(
            base_url=stack.addresses.routing, headers=agency_key, timeout=30, limits=limits
        ) as agency_http,
    ):
        counters = Counters(desk_http, producer, Sealer(stack.identity.intake_public_key), now, measures)
        agencies = Agencies(agency_http, producer, counters, now, measures)
        visits = plan_day(dossiers, file.procedures, samples)
        stop = asyncio.Event()
        tasks = [
            asyncio.create_task(agencies.work(stack.endpoints.kafka_bootstrap)),
            asyncio.create_task(counters.hand_over_ready(samples.counter_codes, stop)),
            asyncio.create_task(counters.receive(visits, rate)),
        ]
        quiet = await _watch(stack, tasks, counters, agencies, dossiers)
        memory = resident_mb(_pids(stack))
        stop.set()
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await producer.stop()
    return await _verdict(stack, measures, dossiers, memory, quiet=quiet)


def _client(base_url: str, key: str) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=40)
    return httpx.AsyncClient(base_url=base_url, headers={"Authorization": f"Bearer {key}"}, timeout=30, limits=limits)


async def _watch(
    stack: Stack, tasks: list[asyncio.Task[None]], counters: Counters, agencies: Agencies, dossiers: int
) -> bool:
    """Show progress until every result is handed over and every notice has its end. Returns: whether it got quiet."""
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
                delivered = await _delivered(phones)
                progress.update(bars["Nộp tại quầy"], completed=counters.sent)
                progress.update(bars["Cơ quan đã thấy"], completed=len(agencies.seen))
                progress.update(bars["Đã trả kết quả"], completed=len(counters.returned))
                progress.update(bars["Tin nhắn đã đến máy"], completed=delivered, total=max(delivered, 3 * dossiers))
                # The databases are asked only at the end: counting while it works would slow what is measured.
                if (
                    len(counters.returned) >= dossiers
                    and delivered >= 2 * dossiers
                    and await _finished(stack, dossiers)
                ):
                    return True
                if (len(counters.returned), delivered) != before:
                    last_change, before = time.monotonic(), (len(counters.returned), delivered)
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


async def _count(mongo: object, collection: str, query: dict[str, object]) -> int:
    number: int = await mongo.collection(collection).count_documents(query)  # type: ignore[attr-defined]
    return number


def _pids(stack: Stack) -> list[int]:
    engines = [engine.pid for engine in (stack.engines.broker, stack.engines.mongo) if engine is not None]
    return [pid for pid in [*engines, *(p.pid for p in stack.supervisor.running.values())] if pid is not None]


async def _verdict(stack: Stack, measures: Measures, dossiers: int, memory: float, *, quiet: bool) -> int:
    figures = await gather_figures(stack, measures)
    show_day(console, figures, measures, memory)
    databases = {service: stack.mongo(service) for service in SERVICES}
    sources = Sources(databases, stack.endpoints.kafka_bootstrap, stack.addresses.simulators)
    report = await check(sources, stack.clock.now(), grace=timedelta(0))
    for mongo in databases.values():
        await mongo.close()
    show(console, report)
    received = sum(figures.statistics["received"].values())
    if not quiet:
        console.print(f"[red]Ngày chưa xong: {figures.returned} trên {dossiers} hồ sơ đã trả kết quả.[/red]")
    if received != dossiers:
        console.print(f"[red]Nộp {dossiers} hồ sơ nhưng hệ thống có {received}.[/red]")
    good = quiet and report.clean and received == dossiers and not measures.problems
    verdict = f"mất {report.count('lost')}, trùng {report.count('duplicated')}, mồ côi {report.count('orphan')}"
    console.print(f"[bold {'green' if good else 'red'}]{'ĐẠT' if good else 'KHÔNG ĐẠT'}: {verdict}[/]")
    return 0 if good else 1
