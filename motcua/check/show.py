"""The report for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from motcua.check.findings import KINDS, SHOWN, Mode, Report
from services.kit.clock import VIETNAM

KIND_WORDS = {
    "lost": "mất",
    "duplicated": "trùng",
    "orphan": "mồ côi",
    "out_of_order": "sai thứ tự",
    "stuck": "kẹt",
    "statistics": "thống kê lệch",
}
MODE_WORDS: Mapping[Mode, str] = {"full": "toàn bộ", "incremental": "phần mới"}


def show(out: Console, report: Report) -> None:
    """Print the verdict as a table, then what was found."""
    _show(out, report.as_dict(), len(report.findings))


def show_last(out: Console, verdict: Mapping[str, Any]) -> None:
    """Print a verdict that was kept."""
    at, seconds = verdict["at"].astimezone(VIETNAM), verdict["seconds"]
    out.print(f"Kiểm tra {MODE_WORDS[verdict['mode']]} lúc {at:%d/%m/%Y %H:%M:%S}, hết {seconds:.1f} giây.")
    _show(out, verdict, verdict["found"])


def _show(out: Console, verdict: Mapping[str, Any], found: int) -> None:
    table = Table(title="Đối chiếu", title_justify="left")
    table.add_column("Loại")
    table.add_column("Số", justify="right")
    for kind in KINDS:
        number = verdict["counts"][kind]
        table.add_row(f"{KIND_WORDS[kind]} ({kind})", f"[{'green' if not number else 'red'}]{number}[/]")
    out.print(table)
    out.print("Đã so: " + ", ".join(f"{name} {number:,}" for name, number in verdict["seen"].items()))
    for note in verdict["notes"]:
        out.print(f"[yellow]{escape(note)}[/yellow]")
    shown: Sequence[Mapping[str, Any]] = verdict["findings"][:SHOWN]
    for one in shown:
        said = escape(f"{one['rule']} {one['subject']} {one['detail']}")
        out.print(f"[red]{one['kind']}[/red] {said}")
    if found > len(shown):
        out.print(f"… và {found - len(shown)} mục nữa (--json để xem hết)")
