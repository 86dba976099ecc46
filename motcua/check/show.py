"""The report for people."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from motcua.check.findings import KINDS, SHOWN, Report


def show(out: Console, report: Report) -> None:
    """Print the verdict as a table, then what was found."""
    table = Table(title="Đối chiếu", title_justify="left")
    table.add_column("Loại")
    table.add_column("Số", justify="right")
    words = {"lost": "mất", "duplicated": "trùng", "orphan": "mồ côi", "out_of_order": "sai thứ tự",
             "stuck": "kẹt", "statistics": "thống kê lệch"}  # fmt: skip
    for kind in KINDS:
        number = report.count(kind)
        table.add_row(f"{words[kind]} ({kind})", f"[{'green' if not number else 'red'}]{number}[/]")
    out.print(table)
    out.print("Đã so: " + ", ".join(f"{name} {number:,}" for name, number in report.seen.items()))
    for note in report.notes:
        out.print(f"[yellow]{escape(note)}[/yellow]")
    for finding in report.findings[:SHOWN]:
        said = escape(f"{finding.rule} {finding.subject} {finding.detail}")
        out.print(f"[red]{finding.kind}[/red] {said}")
    if len(report.findings) > SHOWN:
        out.print(f"… và {len(report.findings) - SHOWN} mục nữa (--json để xem hết)")
