"""`make demo`: start everything, run the day, wait until it is quiet, count, check."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from local.demo.day import opening_offset
from local.demo.opening import open_doors
from local.demo.report import gather_figures, show_day
from local.demo.work import DayResult, run_day
from local.engines.errors import EngineError
from local.plan import Ports
from local.samples.load import read_samples
from local.stack import Stack
from local.supervisor import DidNotBecomeReady
from motcua.check import Report, Sources, check, show
from motcua.install import SERVICES
from services.intake.catalogue import CatalogueFile, read_catalogue

console = Console(highlight=False)


async def run_demo(
    dossiers: int, catalogue: Path | None, rate: float, *, papers: Path | None = None, keep: bool = False
) -> int:
    """Returns: exit code, 0 when the day came to its end and the checker found nothing."""
    file = _read(catalogue, papers)
    data = Path(tempfile.mkdtemp(prefix="motcua-demo-"))
    stack = Stack(
        data,
        lambda name, line: None,  # the processes' logs are kept in files; `--keep` shows where
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
        opened = await open_doors(stack, file, console, own=catalogue is None)
        result = await run_day(stack, file.procedures, dossiers, rate, console, opened.branching)
        return await _verdict(stack, result, dossiers)
    finally:
        await stack.stop()
        if keep:
            console.print(f"Dữ liệu và nhật ký: {data}")
        else:
            shutil.rmtree(data, ignore_errors=True)


def _read(catalogue: Path | None, papers: Path | None) -> CatalogueFile:
    if catalogue is None:
        return read_samples().catalogue()
    return read_catalogue(catalogue.read_bytes(), papers.read_bytes() if papers else None)


async def _verdict(stack: Stack, result: DayResult, dossiers: int) -> int:
    figures = await gather_figures(stack, result.measures)
    show_day(console, figures, result.measures, result.memory_mb)
    report = await check_stack(stack, timedelta(0))
    show(console, report)
    desk, received = figures.desk, sum(figures.statistics["received"].values())
    if not result.finished:
        console.print(f"[red]Ngày chưa xong: {desk.ended} trên {dossiers} hồ sơ đã kết thúc.[/red]")
    if desk.dossiers != dossiers:
        console.print(f"[red]Nộp {dossiers} hồ sơ nhưng hệ thống có {desk.dossiers}.[/red]")
    if received != desk.accepted:
        console.print(f"[red]Các quầy tiếp nhận {desk.accepted} hồ sơ nhưng thống kê có {received}.[/red]")
    counted = desk.dossiers == dossiers and received == desk.accepted
    for name, done, kept in figures.turns(result.measures):
        if done != kept:
            console.print(f"[red]{name}: các cơ quan làm {done} lần nhưng hệ thống có {kept}.[/red]")
            counted = False
    if not figures.agencies.past_the_closure:
        console.print("[red]Không ngày hẹn nào bỏ qua ngày nghỉ của huyện.[/red]")
        counted = False
    good = result.finished and report.clean and counted and not result.measures.problems
    verdict = f"mất {report.count('lost')}, trùng {report.count('duplicated')}, mồ côi {report.count('orphan')}"
    console.print(f"[bold {'green' if good else 'red'}]{'ĐẠT' if good else 'KHÔNG ĐẠT'}: {verdict}[/]")
    return 0 if good else 1


async def check_stack(stack: Stack, grace: timedelta) -> Report:
    """The checker over a local installation, phones included."""
    databases = {service: stack.mongo(service) for service in SERVICES}
    try:
        sources = Sources(databases, stack.endpoints.kafka_bootstrap, stack.addresses.simulators)
        return await check(sources, stack.clock.now(), grace=grace)
    finally:
        for mongo in databases.values():
            await mongo.close()
