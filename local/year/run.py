"""`make year`: start, prepare, replay, report; stopped with Ctrl-C it goes on where it was."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from local.engines.errors import EngineError
from local.plan import Ports
from local.samples.load import read_samples
from local.stack import Stack
from local.supervisor import DidNotBecomeReady
from local.year.catalogue import as_csv
from local.year.plan import Year, plan_year
from local.year.replay import Replay, StoodStill
from local.year.report import YearReport, report_on, show_year
from motcua.install import load_agencies, load_catalogue
from motcua.progress import bar
from services.intake.catalogue import read_catalogue
from services.kit.kafka import Producer
from services.kit.mongo import Mongo
from services.kit.settings import KafkaSettings
from services.routing.store import WORKFLOWS

STOPPED = 130
"""Exit code after Ctrl-C, as shells have it."""
CATALOGUE_WITHIN_S = 120.0
SETTINGS = {"BACKFILL_COUNTERS": json.dumps(read_samples().counter_codes)}
console = Console(highlight=False)


async def run_year(data: Path, days: int | None = None, scale: float = 1.0, *, fresh: bool = False) -> int:
    """Replay the year, or the part of it that is asked for.

    Returns: 0 when everything came out as planned, 1 when not, 130 when it was stopped.
    """
    data = data / "year" if days is None and scale == 1 else data / f"year-{days or 'all'}-{scale:g}"
    if fresh:
        shutil.rmtree(data, ignore_errors=True)
    year = plan_year(days, scale)
    stack = Stack(
        data,
        lambda name, line: None,
        ports=Ports.free(),
        on_phase=lambda phase: console.print(f"[dim]{phase} …[/dim]"),
        settings=SETTINGS,
    )
    try:
        await stack.start()
    except (EngineError, DidNotBecomeReady) as error:
        console.print(f"[red]{error}[/red]")
        return 1
    try:
        await prepare(stack, year)
        return await _replayed(stack, year)
    finally:
        await stack.stop()


async def _replayed(stack: Stack, year: Year) -> int:
    loop = asyncio.get_running_loop()
    stop, started = asyncio.Event(), time.monotonic()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    with bar("Hồ sơ", len(year.lives)) as advance:
        working = asyncio.create_task(replay(stack, year, advance))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            console.print("Đã dừng. Chạy lại cùng lệnh để tiếp tục.")
            return STOPPED
        stopping.cancel()
    try:
        working.result()
    except StoodStill as error:
        console.print(f"[red]{error}[/red]")
    took = time.monotonic() - started
    report = await report_on(stack, year)
    show_year(console, report)
    console.print(f"{len(year.lives)} hồ sơ, lần chạy này {took:.0f} giây. Dữ liệu và nhật ký: {stack.data_dir}")
    return _verdict(report)


def _verdict(report: YearReport) -> int:
    console.print("[bold green]ĐẠT[/]" if report.good else "[bold red]KHÔNG ĐẠT[/]")
    return 0 if report.good else 1


async def prepare(stack: Stack, year: Year) -> None:
    """Agencies and catalogue; both services know them when it returns. Done before: nothing changes.

    Raises: TimeoutError.
    """
    routing, intake = stack.mongo("routing"), stack.mongo("intake")
    try:
        await load_agencies(routing, stack.clock.now, read_samples().agencies_file.read_bytes())
        await load_catalogue(intake, stack.clock.now, read_catalogue(as_csv(year.procedures)))
        await _until_known(routing, len(year.procedures))
    finally:
        await routing.close()
        await intake.close()


async def _until_known(routing: Mongo, procedures: int) -> None:
    until = time.monotonic() + CATALOGUE_WITHIN_S
    while await routing.collection(WORKFLOWS.collection).count_documents({}) < procedures:
        if time.monotonic() > until:
            raise TimeoutError(f"danh mục: routing chưa nhận đủ sau {CATALOGUE_WITHIN_S:g} giây")
        await asyncio.sleep(0.2)


async def replay(stack: Stack, year: Year, on_progress: Callable[[int], None]) -> None:
    """Let the year happen. Raises: as `Replay.run`."""
    settings = KafkaSettings(bootstrap=stack.endpoints.kafka_bootstrap, idempotence=stack.endpoints.kafka_idempotence)
    producer, intake = Producer(settings, "year"), stack.mongo("intake")
    await producer.start()
    try:
        await Replay(year, stack, intake, producer, on_progress).run()
    finally:
        await producer.stop()
        await intake.close()
