"""What the import of an old register did, for a person at a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.intake.register import RegisterReport

MOST_SHOWN = 50
_WORDS = {"refused": "[red]từ chối[/red]", "doubtful": "[yellow]cần xem lại[/yellow]"}


def show_register(console: Console, report: RegisterReport) -> None:
    """The rows that somebody should look at, then what became of all."""
    shown = [row for row in report.rows if row.became in _WORDS]
    if shown:
        table = Table()
        for column in ("Trang tính", "Dòng", "Mã hồ sơ", "Kết quả", "Vì sao"):
            table.add_column(column, justify="right" if column == "Dòng" else "left")
        for row in shown[:MOST_SHOWN]:
            why = escape(f"{row.slug}: {row.reason}")
            table.add_row(escape(row.sheet), str(row.line), escape(row.code), _WORDS[row.became], why)
        console.print(table)
    if len(shown) > MOST_SHOWN:
        console.print(f"… và {len(shown) - MOST_SHOWN} dòng nữa; --report ghi tất cả ra tệp CSV.")
    registered = "Sẽ nhập" if report.dry_run else "Đã nhập"
    console.print(
        f"{registered} {report.count('registered')} hồ sơ, đã có {report.count('repeated')}, "
        f"từ chối {report.count('refused')}, cần xem lại {report.count('doubtful')}."
    )
    if report.dry_run:
        console.print("Chưa lưu gì (chạy thử).")
