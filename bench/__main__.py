"""`make bench`: what this machine lets the system do. Compare figures within one run, never between runs."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
from cyclopts import App, Parameter
from rich.console import Console

from bench import end_to_end, growth, intake, latency, pages, processes, reads, scaling
from bench.chart import svg
from bench.house import House, Session
from bench.machine import spent
from bench.notices import notice_figures
from bench.result import Result

app = App(name="bench", help="Đo thông lượng và độ trễ trên các máy chủ của máy này.")
console = Console(highlight=False)
Benchmark = Callable[[Session], Awaitable[Result]]
BENCHMARKS: Mapping[str, Benchmark] = {
    "intake": intake.run,
    "end-to-end": end_to_end.run,
    "latency": latency.run,
    "processes": processes.run,
    "scaling": scaling.run,
    "reads": reads.run,
    "pages": pages.run,
    "growth": growth.run,
}
NOTICES = "notices"
"""On an installation of its own: it kills."""


@app.default
async def bench(
    *,
    only: Annotated[str, Parameter(env_var="ONLY")] = "",
    seconds: Annotated[float, Parameter(env_var="BENCH_SECONDS")] = 4.0,
    rounds: Annotated[int, Parameter(env_var="ROUNDS")] = 3,
    notices: Annotated[float, Parameter(env_var="NOTICES")] = 15.0,
    output: Path = Path(".motcua/bench"),
) -> None:
    """Measure.

    Parameters
    ----------
    only
        Names of benchmarks, with commas: intake, end-to-end, latency, processes, scaling, reads, pages, growth,
        notices.
    seconds
        How long each load lasts.
    rounds
        How often each is measured; the median counts.
    notices
        How long each load of notices lasts, in seconds.
    output
        Where JSON and chart are written, without their ending.
    """
    wanted = [name.strip() for name in only.split(",") if name.strip()] or [*BENCHMARKS, NOTICES]
    unknown = set(wanted) - {*BENCHMARKS, NOTICES}
    if unknown:
        console.print(f"[red]Không có phép đo {', '.join(sorted(unknown))}.[/red]")
        sys.exit(2)
    written, valid = await _measure([name for name in wanted if name in BENCHMARKS], seconds, rounds, output)
    if NOTICES in wanted:
        figures = await notice_figures(console, notices)
        written[NOTICES], valid = figures, valid and figures["valid"]
        _write(output, written)
    console.print(f"Số liệu: {output}.json, {output}.svg")
    if not valid:
        console.print("[red]Có phép đo không có giá trị: đối chiếu có lỗi.[/red]")
        sys.exit(1)


async def _measure(wanted: list[str], seconds: float, rounds: int, output: Path) -> tuple[dict[str, Any], bool]:
    written: dict[str, Any] = {"at": datetime.now(UTC).isoformat(), "seconds": seconds, "rounds": rounds}
    if not wanted:
        return written, True
    data = Path(tempfile.mkdtemp(prefix="motcua-bench-"))
    house, results = House.at(data), []
    try:
        await house.open()
        written["engines"] = {"kafka": str(house.engines.broker_kind), "mongodb": str(house.engines.mongo_kind)}
        console.print(f"Máy chủ: Kafka {house.engines.broker_kind}, MongoDB {house.engines.mongo_kind}")
        session = Session(house, console, seconds, rounds)
        for name in wanted:
            began, before = time.monotonic(), spent(house.pids().values())
            result = await BENCHMARKS[name](session)
            results.append(result)
            others = spent(house.pids().values()).since(before)["others"]
            result.notes.append(f"{time.monotonic() - began:.0f} giây; việc khác chiếm {100 * others:.0f} % máy")
            result.show(console)
            written[name] = result.as_dict() | {"others_share": others}
            _write(output, written)
    finally:
        await house.stop()
        shutil.rmtree(data, ignore_errors=True)
    _draw(output, results)
    return written, all(result.valid for result in results)


def _write(output: Path, written: dict[str, Any]) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    output.with_suffix(".json").write_bytes(orjson.dumps(written, option=orjson.OPT_INDENT_2))


def _draw(output: Path, results: list[Result]) -> None:
    panels = [panel for result in results for panel in result.bars]
    output.with_suffix(".svg").write_text(svg("Một cửa điện tử: số đo trên một máy", panels), encoding="utf-8")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
