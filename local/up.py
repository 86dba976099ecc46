"""`motcua up`: the whole system in this terminal."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local.engines.errors import EngineError
from local.samples.load import read_samples
from local.stack import Stack
from local.supervisor import DidNotBecomeReady
from motcua.install import load_agencies, load_catalogue

console = Console(highlight=False)
COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan", "bright_green")


class LogStream:
    """One colour a process, so that a log of seven is readable."""

    def __init__(self) -> None:
        self._colours: dict[str, str] = {}

    def say(self, name: str, line: str) -> None:
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        console.print(f"[{colour}]{name:15}[/] ", end="")
        console.print(line, markup=False)


async def load_samples(stack: Stack) -> None:
    """The sample catalogue and agencies, so that the first dossier can be registered at once."""
    samples = read_samples()
    routing, intake = stack.mongo("routing"), stack.mongo("intake")
    await load_agencies(routing, stack.clock.now, samples.agencies_file.read_bytes())
    await load_catalogue(intake, stack.clock.now, samples.catalogue())
    await routing.close()
    await intake.close()


def addresses(stack: Stack) -> Table:
    """What to call, and with which key."""
    table = Table(title="Một cửa điện tử đang chạy", title_justify="left", show_header=False)
    found = stack.addresses
    for name, value in (
        ("Tiếp nhận (intake)", f"{found.intake}/v1"),
        ("Luân chuyển (routing)", f"{found.routing}/v1"),
        ("Thông báo (notify)", f"{found.notify}/v1"),
        ("Trang của cán bộ tiếp nhận", f"{found.intake}/can-bo"),
        ("Trang của công chức giải quyết", f"{found.routing}/can-bo"),
        ("Trang của người vận hành", f"{found.notify}/can-bo"),
        ("Bảng vận hành của tiếp nhận", f"{found.intake}/van-hanh"),
        ("Bảng vận hành của luân chuyển", f"{found.routing}/van-hanh"),
        ("Bảng vận hành của thông báo", f"{found.notify}/van-hanh"),
        ("Điện thoại của người dân (mô phỏng)", f"{found.simulators}/phones"),
        ("Kafka", found.kafka),
        ("Kafka cho kcat và thư viện librdkafka", found.kafka_for_kcat),
        ("MongoDB", found.mongodb),
        ("Khóa của các quầy", stack.identity.counters_key),
        ("Khóa của các cơ quan", stack.identity.agencies_key),
        ("Khóa vận hành", stack.identity.operator_key),
        ("Khóa công khai của notify (NOTIFY_PUBLIC_KEY)", stack.identity.notify_public_key),
        ("Dữ liệu và nhật ký", str(stack.data_dir)),
    ):
        table.add_row(name, value)
    return table


async def run_up(data: Path) -> None:
    """Start, show, wait for Ctrl-C, stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    stack = Stack(data, LogStream().say, on_phase=lambda phase: console.print(f"[bold]{phase} …[/bold]"))
    try:
        await stack.start()
    except (EngineError, DidNotBecomeReady) as error:
        console.print(f"[red]{error}[/red]")
        sys.exit(1)
    try:
        await load_samples(stack)
        if stack.republished:
            console.print(f"Đang gửi lại {stack.republished} sự kiện cho máy chủ Kafka vừa khởi động trống.")
        console.print(addresses(stack))
        console.print("Ctrl-C để dừng.")
        await stop.wait()
        console.print("[bold]Đang dừng …[/bold]")
    finally:
        await stack.stop()
