"""`make bench`: registrations per second at several clerks, dossiers per second from counter to phone, notices.

The checker runs after the measurement; a run with a finding is void.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import orjson
from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from bench.catalogue import catalogue_figures
from bench.clerks import Clerks, Level
from bench.inbox import inbox_figures
from bench.notices import notice_figures
from bench.raw import raw_transactions
from local.demo.day import opening_offset
from local.demo.run import check_stack
from local.demo.work import run_day
from local.engines.engine_set import EngineKind
from local.plan import Ports
from local.samples.load import read_samples
from local.stack import Stack
from local.up import load_samples

app = App(name="bench", help="Đo thông lượng và độ trễ trên các máy chủ của máy này.")
console = Console(highlight=False)


@app.default
async def bench(
    *,
    seconds: Annotated[float, Parameter(env_var="BENCH_SECONDS")] = 8.0,
    dossiers: Annotated[int, Parameter(env_var="DOSSIERS")] = 400,
    rate: float = 200.0,
    inbox: Annotated[int | None, Parameter(env_var="INBOX")] = None,
    notices: Annotated[float, Parameter(env_var="NOTICES")] = 15.0,
    output: Path = Path(".motcua/bench.json"),
) -> None:
    """Measure.

    Parameters
    ----------
    seconds
        How long each level of clerks registers.
    dossiers
        How many dossiers go the whole road.
    rate
        How fast they come in, dossiers per second; above what the system does, so that it is the limit.
    inbox
        Open transfers of the agency whose inbox is measured; 100,000, or 10,000 on the embedded server.
    notices
        How long each load of notices lasts, in seconds; 0 leaves them out.
    output
        Where the figures are written as JSON.
    """
    data = Path(tempfile.mkdtemp(prefix="motcua-bench-"))
    offset = opening_offset(datetime.now(UTC))
    stack = Stack(data, lambda _, __: None, ports=Ports.free(), clock_offset=offset)
    try:
        await stack.start()
        await load_samples(stack)
        results = await _measure(stack, seconds, dossiers, rate)
        results["inbox"] = await _measure_inbox(stack, inbox, seconds)
        report = await check_stack(stack, timedelta(seconds=60))
    finally:
        await stack.stop()
        shutil.rmtree(data, ignore_errors=True)
    results["checker"] = report.as_dict()["counts"]
    valid = report.clean
    if notices > 0:
        results["notices"] = await notice_figures(console, notices)
        valid = valid and results["notices"]["valid"]
    _write(output, results)
    console.print(f"Đối chiếu: {report.verdict}. Số liệu: {output}")
    _end(valid)


@app.command(name="notices")
async def only_notices(
    *,
    seconds: Annotated[float, Parameter(env_var="NOTICES")] = 30.0,
    rate: float = 100.0,
    most: float = 200.0,
    output: Path = Path(".motcua/bench-notices.json"),
) -> None:
    """Measure notices alone: from the event to the gateway, also while the worker is killed.

    Parameters
    ----------
    seconds
        How long each load lasts.
    rate
        Notices a second, of the load without trouble and of the one with kills.
    most
        Notices a second of the load that tries how much goes.
    output
        Where the figures are written as JSON.
    """
    figures = await notice_figures(console, seconds, rate, most)
    _write(output, figures)
    console.print(f"Số liệu: {output}")
    _end(figures["valid"])


def _write(output: Path, results: dict[str, Any]) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2))


def _end(valid: bool) -> None:
    if not valid:
        console.print("[red]Lần đo không có giá trị: đối chiếu có lỗi.[/red]")
        sys.exit(1)


async def _measure(stack: Stack, seconds: float, dossiers: int, rate: float) -> dict[str, Any]:
    console.print(f"Máy chủ: Kafka {stack.engines.broker_kind}, MongoDB {stack.engines.mongo_kind}")
    raw = await raw_transactions(stack, seconds)
    catalogue = await catalogue_figures(stack.endpoints.mongodb_url)
    console.print(
        f"Danh mục: {catalogue['procedures']} thủ tục, {catalogue['papers']} giấy tờ nạp trong "
        f"{catalogue['import_seconds']:.2f} giây; tìm kiếm p95 {catalogue['search_p95_ms']:.1f} ms"
    )
    procedures = read_samples().catalogue().procedures
    started = time.monotonic()
    day = await run_day(stack, procedures, dossiers, rate, console)
    took = time.monotonic() - started
    console.print(
        f"Từ quầy đến điện thoại: {dossiers} hồ sơ trong {took:.1f} giây, {dossiers / took:.1f} hồ sơ/giây"
        + ("" if day.finished else " [red](chưa xong)[/red]")
    )
    # Last: nobody works on these dossiers, and what waits would slow the road measured before.
    levels = [await Clerks(stack).register(clerks, seconds) for clerks in (1, 8, 32)]
    _show_levels(levels, raw)
    return {
        "engines": {"kafka": str(stack.engines.broker_kind), "mongodb": str(stack.engines.mongo_kind)},
        "raw_transactions_per_second": raw,
        "catalogue": catalogue,
        "registration": [level.as_dict() for level in levels],
        "end_to_end": {"dossiers": dossiers, "seconds": took, "per_second": dossiers / took, "finished": day.finished},
        "memory_mb": day.memory_mb,
        "refused": day.measures.problems,
    }


async def _measure_inbox(stack: Stack, number: int | None, seconds: float) -> dict[str, Any]:
    if number is None:
        number = 10_000 if stack.engines.mongo_kind is EngineKind.EMBEDDED else 100_000
    figures = await inbox_figures(stack.endpoints.mongodb_url, number, seconds)
    words = (f"{name} {asked['p50_ms']:.0f}/{asked['p95_ms']:.0f}" for name, asked in figures["asked"].items())
    console.print(f"Hộp thư của cơ quan có {number:,} hồ sơ đang giải quyết, ms p50/p95: {'; '.join(words)}")
    return figures


def _show_levels(levels: list[Level], raw: float) -> None:
    table = Table(title="Tiếp nhận qua HTTP", title_justify="left")
    for column in ("Cán bộ cùng lúc", "hồ sơ/giây", "so với giao dịch thô", "p50 ms", "p95 ms", "p99 ms"):
        table.add_column(column, justify="right")
    for level in levels:
        milliseconds = (f"{1000 * value:.0f}" for value in (level.p50, level.p95, level.p99))
        table.add_row(str(level.clerks), f"{level.per_second:.0f}", f"{level.per_second / raw:.2f}", *milliseconds)
    console.print(table)
    console.print(f"Giao dịch thô (cùng số ghi, từng cái một, 8 luồng): {raw:.0f}/giây")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
